"""Numbers as people of a small Russian town write them (reliability.md B33–B39, domain.md §3.1, §10.6)."""

import pytest

from callflow.phone import PhoneNumber, normalise, refusal, split_extension, split_numbers


def e164(text: str, area_code: str | None = None) -> str | None:
    number = normalise(text, area_code)
    return number.e164 if number else None


@pytest.mark.parametrize(
    "text",
    [
        "(8991)0970168",
        "8 (991) 097-01-68",
        "+7-991-0970168",
        "9910970168",
        "79910970168",
        "  8\xa0991\u2011097\u201101\u201168 ",
        "８９９１０９７０１６８",
        "\u202a+7 991 097-01-68\u202c",
        "8.991.097.01.68",
        "(+7) 991 097 01 68",
        "7.9910970168E+10",
        "7,9910970168e+10",
        "79910970168.0",
        "9.910970168E+9",
        "8 991 097-01-68 доб. 12",
    ],
)
def test_every_spelling_of_one_number_is_that_number(text: str) -> None:
    assert e164(text) == "+79910970168"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-", "+", "112", "101", "8-10-44-20-7123-4567", "+1 202 555 0100", "+77012345678", "87012345678",
        "8900123456", "890012345678", "+8 900 123 45 67", "++79001234567", "8900123+4567", "восемь", "8 900 abc-45-67",
        "٠١٢٣٤٥٦٧٨٩", "100&PJSIP/200", "Local/1@ctx", "x/sip:810@h", "1,30,g", "1)", "8900123\n4567", "8900\x001234567",
        "8 900 123-45-67, 8 901 123-45-67", "2-15-34", "7.99E+10", "7.991097017E+10",
        "9.910970168E+10", "²9001234567", "8" * 5000,
    ],
)  # fmt: skip
def test_what_is_not_exactly_one_russian_number_is_none(text: str) -> None:
    assert normalise(text) is None


def test_a_local_number_takes_the_code_of_the_district() -> None:
    assert e164("2-15-34", "47367") == "+74736721534"
    assert e164("2-12-34", "49248") == "+74924821234"
    assert e164("0-01-01", "49248") == "+74924800101"
    assert e164("12-34-56", "4922") == "+74922123456"
    assert e164("112", "49248") is None
    assert e164("12-34-56", "49248") is None
    assert e164("8 907 000-01-01", "49248") == "+79070000101"


def test_ten_digits_beginning_with_8_are_read_only_as_a_free_number() -> None:
    assert e164("800 200 01 22") == "+78002000122"
    assert e164("8112123456") is None


@pytest.mark.parametrize(
    ("text", "extension"),
    [
        ("+7 (495) 123-45-67 доб. 12", "12"),
        ("+7 (495) 123-45-67, доб.12", "12"),
        ("+7 (495) 123-45-67 (доб. 12)", "12"),
        ("+7 (495) 123-45-67 ext 12", "12"),
        ("+7 (495) 123-45-67 ext. 12", "12"),
        ("+7 (495) 123-45-67#12", "12"),
        ("+7 (495) 123-45-67 вн. 12", "12"),
        ("+7 (495) 123-45-67", None),
    ],
)
def test_an_extension_is_kept_apart_and_never_dialled_as_digits(text: str, extension: str | None) -> None:
    rest, found = split_extension(text)
    assert found == extension
    assert rest.rstrip() == "+7 (495) 123-45-67"
    assert e164(text) == "+74951234567"


@pytest.mark.parametrize(
    "cell",
    [
        "89001234567, 89012345678",
        "89001234567/89012345678",
        "8 900 123-45-67; +7 901 234-56-78",
        "89001234567 89012345678",
        "8 900 123-45-67\n8 901 234-56-78",
        "моб. 8 900 123-45-67 мама, 8 901 234 56 78 папа",
        "8 900 123-45-67 и 8 901 234-56-78, 8(900)1234567",
    ],
)
def test_two_numbers_in_one_cell_are_two_numbers_each_once(cell: str) -> None:
    assert [number.e164 for number in split_numbers(cell)] == ["+79001234567", "+79012345678"]


