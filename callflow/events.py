"""The facts about one call, as the telephone exchange reports them.

Who makes them: ``telephony.translate`` from AMI events and the lookup leg of ``workers.agi_server`` from the From
header. Who reads them: ``callflow.call.apply``. The names are ours, so that a change in Asterisk's vocabulary stays
in one file.
"""

from dataclasses import dataclass
from datetime import datetime

from callflow.caller_id import CallerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFact:
    """One thing that happened to the call ``call`` (Asterisk's Linkedid) at the moment ``at`` (aware, UTC).

    Raises ValueError for a moment without a time zone: such a time cannot be compared with the recorded ones.
    """

    call: str
    at: datetime

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError("the moment of an event needs a time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(CallFact):
    """The trunk's channel entered the context of a DID."""

    did: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentified(CallFact):
    """The lookup leg has read who presents himself as the caller."""

    caller: CallerId
    did: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerWaiting(CallFact):
    """The caller joined a queue (AMI QueueCallerJoin); position 1 is the head."""

    queue: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRinging(CallFact):
    """An operator's phone began to ring (AMI AgentCalled). ``leg`` is DestUniqueid: new for every ring."""

    leg: str
    extension: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorDialing(CallFact):
    """A call that an operator asked for: her own phone rings first, and then the number she wants. ``leg`` is ours."""

    leg: str
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorMissed(CallFact):
    """The phone rang ``ring_seconds`` and nobody took it (AMI AgentRingNoAnswer)."""

    leg: str
    extension: str
    ring_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAnswered(CallFact):
    """The operator and the caller are talking (AMI AgentConnect), after the caller waited ``wait_seconds`` in the
    queue."""

    leg: str
    extension: str
    wait_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorReleased(CallFact):
    """The talk with this operator is over (AMI AgentComplete). ``reason``: caller, agent, transfer or lost."""

    leg: str
    extension: str
    reason: str
    talk_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReturning(CallFact):
    """The operator's phone vanished in mid-talk (page refreshed, crashed); the dialplan takes the caller back to her
    or to the queue's head."""

    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerGaveUp(CallFact):
    """The caller hung up while still waiting (AMI QueueCallerAbandon)."""

    waited_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(CallFact):
    """The operator put the caller on hold."""

    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnheld(CallFact):
    """The operator took the caller back from hold."""

    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallFact):
    """The caller's channel is gone (AMI Hangup); ``cause`` is the Q.850 cause, 0 when Asterisk names none."""

    cause: int


CallEvent = (
    CallArrived
    | CallerIdentified
    | CallerWaiting
    | OperatorRinging
    | OperatorDialing
    | OperatorMissed
    | OperatorAnswered
    | OperatorReleased
    | CallReturning
    | CallerGaveUp
    | CallHeld
    | CallUnheld
    | CallEnded
)
