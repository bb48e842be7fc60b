"""Numbers: any text in, one Russian number or None out."""

import re

from hypothesis import given
from hypothesis import strategies as st

from callflow.phone import RUSSIAN_NUMBER, PhoneNumber, normalise, refusal, split_extension, split_numbers

NUMBERS = st.from_regex(r"\+7[3489][0-9]{9}", fullmatch=True).map(PhoneNumber)
PHONISH = st.text(alphabet="0123456789+-() .,;/#доб\u2011\xa0８extE&@\n\x00", max_size=40)
TEXTS = st.text() | PHONISH
AREA_CODES = st.none() | st.sampled_from(["49248", "47367", "4922", "495", "", "x"]) | st.text(max_size=6)
SEPARATORS = st.sampled_from(["", " ", "-", "\u2011", "\xa0", ".", " - ", "–"])


@given(TEXTS, AREA_CODES)
def test_any_text_gives_a_russian_number_or_none(text: str, area_code: str | None) -> None:
    number = normalise(text, area_code)
    assert number is None or RUSSIAN_NUMBER.fullmatch(number.e164)
    assert all(RUSSIAN_NUMBER.fullmatch(found.e164) for found in split_numbers(text, area_code))
    rest, extension = split_extension(text)
    assert text.startswith(rest)
    assert extension is None or re.fullmatch("[0-9]{1,7}", extension)


@given(TEXTS, AREA_CODES)
def test_normalising_twice_is_normalising_once(text: str, area_code: str | None) -> None:
    number = normalise(text, area_code)
    if number is not None:
        assert normalise(number.e164, area_code) == normalise(number.e164) == number


@given(NUMBERS, st.lists(SEPARATORS, min_size=9, max_size=9), st.sampled_from(["8", "7", "+7", "(8", "+7 ("]))
def test_every_prefix_and_punctuation_agree(number: PhoneNumber, between: list[str], prefix: str) -> None:
    digits = number.e164[2:]
    written = prefix + "".join(digit + separator for digit, separator in zip(digits, [*between, ""], strict=True))
    assert normalise(written) == number


@given(NUMBERS, st.lists(st.from_regex(r"[3489][0-9]{2,4}", fullmatch=True), max_size=5))
def test_what_is_shown_reads_back_as_the_same_number(number: PhoneNumber, area_codes: list[str]) -> None:
    own_codes = [number.e164[2 : 2 + length] for length in (3, 4, 5)]
    for codes in (area_codes, own_codes, own_codes[:1], own_codes[1:2]):
        assert normalise(number.formatted(codes)) == number


@given(NUMBERS)
def test_a_masked_number_shows_six_digits_at_most(number: PhoneNumber) -> None:
    for text in (number.masked, repr(number), str(number)):
        assert sum(character.isdigit() for character in text) <= 6


@given(st.lists(NUMBERS, min_size=1, max_size=4, unique=True), st.sampled_from([", ", "; ", "/", "\n", " и ", " | "]))
def test_numbers_put_into_one_cell_come_out_again(numbers: list[PhoneNumber], between: str) -> None:
    assert split_numbers(between.join(number.formatted() for number in numbers)) == numbers


@given(TEXTS | NUMBERS.map(lambda number: number.e164), st.lists(NUMBERS.map(lambda number: number.e164), max_size=2))
def test_no_number_may_be_dialled_in_both_modes(text: str, own_dids: list[str]) -> None:
    live = refusal(text, mode="live", own_dids=own_dids)
    demo = refusal(text, mode="demo", own_dids=own_dids)
    assert live or demo
    number = normalise(text)
    if number is None or number.e164 in own_dids:
        assert live
        assert demo
    elif live is None:
        assert not number.e164.startswith(("+7907000", "+7492480", "+7473670", "+7809", "+7803"))
    elif demo is None:
        assert number.e164.startswith(("+7907000", "+7492480", "+7473670"))
