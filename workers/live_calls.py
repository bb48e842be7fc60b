"""What is going on in the exchange right now, as calls: a pure reading of its channel list.

After every login the listener compares this with the database (`crm.calls.reconcile`): events missed while the link
was down are never coming back (reliability.md M10, F33).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from callflow.call import CallState
from callflow.live import LiveCall
from callflow.outgoing import leg_of
from telephony.snapshot import ChannelNow, Snapshot
from telephony.variables import FROM_TRUNK, OTHER_HALF, SD_ROBOT

_PHONE = re.compile(r"^PJSIP/(?P<extension>\d{2,6})(?:-web)?-[0-9a-f]{8}$")
_OPERATOR_LEG = re.compile(r"^Local/(?P<extension>\d{2,6})@sd-operator-[0-9a-f]{8};1$")
_OUTGOING = re.compile(r"^Local/(?P<extension>\d{2,6})@sd-outgoing-[0-9a-f]{8};1$")
_CALLED_BY_ROBOT = re.compile(r"^Local/go@sd-dial-[0-9a-f]{8};1$")
_TRUNK = re.compile(r"^PJSIP/trunk[^/]*-[0-9a-f]{8}$")


def live_calls(snapshot: Snapshot) -> tuple[LiveCall, ...]:
    """Every call that has its own channel up (the trunk's, or that of our order), with who rings and who talks."""
    by_call: dict[str, list[ChannelNow]] = defaultdict(list)
    for channel in snapshot.channels:
        by_call[channel.linkedid].append(channel)
    found = (_one_call(linkedid, channels, snapshot) for linkedid, channels in by_call.items())
    return tuple(call for call in found if call is not None)


def _one_call(linkedid: str, channels: Iterable[ChannelNow], snapshot: Snapshot) -> LiveCall | None:
    rows = list(channels)
    ours = next((row for row in rows if row.uniqueid == linkedid and _OUTGOING.match(row.channel)), None)
    if ours is not None:
        return _call_of_ours(ours, rows, snapshot)
    caller = next((row for row in rows if row.uniqueid == linkedid and _is_caller(row)), None)
    if caller is None:
        return None
    talking = _talking_extension(caller, rows)
    ringing = () if talking is not None else _ringing(rows, _OPERATOR_LEG) or _ringing(rows, _PHONE)
    waiting_in = next((waiting.queue for waiting in snapshot.waiting if waiting.uniqueid == linkedid), None)
    state = CallState.ARRIVED
    if talking is not None:
        state = CallState.TALKING
    elif ringing:
        state = CallState.RINGING
    elif waiting_in is not None:
        state = CallState.WAITING
    return LiveCall(
        linkedid=linkedid,
        did=caller.exten if caller.context == FROM_TRUNK else None,
        since=snapshot.at - timedelta(seconds=caller.duration),
        state=state,
        ringing=ringing,
        talking=talking,
        queue=waiting_in,
    )


def _is_caller(row: ChannelNow) -> bool:
    """The trunk's channel; or whom the robot called, once he has left the dialogue for the operators."""
    if _CALLED_BY_ROBOT.match(row.channel):
        return row.state == "Up" and row.context not in (SD_ROBOT, "")
    return _TRUNK.match(row.channel) is not None


def _call_of_ours(channel: ChannelNow, rows: list[ChannelNow], snapshot: Snapshot) -> LiveCall:
    """A call that an operator asked for: its own channel is in a bridge with the number once that has answered.

    Its other half stands for the family: whoever is in a bridge with that talks with them, mostly she herself. Nobody
    is there: they wait with music, or in the queue.
    """
    matched = _OUTGOING.match(channel.channel)
    extension = matched["extension"] if matched else ""
    talking, state, queue = None, CallState.RINGING, None
    ringing: tuple[tuple[str, str], ...] = ((leg_of(channel.linkedid), extension),)
    if channel.bridge:
        family = next((row for row in rows if row.uniqueid == f"{channel.linkedid}{OTHER_HALF}"), channel)
        talking = _talking_extension(family, rows)
        queue = next((waiting.queue for waiting in snapshot.waiting if waiting.uniqueid == family.uniqueid), None)
        ringing = () if talking is not None else _ringing(rows, _OPERATOR_LEG) or _ringing(rows, _PHONE)
        waits = CallState.RINGING if ringing else CallState.WAITING
        state = CallState.TALKING if talking is not None else waits
    return LiveCall(
        linkedid=channel.linkedid,
        did=None,
        since=snapshot.at - timedelta(seconds=channel.duration),
        state=state,
        ringing=ringing,
        talking=talking,
        queue=queue,
    )


def _ringing(rows: Iterable[ChannelNow], leg: re.Pattern[str]) -> tuple[tuple[str, str], ...]:
    """The legs that ring: a queue's are Local channels; a return and a rescue ring the phones themselves."""
    return tuple(
        (row.uniqueid, matched["extension"])
        for row in rows
        if row.state != "Up" and (matched := leg.match(row.channel)) is not None
    )


def _talking_extension(caller: ChannelNow, rows: Iterable[ChannelNow]) -> str | None:
    """The staff phone that is up in this call: in the caller's bridge, or behind its Local leg."""
    if not caller.bridge:
        return None
    phones = [(row, _PHONE.match(row.channel)) for row in rows if row.state == "Up" and row is not caller]
    talking = [(row.bridge == caller.bridge, matched["extension"]) for row, matched in phones if matched]
    return max(talking)[1] if talking else None
