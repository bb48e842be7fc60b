"""Composing what the exchange is told for a transfer. The dialplan (`sd-transfer`) does the rest, and goes on by itself
when we are dead.

Nothing of a page gets here as text: channels are those that the exchange has just named, places are these, values are
extensions, checked numbers and row ids. So no order can lead a channel into another dialplan (reliability.md M16).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telephony.snapshot import ChannelNow
from telephony.variables import OTHER_HALF, SD_TRANSFER, SHARED_NOTES
from telephony.wire import UnsafeValue

Action = list[tuple[str, str]]

_CHANNEL = re.compile(
    r"PJSIP/[0-9A-Za-z_-]{1,64}-[0-9a-f]{8,}|Local/\d{2,6}@sd-outgoing-[0-9a-f]{8,};2|Local/go@sd-dial-[0-9a-f]{8,};1"
)
_ROBOTS = re.compile(r"Local/go@sd-dial-[0-9a-f]{8,};2")
_VALUE = re.compile(r"[0-9A-Za-z_+/-]{0,80}")
_PLACES = frozenset({"blind", "hold", "consult", "join", "partner"})
_TRUNK = re.compile(r"PJSIP/trunk[^/]*-[0-9a-f]{8,}")
_HANGUP_CAUSES = frozenset({16, 17})


def compose_note(caller: str, name: str, value: str) -> Action:
    """Leave a word on the caller's channel, where every step of the dialplan looks. Raises UnsafeValue."""
    variable = f"SHARED({name})"
    if variable not in SHARED_NOTES or not _VALUE.fullmatch(value):
        raise UnsafeValue("a note of a transfer")
    return [
        ("Action", "Setvar"),
        ("Channel", checked_channel(caller)),
        ("Variable", variable),
        ("Value", value),
    ]


def compose_redirect(channel: str, place: str) -> Action:
    """Lead one channel to `place` of the dialplan. Raises UnsafeValue."""
    return [("Action", "Redirect"), ("Channel", checked_channel(channel)), *_to("", place)]


def compose_consult(caller: str, operator: str) -> Action:
    """Part the two who talk: the caller waits, the operator asks the specialist. Raises UnsafeValue."""
    both = [("Channel", checked_channel(caller)), ("ExtraChannel", checked_channel(operator))]
    return [("Action", "Redirect"), *both, *_to("", "hold"), *_to("Extra", "consult")]


def compose_hangup(channel: str, cause: int = 16) -> Action:
    """End one channel, as a person who hangs up (16) or declines (17). Raises UnsafeValue."""
    if cause not in _HANGUP_CAUSES:
        raise UnsafeValue("cause")
    return [("Action", "Hangup"), ("Channel", checked_channel(channel)), ("Cause", str(cause))]


@dataclass(frozen=True, slots=True)
class Parties:
    """Who is in the call now: the channels' names of this moment. '' or empty: not there."""

    caller: str
    operator: str
    specialist: tuple[str, ...]
    dialling: str
    """Of operator and specialist, the one who called the other: by it the two can be led on together."""


def parties(channels: Iterable[ChannelNow], call: str, operator: str, specialist: str) -> Parties:
    """Read the exchange's list. `call` is the Linkedid, `operator` her extension, `specialist` an extension, or '' for
    one who was called in town."""
    rows = [row for row in channels if row.linkedid == call]
    own = next((row for row in rows if row.uniqueid == call), None)
    # Whom an operator has called is in a bridge with the call's own channel; its other half stands for him. Of whom the
    # robot has called it is the other way round: its own channel came to the operators.
    half = next((row for row in rows if row.uniqueid == f"{call}{OTHER_HALF}"), None)
    by_operator = half is not None and not _ROBOTS.fullmatch(half.channel)
    standing, behind = (half, own) if by_operator else (own, half)
    caller = standing.channel if standing else ""
    family = behind.bridge if behind else ""
    rows = [row for row in rows if not (family and row.bridge == family)]
    ours = [row for row in rows if _is_phone(row, operator)]
    others = [row for row in rows if row.channel != caller and _is_other(row, specialist) and row not in ours]
    up = [row for row in ours if row.state == "Up"]
    dialling = next((row.channel for row in (*up, *others) if row.application == "Dial"), "")
    return Parties(caller, up[-1].channel if up else "", tuple(row.channel for row in others), dialling)


def _is_other(row: ChannelNow, specialist: str) -> bool:
    return _is_phone(row, specialist) if specialist else _TRUNK.fullmatch(row.channel) is not None


def _is_phone(row: ChannelNow, extension: str) -> bool:
    return bool(extension) and row.channel.rpartition("-")[0] in (f"PJSIP/{extension}", f"PJSIP/{extension}-web")


def _to(prefix: str, place: str) -> Sequence[tuple[str, str]]:
    if place not in _PLACES:
        raise UnsafeValue("not a place of a transfer")
    return [(f"{prefix}Context", SD_TRANSFER), (f"{prefix}Exten", place), (f"{prefix}Priority", "1")]


def checked_channel(name: str) -> str:
    """The name of a channel that may be told something. Raises UnsafeValue."""
    if not _CHANNEL.fullmatch(name):
        raise UnsafeValue("channel")
    return name
