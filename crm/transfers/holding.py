"""While the operator consults the specialist, her talk with the caller has not ended, whatever the exchange's queue
says: no wrap-up, and the call stays on her screen."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from callflow import events
from callflow.call import CallState
from callflow.live import LiveCall
from callflow.transfer import Kind, Reason, State
from callflow.transfer import Transfer as Decision
from crm.call_tables import CallRecord
from crm.transfers.tables import Transfer


def decision_of(row: Transfer) -> Decision:
    """Return the row as the state table knows it."""
    return Decision(Kind(row.kind), State(row.state), Reason(row.reason) if row.reason else None)


def open_of(session: Session, call_id: int, *, lock: bool = False) -> Transfer | None:
    """Return the call's transfer that is going on; there is never more than one."""
    return session.scalars(_OPEN_LOCKED if lock else _OPEN, {"call_id": call_id}).first()


_OPEN = (
    select(Transfer)
    .where(Transfer.call_id == bindparam("call_id"), Transfer.ended_at.is_(None))
    .order_by(Transfer.id.desc())
)
_OPEN_LOCKED = _OPEN.with_for_update(of=Transfer).execution_options(populate_existing=True)
_OF_CALL = select(Transfer).where(Transfer.call_id == bindparam("call_id")).order_by(Transfer.id)


def holds_talk(session: Session, call_id: int) -> bool:
    """Tell whether the operator consults, or all three talk."""
    row = open_of(session, call_id)
    return row is not None and decision_of(row).holds_talk


def is_held_back(session: Session, call: CallRecord, event: events.CallEvent) -> bool:
    """Tell whether this event of the exchange must not end or move the operator's talk; called before it is applied.

    A snapshot after an outage may show the specialist with the caller: then the transfer is complete, and the event
    passes.
    """
    if not isinstance(event, events.OperatorReleased | events.OperatorAnswered):
        return False
    row = open_of(session, call.id, lock=True)
    if row is None or not decision_of(row).holds_talk:
        return False
    is_specialist = isinstance(event, events.OperatorAnswered) and event.extension == row.to_extension
    if not is_specialist or row.state == State.JOINED:
        return event.extension in (row.from_extension, row.to_extension)
    settle(row, State.COMPLETED, event.at)
    return False


def seen(session: Session, live: LiveCall, at: datetime) -> None:
    """A snapshot after an outage: the operator who talks with the caller again is in no consultation."""
    statement = select(Transfer).join(CallRecord, CallRecord.id == Transfer.call_id)
    statement = statement.where(CallRecord.linkedid == live.linkedid, Transfer.ended_at.is_(None))
    for row in session.scalars(statement):
        was_begun = row.state in (State.SENT, State.RINGING, State.CONSULTING)
        if was_begun and live.talking is not None and live.talking == row.from_extension:
            settle(row, State.RETURNED, at, Reason.LEFT)


def close_with_call(session: Session, call: CallRecord, at: datetime) -> bool:
    """The caller has hung up: nothing goes on any more.

    Tell whether he, whom the operator had sent to a specialist, hung up before that telephone was taken: he did not
    reach whom he was promised. One who hung up while she consulted was still hers.
    """
    if call.state != CallState.ENDED and call.ended_at is None:
        return False
    rows = session.scalars(_OF_CALL, {"call_id": call.id}).all()
    for row in rows:
        if row.ended_at is None and call.state == CallState.ENDED:
            settle(row, State.GONE, at)
    return call.ended_at is not None and bool(rows) and _gave_up(rows[-1])


def _gave_up(row: Transfer) -> bool:
    if row.kind != Kind.BLIND or row.state != State.GONE:
        return False
    return row.sent_at is not None and row.answered_at is None


def settle(row: Transfer, state: State, at: datetime, reason: Reason | None = None) -> None:
    """Write a final state."""
    row.state, row.reason, row.ended_at = state.value, reason.value if reason else "", at
    row.version += 1
