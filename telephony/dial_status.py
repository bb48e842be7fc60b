"""What the exchange says of the outbound engine's calls at this moment: how full it is, which orders live, what the
gate has noted, which life of the exchange this is. Asked before every order, and about every attempt that has gone
silent (reliability.md §3, steps 3 and 8).
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from telephony.dial_orders import ATTEMPT, compose_forget, compose_key, compose_notes, compose_switch_asked
from telephony.exchange_notes import read
from telephony.link import ActionRefused
from telephony.snapshot import Asker, ChannelNow, Snapshot, number, take_snapshot
from telephony.wire import Message

_TRUNK = re.compile(r"PJSIP/trunk[^/]*-[0-9a-f]{8,}")
_NOTE = re.compile(r"/sd/(att-[0-9a-f]{32})")
_DENIED = "denied-"
_ENDED = re.compile(r"[A-Z]{1,20}(-[0-9]{0,3}-[0-9]{0,3}(-rang)?)?")
"""As `callflow.dialler.wire.disposition_of` reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeLoad:
    """`inbound` and `outbound` calls on the trunk, `waiting` callers in queues, `attempts` whose channels live; `boot`
    tells one life of Asterisk from the next."""

    boot: str
    waiting: int
    inbound: int
    outbound: int
    attempts: frozenset[str]


def load_now(asker: Asker, timeout: float = 5.0) -> ExchangeLoad:
    """Three questions. Raises AmiError."""
    return load_of(take_snapshot(asker, timeout))


def load_of(snapshot: Snapshot) -> ExchangeLoad:
    """The same of a snapshot that was taken already. Pure."""
    trunk = [channel for channel in snapshot.channels if _TRUNK.fullmatch(channel.channel)]
    inbound = sum(channel.uniqueid == channel.linkedid for channel in trunk)
    return ExchangeLoad(
        boot=snapshot.boot,
        waiting=len(snapshot.waiting),
        inbound=inbound,
        outbound=len(trunk) - inbound,
        attempts=live_attempts(snapshot.channels),
    )


def live_attempts(channels: Iterable[ChannelNow]) -> frozenset[str]:
    """Attempts of which a channel lives: either half of the order's own, or the telephone that it called."""
    return frozenset(channel.linkedid for channel in channels if ATTEMPT.fullmatch(channel.linkedid))


@dataclass(frozen=True, slots=True)
class GateNote:
    """What the gate has written down of an order. `passed`: it let it through, so a telephone may have rung; `ended`:
    the last word about the call («BUSY-17-486»), "" before it."""

    passed: bool = False
    ended: str = ""


def gate_note(asker: Asker, attempt_id: str, timeout: float = 5.0) -> GateNote:
    """The gate's note. One that says «denied», or none, means that no telephone rang. Raises AmiError."""
    note = read(asker, compose_key(attempt_id), timeout)
    if note is None or note.startswith(_DENIED):
        return GateNote()
    ended = note.partition("-")[2]
    return GateNote(passed=True, ended=ended if _ENDED.fullmatch(ended) else "")


def stopped(asker: Asker, timeout: float = 5.0) -> bool:
    """Whether the red button is pressed at the exchange. Raises AmiError."""
    return read(asker, compose_switch_asked(), timeout) == "1"


def clock_skew(asker: Asker, timeout: float = 5.0) -> float:
    """Seconds by which the exchange's clock is ahead of ours, as far as the way there and back lets one say.

    Raises AmiError; ActionRefused where it does not tell the time.
    """
    before = time.time()
    answer = asker.send([("Action", "Ping")], timeout)
    after = time.time()
    try:
        theirs = float(answer.get("Timestamp"))
    except ValueError:
        raise ActionRefused("Ping without a time") from None
    return theirs - after if theirs > after else min(0.0, theirs - before)


def old_notes(asker: Asker, before: int, timeout: float = 10.0) -> list[str]:
    """Attempts whose note at the gate was written before this epoch. None where the exchange cannot list them (before
    20.1): they may stay, they only take room. Raises AmiError."""
    try:
        notes = asker.collect(compose_notes(), timeout)
    except ActionRefused:
        return []
    return [attempt for attempt, at in map(_dated, notes) if attempt and 0 < at < before]


def forget(asker: Asker, attempt_id: str, timeout: float = 5.0) -> None:
    """Delete one such note. Raises AmiError."""
    asker.send(compose_forget(attempt_id), timeout)


def _dated(message: Message) -> tuple[str, int]:
    named = _NOTE.fullmatch(message.get("Key"))
    at = message.get("Val").removeprefix(_DENIED).partition("-")[0]
    return (named[1] if named else "", number(at))
