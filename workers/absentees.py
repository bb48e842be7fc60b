"""Queue members whom the exchange holds for absent although a phone of theirs is registered.

A queue remembers its members' states and learns of changes by an event inside Asterisk; after a restart one such event
was seen to be missed, and an operator who is ready would not be rung until her phone's next change. So the listener
compares the queue's memory with the extension's present state, and has the queue's members read anew where they differ.
No call is dropped and no pause is lost by that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from telephony.ami import AmiSession
from telephony.snapshot import MemberNow

UNAVAILABLE = 5  # AST_DEVICE_UNAVAILABLE in QueueStatus
HINTS = "sd-hints"
IDLE = "0"  # AST_EXTENSION_NOT_INUSE in the answer to ExtensionState


def forgotten(
    members: Iterable[MemberNow], desired: Mapping[str, tuple[bool, str]], is_idle: Callable[[str], bool]
) -> frozenset[str]:
    """Queues that do not ring somebody who is ready and has an idle phone. Asks only about those held for absent."""
    return frozenset(
        member.queue
        for member in members
        if member.status == UNAVAILABLE and not desired.get(member.name, (True, ""))[0] and is_idle(member.name)
    )


def is_idle(session: AmiSession, extension: str) -> bool:
    """Whether a phone of this extension is registered and free, by its hint."""
    answer = session.send({"Action": "ExtensionState", "Exten": extension, "Context": HINTS})
    return answer.get("Status") == IDLE


def read_anew(session: AmiSession, queue: str) -> None:
    """Have the queue look at its members' phones again."""
    session.send({"Action": "QueueReload", "Queue": queue, "Members": "yes", "Rules": "no", "Parameters": "no"})
