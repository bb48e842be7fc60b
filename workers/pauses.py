"""Who may be rung: makes the exchange's queues agree with what each operator said of herself.

The wish is in the database (`crm.presence`), the state is in the exchange; this compares the two and changes only what
differs. It may run at any time, any number of times, after any crash on either side. The exchange begins with everybody
unpaused (fail-open: phones ring when we are dead), so the comparison runs right after every login.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from telephony.ami import AmiSession
from telephony.snapshot import MemberNow


@dataclass(frozen=True, slots=True)
class PauseChange:
    """One order to one queue."""

    queue: str
    interface: str
    paused: bool


def pause_changes(members: Iterable[MemberNow], desired: Mapping[str, tuple[bool, str]]) -> tuple[PauseChange, ...]:
    """What to order so that the queues do what the operators wish; a stranger in a queue is left alone.

    `desired` is by extension: (paused, why); why is the database's business, and may be in Russian.
    """
    return tuple(
        PauseChange(member.queue, member.interface, desired[member.name][0])
        for member in members
        if member.name in desired and member.paused != desired[member.name][0]
    )


def order(session: AmiSession, change: PauseChange) -> None:
    """Tell the exchange; the next comparison finds out whether it took."""
    session.send(
        {
            "Action": "QueuePause",
            "Queue": change.queue,
            "Interface": change.interface,
            "Paused": "true" if change.paused else "false",
        }
    )
