"""Whatever is written, only Russian words come out, and the same words again."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from callflow.speech import speakable
from callflow.speech.dates import at_time, from_time, on_day, time_in_dative
from callflow.speech.numerals import LARGEST, cardinal, genitive, ordinal
from callflow.speech.speakable import SAID
from callflow.speech.templates import Unresolved, fill, variables_in

WRITTEN = st.text(st.sampled_from("абвгАБВГ ёЁ019ezEZ.,:;-–—/%№+«»\"'<>$(){}@\n\u0301\u00a0😀"), max_size=60) | st.text(
    max_size=40
)
FRAGMENTS = st.lists(
    st.sampled_from(
        ["26.11.2026", "14:30", "в", "с 8:00", "до", "руб.", "12", "3-й", "г.", "8 (991) 097-01-68", "ул. Мира", "1/2",
         "7,5", "%", "№", "II", "кв. 5А", "2026 г.", "9.30", "10 000", ".", ",", "info@a.ru"]
    ),
    max_size=8,
).map(" ".join)  # fmt: skip


@given(WRITTEN | FRAGMENTS)
def test_only_words_and_pauses_come_out(text: str) -> None:
    said = speakable(text)
    assert SAID.fullmatch(said)
    assert not any(letter.isdigit() or ("a" <= letter.lower() <= "z") for letter in said)
    assert "  " not in said
    assert said == said.strip()


@given(WRITTEN | FRAGMENTS)
def test_what_has_been_made_words_stays_as_it_is(text: str) -> None:
    once = speakable(text)
    assert speakable(once) == once


@given(st.integers(0, LARGEST))
def test_every_number_has_words(number: int) -> None:
    for words in (cardinal(number), cardinal(number, "f"), genitive(number)):
        assert speakable(words) == words
        assert words.strip()


@given(st.integers(1, 9999), st.sampled_from(["ый", "ого", "ому", "ая", "ое", "ом"]))
def test_every_ordinal_has_words(number: int, ending: str) -> None:
    words = ordinal(number, ending)
    assert speakable(words) == words


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.integers(0, 24 * 60 - 1))
def test_every_day_and_minute_has_words(day: date, minute: int) -> None:
    for words in (
        on_day(day),
        on_day(day, date(2026, 1, 1)),
        at_time(minute),
        from_time(minute),
        time_in_dative(minute),
    ):
        assert speakable(words) == words


@given(WRITTEN, st.dictionaries(st.sampled_from(["имя", "день"]), WRITTEN))
def test_no_brace_survives_a_filling(text: str, values: dict[str, str]) -> None:
    try:
        filled = fill(f"{text} {{имя}} {{день}}", values)
    except Unresolved:
        return
    assert not set("{}") & set(filled)
    assert variables_in(filled) == ()
