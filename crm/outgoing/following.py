"""What the dialplan says of an order becomes the order's state and the call's events."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow import events
from callflow.call import CallState
from callflow.dialplan_word import DialplanWord
from callflow.outgoing import OrderState, Result, heard, leg_of
from crm.call_recording import Recorded, record
from crm.call_snapshot import SNAPSHOT
from crm.call_tables import CallRecord
from crm.outgoing.ending import finish
from crm.outgoing.settling import NOBODY_HEARD
from crm.outgoing.tables import OutgoingCall


def follow(session: Session, word: DialplanWord) -> tuple[OutgoingCall | None, list[Recorded]]:
    """Fold one word into its order and call; the same word again, or somebody else's, changes nothing.

    Returns the order if it moved, and what moved on the screens.
    """
    order = _order(session, word)
    if order is None:
        return None, []
    was = OrderState(order.state)
    state, result = heard(was, Result(order.result), word.state, word.detail)
    if state is was:
        return _end_of_call(session, order, word)
    if state is OrderState.ENDED:
        finish(session, order, state, result, word.at)
    else:
        if was is OrderState.UNKNOWN:
            _found_again(session, order)
        order.state, order.result, order.changed_at = state.value, result.value, word.at
    session.flush()
    recorded = [record(session, event) for event in _told(order, was, state, word)]
    return order, recorded


def _end_of_call(
    session: Session, order: OutgoingCall, word: DialplanWord
) -> tuple[OutgoingCall | None, list[Recorded]]:
    """Her part was over before: the family talked on with somebody else, and now they have hung up."""
    call = session.get(CallRecord, order.call_id) if order.call_id else None
    if word.state != "ended" or call is None or call.ended_at is not None:
        return None, []
    cause = Result(order.result).cause
    return order, [record(session, events.CallEnded(call=order.channel_id, at=word.at, cause=cause))]


def _found_again(session: Session, order: OutgoingCall) -> None:
    """Nobody knew whether the exchange obeyed, and now it speaks of the call: it is hers again, if she has not begun
    another, and nobody else has called this number."""
    rivals = select(OutgoingCall.id).where(OutgoingCall.live, OutgoingCall.id != order.id)
    mine = (OutgoingCall.employee_id == order.employee_id) | (OutgoingCall.number == order.number)
    if session.scalars(rivals.where(mine)).first() is None:
        order.live, order.ended_at = True, None
    call = session.get(CallRecord, order.call_id, with_for_update=True) if order.call_id else None
    if call is not None and call.end_evidence in (NOBODY_HEARD, SNAPSHOT):
        call.ended_at = call.end_evidence = call.disposition = call.cause = None
        call.state = CallState.ARRIVED.value


def _order(session: Session, word: DialplanWord) -> OutgoingCall | None:
    if not word.order.isdecimal() or len(word.order) > 18:
        return None
    statement = select(OutgoingCall).where(OutgoingCall.id == int(word.order), OutgoingCall.channel_id == word.call)
    return session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one_or_none()


def _told(order: OutgoingCall, was: OrderState, state: OrderState, word: DialplanWord) -> list[events.CallEvent]:
    """The call's events; an answer whose own word was lost is told by the end of the talk."""
    call, at = order.channel_id, word.at
    leg = leg_of(call)
    answered = events.OperatorAnswered(call=call, at=at, leg=leg, extension=order.extension, wait_seconds=0.0)
    match state:
        case OrderState.RINGING_OPERATOR | OrderState.RINGING:
            return [events.OperatorDialing(call=call, at=at, leg=leg, extension=order.extension)]
        case OrderState.TALKING:
            return [answered]
        case OrderState.ENDED:
            result = Result(order.result)
            end = events.CallEnded(call=call, at=at, cause=result.cause)
            return [answered, end] if result is Result.ANSWERED and was is not OrderState.TALKING else [end]
        case _:
            return []
