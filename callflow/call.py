"""The state table of a telephone call: ``apply(call, event) -> (call, effects)``.

Called by ``workers.listener`` for every event, inside the transaction that records the call; the effects say whose
screen changes and are carried out after the commit. The function is total: any event may come in any state, twice,
late, or without the ones before it, because an exchange's event stream has gaps (reliability.md M10, B11).

=================  ============  ================  ==================  =============================  =======
event \\ state     ARRIVED       WAITING           RINGING             TALKING                        ENDED
=================  ============  ================  ==================  =============================  =======
CallArrived        —             —                 —                   —                              —
CallerIdentified   —             —                 pop shown again     —                              —
CallerWaiting      → WAITING     other queue       other queue         → WAITING if released          —
OperatorRinging    → RINGING     → RINGING         one more leg        one more leg                   —
OperatorDialing    → RINGING     → RINGING         one more leg        one more leg                   —
OperatorMissed     —             —                 → WAITING if last   leg missed                     —
OperatorAnswered   → TALKING     → TALKING         → TALKING           the earlier talk ends          —
OperatorReleased   → TALKING     → TALKING         → TALKING           talk ends, TALKING stays       —
CallReturning      —             —                 —                   → WAITING, talk ends           —
CallerGaveUp       —             —                 → WAITING           rings are cancelled            —
CallHeld / Unheld  —             —                 —                   held changes                   —
CallEnded          → ENDED       → ENDED           → ENDED             → ENDED                        —
=================  ============  ================  ==================  =============================  =======

«—» only fills in facts that were missing (DID, caller, queue, a leg's times). A leg's own path is RINGING → TALKING →
ENDED, or RINGING → MISSED (nobody took it), or RINGING → CANCELLED (the caller left, or another operator took the
call); a leg's Uniqueid is new at every ring, so it never rings again, and CANCELLED alone is corrected when an earlier
miss or talk is heard of late. After a release TALKING stays until the exchange says what comes next: a hang-up, a
return to the queue, or somebody outside the queues to whom the caller was transferred.

A call of ours (``Direction.OUTBOUND``) runs through the same table: «the caller» is whom we call, its one leg rings
from the operator's own phone on until he answers (OperatorAnswered), and the cause of the end says why he did not.

Effects are the difference between the call before and after. So an event that changes nothing can move no screen.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from callflow import events
from callflow.call_record import Call, CallState, Direction, Disposition, Leg, LegState
from callflow.effects import (
    CallClosed,
    Effect,
    PopShown,
    PopWithdrawn,
    QueueChanged,
    TalkEnded,
    TalkStarted,
    difference,
)

__all__ = [
    "Call",
    "CallClosed",
    "CallState",
    "Direction",
    "Disposition",
    "Effect",
    "Leg",
    "LegState",
    "PopShown",
    "PopWithdrawn",
    "QueueChanged",
    "TalkEnded",
    "TalkStarted",
    "apply",
]

_CALLER_LEFT_CAUSES = frozenset([0, 16, 17, 18, 19, 21, 26, 31])
"""Q.850 causes of a call that somebody ended, in contrast to one that broke (no circuit, network out of order …)."""

_BUSY_CAUSES = frozenset([17, 21])
_NO_ANSWER_CAUSES = frozenset([18, 19, 20, 27])
"""Q.850: user busy, call rejected; no user responding, no answer, subscriber absent, destination out of order."""

_LONGEST_TALK_SECONDS = 86_400.0


def apply(call: Call | None, event: events.CallEvent) -> tuple[Call, tuple[Effect, ...]]:
    """The call after ``event`` and what that changes on the screens. ``call`` is None when nothing of it is known yet.

    The same event again returns an equal call and no effects. Raises ValueError only for an event of another call:
    the caller of this function looked up the wrong row.
    """
    if call is not None and call.id != event.call:
        raise ValueError("an event of another call")
    before = call or Call(event.call, "", None, CallState.ARRIVED, None, event.at)
    seen = replace(before, arrived_at=min(before.arrived_at, event.at))
    after = _settled(_told(seen, event))
    return after, difference(before, after)


def _told(call: Call, event: events.CallEvent) -> Call:  # noqa: PLR0911, PLR0912 - one line per row of the table
    match event:
        case events.CallArrived():
            return replace(call, did=call.did or event.did)
        case events.CallerIdentified():
            return replace(call, did=call.did or event.did, caller=call.caller or event.caller)
        case events.CallerWaiting():
            return _waiting(call, event)
        case events.OperatorRinging() | events.OperatorDialing():
            return _ringing(call, event)
        case events.OperatorMissed():
            return _missed(call, event)
        case events.OperatorAnswered():
            return _answered(call, event)
        case events.OperatorReleased():
            return _released(call, event)
        case events.CallReturning():
            return _returning(call, event)
        case events.CallerGaveUp():
            return replace(call, legs=_cancelled(call.legs, event.at))
        case events.CallHeld():
            return replace(call, held=call.held or call.talking_extension == event.extension)
        case events.CallUnheld():
            return replace(call, held=call.held and call.talking_extension != event.extension)
        case events.CallEnded():
            return _ended(call, event)
        case _:
            assert_never(event)


def _waiting(call: Call, event: events.CallerWaiting) -> Call:
    if call.state is CallState.ENDED or call.talking_leg or not _is_news(call, event.at):
        return replace(call, queue=call.queue or event.queue)
    state = call.state if call.state is CallState.RINGING else CallState.WAITING
    return replace(call, queue=event.queue, state=state)


def _ringing(call: Call, event: events.OperatorRinging | events.OperatorDialing) -> Call:
    queue = event.queue if isinstance(event, events.OperatorRinging) else call.queue
    known = call.leg(event.leg)
    if known:
        return _with_leg(replace(call, queue=call.queue or queue), replace(known, rang_at=min(known.rang_at, event.at)))
    # Heard of too late: the ring was already over when another operator answered, or when the caller left.
    over_at = min(
        (at for at in (*_answers(call.legs), call.ended_at) if at is not None and at >= event.at), default=call.ended_at
    )
    if over_at is None:
        return _with_leg(replace(call, queue=queue), Leg(event.leg, event.extension, LegState.RINGING, event.at))
    leg = Leg(event.leg, event.extension, LegState.CANCELLED, event.at, None, max(over_at, event.at))
    return _with_leg(replace(call, queue=call.queue or queue), leg)


def _missed(call: Call, event: events.OperatorMissed) -> Call:
    rang_at = _earlier(event.at, event.ring_seconds)
    leg = call.leg(event.leg) or Leg(event.leg, event.extension, LegState.RINGING, rang_at)
    was_over_before = leg.state is LegState.CANCELLED and leg.ended_at is not None and event.at < leg.ended_at
    if leg.state is not LegState.RINGING and not was_over_before:
        return call
    return _with_leg(call, replace(leg, state=LegState.MISSED, ended_at=max(event.at, leg.rang_at)))


def _answered(call: Call, event: events.OperatorAnswered) -> Call:
    leg = call.leg(event.leg) or Leg(event.leg, event.extension, LegState.RINGING, event.at)
    if leg.state in (LegState.ENDED, LegState.CANCELLED):
        # The end was seen before the beginning: only the time of the answer was missing.
        if leg.ended_at is not None and event.at <= leg.ended_at:
            leg = replace(leg, state=LegState.ENDED, answered_at=event.at, rang_at=min(leg.rang_at, event.at))
        return _with_leg(call, leg)
    if leg.state is not LegState.RINGING:
        return call
    leg = replace(leg, state=LegState.TALKING, answered_at=event.at, rang_at=min(leg.rang_at, event.at))
    over_at = min(
        (at for at in (*_answers(call.legs), call.ended_at) if at is not None and at > event.at), default=call.ended_at
    )
    if over_at is not None:
        return _with_leg(call, replace(leg, state=LegState.ENDED, ended_at=max(over_at, event.at)))
    return _with_leg(_taken(call, event.at), leg)


def _released(call: Call, event: events.OperatorReleased) -> Call:
    answered_at = _earlier(event.at, event.talk_seconds)
    leg = call.leg(event.leg) or _talk_of(call, event, answered_at)
    leg = leg or Leg(event.leg, event.extension, LegState.RINGING, answered_at)
    if leg.state in (LegState.MISSED, LegState.ENDED):
        return call
    is_last_word = call.state is not CallState.ENDED and _is_news(call, event.at)
    answered_at = leg.answered_at or max(answered_at, leg.rang_at)
    ended_at = max(leg.ended_at or event.at, answered_at)
    leg = replace(leg, state=LegState.ENDED, answered_at=answered_at, ended_at=ended_at)
    state = CallState.TALKING if is_last_word else call.state
    return _with_leg(replace(call, legs=_cancelled(call.legs, answered_at), state=state), leg)


def _talk_of(call: Call, event: events.OperatorReleased, answered_at: datetime) -> Leg | None:
    """The operator's own leg that was up meanwhile.

    Asterisk optimises the Local leg away in a talk, and AgentComplete then names the telephone's channel instead.
    """
    own = [leg for leg in call.legs if leg.extension == event.extension and leg.rang_at <= event.at]
    talks = [leg for leg in own if leg.state in (LegState.RINGING, LegState.TALKING, LegState.ENDED)]
    return next((leg for leg in reversed(talks) if leg.ended_at is None or leg.ended_at >= answered_at), None)


def _returning(call: Call, event: events.CallReturning) -> Call:
    if call.state is not CallState.TALKING or not _is_news(call, event.at):
        return call
    return replace(_taken(call, event.at), state=CallState.WAITING)


def _ended(call: Call, event: events.CallEnded) -> Call:
    if call.ended_at is not None:
        return call
    return replace(_taken(call, event.at, everything=True), ended_at=event.at, cause=event.cause)


def _taken(call: Call, at: datetime, *, everything: bool = False) -> Call:
    """At ``at`` the caller was taken away from whoever had him: talks end and rings are cancelled."""
    legs = tuple(
        replace(leg, state=LegState.ENDED, ended_at=max(at, leg.answered_at or leg.rang_at))
        if leg.state is LegState.TALKING
        else leg
        for leg in call.legs
    )
    return replace(call, legs=_cancelled(legs, at, everything=everything))


def _cancelled(legs: tuple[Leg, ...], at: datetime, *, everything: bool = False) -> tuple[Leg, ...]:
    """Rings that had begun by ``at`` stop then; a ring that began later was not meant by this event."""
    return tuple(
        replace(leg, state=LegState.CANCELLED, ended_at=max(at, leg.rang_at))
        if leg.state is LegState.RINGING and (everything or leg.rang_at <= at)
        else leg
        for leg in legs
    )


def _with_leg(call: Call, leg: Leg) -> Call:
    if call.leg(leg.uniqueid) is None:
        return replace(call, legs=(*call.legs, leg))
    return replace(call, legs=tuple(leg if known.uniqueid == leg.uniqueid else known for known in call.legs))


def _settled(call: Call) -> Call:
    """What follows from the legs: the state, the first answer, the disposition."""
    answered_at = min(_answers(call.legs), default=call.answered_at)
    call = replace(call, answered_at=answered_at, held=call.held and call.talking_leg is not None)
    if call.ended_at is not None:
        return replace(call, state=CallState.ENDED, disposition=_disposition(call))
    if call.talking_leg:
        return replace(call, state=CallState.TALKING)
    if call.ringing_extensions:
        return replace(call, state=CallState.RINGING)
    return replace(call, state=CallState.WAITING) if call.state is CallState.RINGING else call


def _disposition(call: Call) -> Disposition:
    """Judged anew when a late event tells more: a talk that we heard of after the hang-up was a talk all the same."""
    if call.answered_at is not None:
        return Disposition.ANSWERED
    if call.direction is Direction.OUTBOUND:
        return _why_not_answered(call.cause)
    reached_the_queue = call.queue is not None or bool(call.legs)
    return Disposition.ABANDONED if reached_the_queue or call.cause in _CALLER_LEFT_CAUSES else Disposition.FAILED


def _why_not_answered(cause: int | None) -> Disposition:
    """Of a call of ours. A number out of reach (20) gets no answer; a normal end (16) is the operator's own."""
    if cause in _BUSY_CAUSES:
        return Disposition.BUSY
    if cause in _NO_ANSWER_CAUSES:
        return Disposition.NO_ANSWER
    return Disposition.CANCELLED if cause in _CALLER_LEFT_CAUSES else Disposition.FAILED


def _answers(legs: tuple[Leg, ...]) -> tuple[datetime, ...]:
    return tuple(leg.answered_at for leg in legs if leg.answered_at is not None)


def _is_news(call: Call, at: datetime) -> bool:
    """Not older than anything known of the call's legs: an event repeated late must not undo what came after it."""
    moments = (moment for leg in call.legs for moment in (leg.rang_at, leg.answered_at, leg.ended_at) if moment)
    return at >= max(moments, default=call.arrived_at)


def _earlier(at: datetime, seconds: float) -> datetime:
    """A duration from the wire counted back; one that no call can have counts as nothing."""
    return at - timedelta(seconds=seconds) if 0 <= seconds <= _LONGEST_TALK_SECONDS else at
