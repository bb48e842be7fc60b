"""What the dialplan says of an order becomes the order's state and the call's events."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow import events
from callflow.dialplan_word import DialplanWord
from callflow.outgoing import OrderState, Result, heard, leg_of
from crm.call_recording import Recorded, record
from crm.outgoing.ending import finish
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
        return None, []
    if state is OrderState.ENDED:
        finish(session, order, state, result, word.at)
    else:
        order.state, order.result, order.changed_at = state.value, result.value, word.at
    session.flush()
    recorded = [record(session, event) for event in _told(order, was, state, word)]
    return order, recorded


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
