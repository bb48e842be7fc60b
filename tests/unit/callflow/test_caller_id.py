"""From headers of honest callers, withheld numbers and forgers (reliability.md B25–B32, M7, M8)."""

import pytest

from callflow.caller_id import CallerId, CallerKind, parse_from_header

FAMILY = "+79001112233"


def parse(raw: str, asserted: str | None = None) -> CallerId:
    own = ["8 (49248) 2-00-01", "+74736720002", "101", "2000"]
    return parse_from_header(raw, asserted=asserted, own_numbers=own, area_code="49248")


@pytest.mark.parametrize(
    "raw",
    [
        "<sip:89001112233@h>",
        "<sip:+79001112233@10.0.0.1:5060;transport=udp>;tag=abc",
        "sip:79001112233@h;tag=1",
        "sip:79001112233@h",
        "<sips:9001112233@h?Subject=x>;tag=1",
        "<SIP:%2B79001112233@h> ; tag=1",
        "<tel:+79001112233>;tag=1",
        "<tel:+7(900)111-22-33;phone-context=+7>",
        "tel:+7-900-111-22-33",
        "<sip:+79001112233;phone-context=ims.example@h;user=phone>",
        "<sip:+79001112233:secret@h>",
        '"a:112@b" <sip:89001112233@h>',
        '"a<sip:112@b>" <sip:89001112233@h>;tag=x',
        r'"a\" <sip:112@b> \\" <sip:89001112233@h>',
        '"89001112233" <sip:89001112233@h>',
        "Pekka <sip:89001112233@h>",
    ],
)
def test_every_grammatical_form_gives_the_user_part_of_the_uri(raw: str) -> None:
    caller = parse(raw)
    assert (caller.kind, caller.number, caller.note) == (CallerKind.NUMBER, FAMILY, "")


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("sip:%0d%0aEvent:%20UserEvent@h", None),
        ("<sip:89001112233%0d%0aEvent@h>", None),
        ("<sip:1%00@h>", None),
        ("<sip:89001112233\r\nEvent: UserEvent@h>", None),
        ("<sip:" + "1" * 200 + "@h>", None),
        ("<sip:1234567890123456@h>", None),
        ("<sip:89001112233;x=1@h>", FAMILY),
        ("sip:+79001112233;x=1@h", FAMILY),
        ("<sip:112@b@h>", None),
        ("<sip:alice@h>", None),
        ("<mailto:89001112233@h>", None),
        ("<sip:89001112233@h", None),
        ('"open <sip:89001112233@h>', None),
        ('"name" sip:89001112233@h', None),
        ("sip:112@a <sip:89001112233@h>", FAMILY),
        ("<sip:89001112233@h> <sip:112@b>", FAMILY),
        ("<sip:89001112233@h>, <sip:112@b>", FAMILY),
        ("<sip:%D9%A0%D9%A1@h>", None),
        ("<sip:8900111%2@h>", None),
        ("<sip:%C0%B1@h>", None),
        ("<sip:89001112233>", None),
        ("<89001112233>", FAMILY),
        ("<sip:89001112233@h>\x00", FAMILY),
        ("${SHELL(id)}", None),
        ("' OR 1=1--", None),
    ],
)
def test_what_leaves_the_grammar_is_suspicious_and_never_another_number(raw: str, number: str | None) -> None:
    caller = parse(raw)
    assert (caller.kind, caller.number, caller.note) == (CallerKind.SUSPICIOUS, number, "номер подозрителен")


@pytest.mark.parametrize(
    "raw",
    [
        "", "  ", "anonymous", "unknown", "<unknown>", "Restricted",
        '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
        "<sip:anonymous.invalid>", "<sip:@h>", "<sip:UNAVAILABLE@h>", "<sip:0@h>", '"Private" <sip:0000000000@h>',
    ],
)  # fmt: skip
def test_a_withheld_number_is_hidden_and_belongs_to_nobody(raw: str) -> None:
    assert parse(raw) == CallerId(CallerKind.HIDDEN, None, "", "номер скрыт")


