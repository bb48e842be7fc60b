"""What a call of ours means for its order and for the ledger of missed calls.

Knows the rows only: `crm.call_recording` comes here after every event of such a call, wherever the event is from (the
dialplan's words, a snapshot, the exchange's files).
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.effects import Effect, TalkEnded, TalkStarted
from callflow.outgoing import OrderState, Result
from crm.call_tables import CallRecord
from crm.missed import attempts, closing
from crm.outgoing.tables import OutgoingCall

_AS_ATTEMPT = {Result.REJECTED: "busy", Result.UNREACHABLE: "no_answer"}
"""Finer results in the ledger's words."""


def follow_call(session: Session, call: CallRecord, effects: Collection[Effect], at: datetime) -> None:
    """A talk settles what was owed to these people; the end of the call ends its order, and so does the end of her part
    in it (somebody else talks with the family now): she may call again.

    Whether it was answered is what our records say; what nobody heard stays unknown.
    """
    talk_began = any(isinstance(effect, TalkStarted) for effect in effects)
    if call.ended_at is None and not any(isinstance(effect, TalkStarted | TalkEnded) for effect in effects):
        return
    order = session.scalars(select(OutgoingCall).where(OutgoingCall.call_id == call.id).with_for_update()).first()
    if order is None:
        return
    if talk_began:
        closing.by_talk(session, call, at, missed_id=order.missed_id)
    if call.ended_at is None and order.live and _is_somebody_elses(order, call, effects):
        finish(session, order, OrderState.ENDED, Result.ANSWERED, at)
    if call.ended_at is not None and order.live:
        finish(session, order, *_how_it_ended(order, call), call.ended_at)


def _how_it_ended(order: OutgoingCall, call: CallRecord) -> tuple[OrderState, Result]:
    """By our records alone. An order that no clerk has taken yet was not in the snapshot because nobody was called."""
    if call.answered_at is not None:
        return OrderState.ENDED, Result.ANSWERED
    if order.state == OrderState.REQUESTED.value:
        return OrderState.ENDED, Result.NOT_PLACED
    return OrderState.UNKNOWN, Result.UNKNOWN


def _is_somebody_elses(order: OutgoingCall, call: CallRecord, effects: Collection[Effect]) -> bool:
    """Not while the family is on the way back to her, whose page was refreshed."""
    for effect in effects:
        if isinstance(effect, TalkStarted) and effect.extension != order.extension:
            return True
        if isinstance(effect, TalkEnded) and effect.extension == order.extension and not call.returning:
            return True
    return False


def finish(session: Session, order: OutgoingCall, state: OrderState, result: Result, at: datetime) -> None:
    """Write the end into the row; the next call to this number may be asked for.

    A number that was called in vain is an attempt to call back (`crm.missed`).
    """
    order.state, order.result, order.live = state.value, result.value, False
    order.ended_at = order.changed_at = at
    if order.missed_id is not None and result.number_rang:
        told = _AS_ATTEMPT.get(result, result.value)
        attempts.note(session, order.missed_id, order.employee_id, at, told, call_id=order.call_id)
