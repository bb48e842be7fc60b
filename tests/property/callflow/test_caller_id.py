"""From headers made of anything."""

import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from callflow.caller_id import CallerId, CallerKind, parse_from_header
from callflow.sip_address import split_addresses

PIECES = st.sampled_from(
    ['"', "<", ">", "\\", ";", ":", "@", ",", "%", "%0d%0a", "%00", "%40", "%D9%A1", "sip:", "sips:", "tel:",
     "112", "101", "89001112233", "+7", "anonymous", "unknown", "h", ";tag=1", ";x=1", " ", "\t", "\r\n",
     "\x00", "\ufffd", "\u202e",
     "\u200b", "\ud800", "Анна", "é" * 30, "٠١٢", "?", "&", "0"]
)  # fmt: skip
HEADERS = st.text() | st.lists(PIECES, max_size=15).map("".join)


def parse(raw: str, asserted: str | None = None, own: tuple[str, ...] = ("101", "+74924820001")) -> CallerId:
    return parse_from_header(raw, asserted=asserted, own_numbers=own, area_code="49248")


def assert_fit_for_a_screen(caller: CallerId) -> None:
    assert caller.number is None or re.fullmatch(r"\+?[0-9]{1,15}", caller.number)
    assert len(caller.name) <= 80
    assert not [
        character for character in caller.name if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]
    assert (caller.kind is CallerKind.HIDDEN) == (caller.note == "номер скрыт")
    assert caller.kind in (CallerKind.NUMBER, CallerKind.HIDDEN) or caller.note
    assert caller.kind not in (CallerKind.NUMBER, CallerKind.OWN) or caller.number
    assert caller.kind is not CallerKind.HIDDEN or caller.number is None


@given(HEADERS, st.none() | HEADERS, st.lists(st.text(max_size=12), max_size=3))
@example("<sip:" + "%41" * 5000 + "@h>", '"' * 9999, [])
def test_any_header_gives_a_caller_fit_for_a_screen(raw: str, asserted: str | None, own: list[str]) -> None:
    assert_fit_for_a_screen(parse_from_header(raw, asserted=asserted, own_numbers=own, area_code="49248"))


HARMLESS_CHARACTER = st.characters(exclude_characters='"\\', exclude_categories=["Cc"])
HARMLESS_PIECE = PIECES.filter(lambda piece: not set(piece) & set('"\\\t\r\n\x00'))


@given(st.lists(HARMLESS_CHARACTER | HARMLESS_PIECE, max_size=20).map("".join))
def test_no_display_name_can_change_the_number(name: str) -> None:
    caller = parse(f'"{name}" <sip:+79001112233@h>;tag=1')
    assert (caller.kind, caller.number) == (CallerKind.NUMBER, "+79001112233")


@given(st.text(alphabet=st.characters(exclude_categories=["Cc"])))
def test_a_quoted_name_survives_its_escapes(name: str) -> None:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    assert parse(f'"{escaped}" <sip:+79001112233@h>').number == "+79001112233"


@given(HEADERS, st.sampled_from(["112", "101", "+74924820001"]))
def test_nothing_that_a_stranger_adds_makes_our_own_number_an_ordinary_one(junk: str, number: str) -> None:
    for raw in (
        f"<sip:{number}@{junk}>",
        f"{junk}<sip:{number}@h>",
        f"<sip:{number}@h>{junk}",
        f"<sip:{number};{junk}@h>",
    ):
        caller = parse(raw)
        assert caller.kind is not CallerKind.NUMBER or caller.number not in (number, f"+7{number}")


@given(HEADERS)
def test_a_list_of_addresses_is_split_without_losing_a_character_but_commas(raw: str) -> None:
    parts = split_addresses(raw)
    assert all(part.strip() for part in parts)
    assert "".join("".join(parts).split()).replace(",", "") == "".join(raw.split()).replace(",", "")
