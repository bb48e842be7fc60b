"""What is known of one call: the words that ``callflow.call`` decides about and ``crm.calls`` keeps.

Every moment is aware and in UTC. A call is one conversation (Asterisk's Linkedid), a leg one ring of one operator's
phone (Uniqueid).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callflow.caller_id import CallerId


class CallState(StrEnum):
    """Where the caller is: greeted, in the queue, at a ringing phone, with an operator, gone."""

    ARRIVED = "arrived"
    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class Direction(StrEnum):
    """Who called whom: a family us, or an operator somebody."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Disposition(StrEnum):
    """How the call ended. Abandoned: must be called back. Failed: the exchange or the line broke it.

    The last three are those of a call of ours: nobody took it, the number is engaged or declined, or it was given up
    before the number had rung to its end.
    """

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    FAILED = "failed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CANCELLED = "cancelled"


class LegState(StrEnum):
    """The last three end the leg: a phone that rings again is a new one."""

    RINGING = "ringing"
    TALKING = "talking"
    MISSED = "missed"
    CANCELLED = "cancelled"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Leg:
    """One ring of one operator's phone. ``ended_at`` is the end of the talk, or of the ring if there was no talk."""

    uniqueid: str
    extension: str
    state: LegState
    rang_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """The call as far as the events told. ``did`` is empty and ``caller`` None until they do; ``queue`` is the last
    one joined."""

    id: str
    did: str
    caller: CallerId | None
    state: CallState
    queue: str | None
    arrived_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    disposition: Disposition | None = None
    cause: int | None = None
    legs: tuple[Leg, ...] = ()
    held: bool = False
    direction: Direction = Direction.INBOUND

    def leg(self, uniqueid: str) -> Leg | None:
        """The ring with this Uniqueid."""
        return next((leg for leg in self.legs if leg.uniqueid == uniqueid), None)

    @property
    def talking_leg(self) -> Leg | None:
        """The leg on which an operator talks now; there is never more than one."""
        return next((leg for leg in self.legs if leg.state is LegState.TALKING), None)

    @property
    def talking_extension(self) -> str | None:
        """Who talks with the caller now."""
        leg = self.talking_leg
        return leg.extension if leg else None

    @property
    def ringing_extensions(self) -> tuple[str, ...]:
        """Whose phones ring now, each once, in the order in which they began."""
        return tuple(dict.fromkeys(leg.extension for leg in self.legs if leg.state is LegState.RINGING))
