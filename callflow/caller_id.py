"""Who presents himself as the caller: the raw SIP From header of a stranger, read by hand.

Called by the lookup leg. The exchange's own caller id cannot be used: line breaks in the user part reach the AMI as
forged events, and cutting the header at ``:`` or ``@`` lets ``"a:112@b" <sip:8900…>`` pass as 112 (reliability.md M7,
M8). The grammar is RFC 3261 §20.10 and §25.1 (``callflow.sip_address``); what is not in the grammar is shown as
suspicious instead of being guessed at.

A caller id is a claim. Nothing here proves who speaks: see ``callflow.identity``.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from callflow.phone import EMERGENCY_NUMBERS, normalise
from callflow.sip_address import SipAddress, parse_address, split_addresses
from callflow.text import clean_line

HIDDEN_NOTE = "номер скрыт"
SUSPICIOUS_NOTE = "номер подозрителен"
SPOOFED_NOTE = "возможна подмена"
UNREADABLE_NAME_NOTE = "имя не распознано"

_HIDDEN_WORDS = frozenset(
    [
        "",
        "anonymous",
        "unknown",
        "restricted",
        "unavailable",
        "private",
        "withheld",
        "blocked",
        "none",
        "номер скрыт",
        "аноним",
    ]
)

_PRESENTED_NUMBER = re.compile(r"\+?[0-9]{1,15}")


class CallerKind(StrEnum):
    """OWN: one of our DIDs or extensions, or an emergency number, comes in from outside, which cannot be true."""

    NUMBER = "number"
    HIDDEN = "hidden"
    SUSPICIOUS = "suspicious"
    OWN = "own"


@dataclass(frozen=True)
class CallerId:
    """``number``: E.164 where it is a Russian number, else at most 15 digits as presented; ``name``: cleaned, at most
    80 characters; ``note``: what the dispatcher reads beside it. Number and name stay out of ``repr``, so out of logs
    and tracebacks."""

    kind: CallerKind
    number: str | None = field(default=None, repr=False)
    name: str = field(default="", repr=False)
    note: str = ""


def parse_from_header(
    raw: str, *, asserted: str | None, own_numbers: Collection[str], area_code: str | None
) -> CallerId:
    """Read the complete From header, already URI-decoded once. Never raises.

    ``asserted`` is the raw P-Asserted-Identity (RFC 3325), what the operator's network itself believes; a number
    there that differs marks a spoofed call, but never uncovers a caller who hides his. ``own_numbers``: DIDs and
    extensions in any spelling.
    """
    address = parse_address(raw)
    number = _number(address, area_code)
    kind, note = _judged(address, number, own_numbers, area_code)
    if kind in (CallerKind.NUMBER, CallerKind.SUSPICIOUS) and _contradicts(asserted, number, area_code):
        kind, note = CallerKind.SUSPICIOUS, SPOOFED_NOTE
    name, is_readable = _name(address.display_name, number, area_code)
    return CallerId(kind, number, name, note or ("" if is_readable else UNREADABLE_NAME_NOTE))


def _judged(
    address: SipAddress, number: str | None, own_numbers: Collection[str], area_code: str | None
) -> tuple[CallerKind, str]:
    if number is None:
        is_hidden = address.user.strip().casefold() in _HIDDEN_WORDS or _is_all_zeros(address.user)
        if is_hidden and not address.is_odd:
            return CallerKind.HIDDEN, HIDDEN_NOTE
        return CallerKind.SUSPICIOUS, SUSPICIOUS_NOTE
    if _is_ours(number, own_numbers, area_code) or number.lstrip("+") in EMERGENCY_NUMBERS:
        return CallerKind.OWN, SPOOFED_NOTE
    if address.is_odd:
        return CallerKind.SUSPICIOUS, SUSPICIOUS_NOTE
    return CallerKind.NUMBER, ""


def _number(address: SipAddress, area_code: str | None) -> str | None:
    """The user part as a number. RFC 3966 visual separators are dropped; whatever else is no digit makes it no
    number."""
    presented = re.sub(r"[-.()]", "", address.user)
    if not _PRESENTED_NUMBER.fullmatch(presented) or _is_all_zeros(presented):
        return None
    russian = normalise(presented, area_code)
    return russian.e164 if russian else presented


def _is_all_zeros(text: str) -> bool:
    """Some networks present a withheld number as «0» or «0000000000»."""
    return bool(text) and set(text) <= set("+0")


def _is_ours(number: str, own_numbers: Collection[str], area_code: str | None) -> bool:
    def spellings(text: str) -> set[str]:
        russian = normalise(text, area_code)
        return {text.lstrip("+"), russian.e164 if russian else text}

    return any(spellings(number) & spellings(own) for own in own_numbers)


def _contradicts(asserted: str | None, number: str | None, area_code: str | None) -> bool:
    """The network names numbers, and the presented one is not among them. No number named: nothing to compare with."""
    named = {_number(parse_address(part), area_code) for part in split_addresses(asserted or "")} - {None}
    return bool(named) and number is not None and number not in named


def _name(display_name: str, number: str | None, area_code: str | None) -> tuple[str, bool]:
    """(the cleaned name, whether it could be read). A name that only repeats the number or says «anonymous» is no
    name."""
    name = clean_line(display_name, 80)
    if "\ufffd" in name:  # broken bytes, such as a name in cp1251 (B29)
        has_letters = any(character.isalpha() for character in name)
        return (name if has_letters else ""), False
    same_number = normalise(name, area_code) if number else None
    if name.casefold() in _HIDDEN_WORDS or name == number or (same_number is not None and same_number.e164 == number):
        return "", True
    return name, True
