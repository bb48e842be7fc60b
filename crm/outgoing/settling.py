"""An order that is over without a word of the dialplan: nothing was dialled, or nobody knows."""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow import events
from callflow.outgoing import OrderState, Result
from crm.base import fetch
from crm.call_recording import record
from crm.call_tables import CallRecord
from crm.outgoing.ending import finish
from crm.outgoing.tables import OutgoingCall

NOBODY_HEARD = "order"
"""What a call's end is known by (`CallRecord.end_evidence`) that the exchange did not tell."""


def settle(session: Session, order: OutgoingCall, result: Result, at: datetime) -> None:
    """End the order and the call with it, so that neither keeps the operator or the number."""
    finish(session, order, OrderState.UNKNOWN if result is Result.UNKNOWN else OrderState.ENDED, result, at)
    session.flush()
    call = fetch(session, CallRecord, order.call_id) if order.call_id else None
    if call is not None and call.ended_at is None:
        record(session, events.CallEnded(call=call.linkedid, at=at, cause=result.cause), evidence=NOBODY_HEARD)