@pytest.mark.parametrize(
    ("user", "number"),
    [
        ("84924820001", "+74924820001"),
        ("20001", "+74924820001"),
        ("+74736720002", "+74736720002"),
        ("101", "101"),
        ("+101", "+101"),
        ("2000", "2000"),
        ("112", "112"),
        ("+112", "+112"),
        ("103", "103"),
        ("02", "02"),
    ],
)
def test_our_own_or_an_emergency_number_from_outside_is_a_likely_forgery(user: str, number: str) -> None:
    caller = parse(f'"МЧС" <sip:{user}@h>')
    assert (caller.kind, caller.number, caller.note) == (CallerKind.OWN, number, "возможна подмена")


def test_a_number_that_the_network_contradicts_is_a_likely_forgery() -> None:
    caller = parse("<sip:89001112233@h>", "<sip:+79990000000@trunk>")
    assert (caller.kind, caller.number, caller.note) == (CallerKind.SUSPICIOUS, FAMILY, "возможна подмена")


@pytest.mark.parametrize(
    "asserted",
    [
        None,
        "",
        "<sip:+79001112233@trunk>",
        '"Дом, 1" <sip:ims-user@t>, <tel:+79001112233>',
        "<sip:ims-user@t>",
        "<<,\x00",
    ],
)
def test_a_network_that_agrees_or_names_no_number_changes_nothing(asserted: str | None) -> None:
    assert parse("<sip:89001112233@h>", asserted).kind is CallerKind.NUMBER


def test_our_own_number_from_outside_stays_that_whatever_the_network_says() -> None:
    assert parse("<sip:112@h>", "<sip:+79001112233@trunk>").kind is CallerKind.OWN


def test_the_network_never_uncovers_a_caller_who_hides_his_number() -> None:
    caller = parse("<sip:anonymous@anonymous.invalid>", "<sip:+79001112233@trunk>")
    assert (caller.kind, caller.number) == (CallerKind.HIDDEN, None)


def test_numbers_that_are_not_russian_stay_as_presented() -> None:
    assert parse("<sip:+442071234567@h>").number == "+442071234567"
    assert parse("<sip:900@h>").number == "900"
    assert parse("<sip:21534@h>").number == "+74924821534"


@pytest.mark.parametrize(
    ("display", "name"),
    [
        ('"Анна Кузнецова"', "Анна Кузнецова"),
        (r'"Ан\"на\\"', 'Ан"на\\'),
        ("Anna  Maria ", "Anna Maria"),
        ('"<script>alert(1)</script>"', "<script>alert(1)</script>"),
        ('"{{7*7}} ${SHELL(id)} %s%n"', "{{7*7}} ${SHELL(id)} %s%n"),
        ('"\u202eанна\u200b"', "анна"),
        ('"' + "я" * 300 + '"', "я" * 80),
        ('"Anonymous"', ""),
        ('"8 900 111-22-33"', ""),
        ('"112"', "112"),
        ("", ""),
    ],
)
def test_the_name_is_shown_as_text_and_nothing_else(display: str, name: str) -> None:
    caller = parse(f"{display} <sip:89001112233@h>")
    assert (caller.name, caller.number, caller.kind) == (name, FAMILY, CallerKind.NUMBER)


def test_a_name_in_broken_bytes_leaves_the_number_and_says_so() -> None:
    broken = parse('"' + "\ufffd" * 7 + '" <sip:89001112233@h>')
    assert (broken.number, broken.name, broken.note) == (FAMILY, "", "имя не распознано")
    assert parse('"Ив\ufffdнова" <sip:89001112233@h>').name == "Ив\ufffdнова"


def test_number_and_name_stay_out_of_repr() -> None:
    text = repr(parse('"Анна" <sip:89001112233@h>'))
    assert "Анна" not in text
    assert "111" not in text