def test_a_cell_may_hold_local_numbers_and_rubbish_too() -> None:
    assert [number.e164 for number in split_numbers("дом. нет, 2-12-34, 8 495 123-45-67, доб. 12", "49248")] == [
        "+74924821234",
        "+74951234567",
    ]
    assert split_numbers("100&PJSIP/200 12/10/2024") == []


def test_a_number_is_shown_as_russians_write_it() -> None:
    town = PhoneNumber("+74924821234")
    assert PhoneNumber("+79070000101").display == "+7 907 000-01-01"
    assert town.formatted(["49248", "492"]) == "8 (49248) 2-12-34"
    assert town.formatted(["47367"]) == "+7 492 482-12-34"
    assert PhoneNumber("+74951234567").formatted(["495"]) == "8 (495) 123-45-67"
    assert PhoneNumber("+74922123456").formatted({"4922"}) == "8 (4922) 12-34-56"
    assert PhoneNumber("+79070000101").formatted(["907"]) == "+7 907 000-01-01"


def test_a_masked_number_can_be_recognised_but_not_dialled() -> None:
    assert PhoneNumber("+79070000101").masked == "+7 907 •••-••-01"


def test_a_number_never_reaches_a_log_by_its_repr() -> None:
    number = PhoneNumber("+79071112233")
    assert "1112233" not in f"{number!r} {number} {[number]}"


@pytest.mark.parametrize(
    "text", ["89070000101", "+77012345678", "+7907000010", "+790700001011", "+79070000101\n", "+7907000010１"]
)
def test_a_number_that_is_not_russian_e164_cannot_exist(text: str) -> None:
    with pytest.raises(ValueError, match=r"E\.164"):
        PhoneNumber(text)


OWN_DIDS = ["8 (49248) 2-00-01", "+74736720002"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("112", "экстренные"),
        ("103", "экстренные"),
        ("8-10-44-20-7123-4567", "Международный"),
        ("+1 202 555 0100", "Международный"),
        ("+77012345678", "Казахстана"),
        ("87012345678", "Казахстана"),
        ("+78091234567", "Платный"),
        ("8 803 123-45-67", "Платный"),
        ("8900123456", "11 цифр"),
        ("890012345678", "11 цифр"),
        ("89001234567x", "лишние знаки"),
        ("100&PJSIP/200", "лишние знаки"),
        ("Local/1@ctx", "лишние знаки"),
        ("x/sip:810441234567@h", "лишние знаки"),
        ("1,30,g", "лишние знаки"),
        ("٠١٢", "лишние знаки"),
        ("", "лишние знаки"),
        ("+71234567890", "проверьте код"),
        ("84924820001", "самой службы"),
        ("+7 47367 2-00-02", "самой службы"),
        ("+79070000101", "учебный номер"),
        ("8 (49248) 0-01-01", "учебный номер"),
        ("8 (47367) 0-01-01", "учебный номер"),
    ],
)
def test_live_mode_refuses_with_a_reason(text: str, words: str) -> None:
    assert words in (refusal(text, mode="live", own_dids=OWN_DIDS) or "")


@pytest.mark.parametrize("text", ["+79910970168", "8 800 200-01-22", "8 (49248) 2-12-34"])
def test_live_mode_lets_a_real_russian_number_through_and_demo_mode_never_does(text: str) -> None:
    assert refusal(text, mode="live", own_dids=OWN_DIDS) is None
    assert "Учебный режим" in (refusal(text, mode="demo", own_dids=OWN_DIDS) or "")


@pytest.mark.parametrize("number", ["+79070000101", "+74924800101", "+74736700101"])
def test_demo_mode_calls_only_the_invented_town(number: str) -> None:
    assert refusal(PhoneNumber(number), mode="demo", own_dids=OWN_DIDS) is None
    assert refusal(PhoneNumber(number), mode="live", own_dids=OWN_DIDS)
    assert refusal(PhoneNumber(number), mode="demo", own_dids=[number])
