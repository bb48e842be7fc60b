"""Calls: the listener's events and snapshots come in here, the workplace reads here.

The tables are in `call_tables`, the folding of events in `call_recording`, the catching up after an outage in
`call_snapshot`, who is speaking in `call_identity`; everybody else imports this module only.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from callflow.call import CallState, Direction, LegState
from crm.base import fetch
from crm.call_identity import FACTS, attach_family, choose_person, confirm_identity
from crm.call_recording import Recorded, record
from crm.call_snapshot import reconcile
from crm.call_tables import CallLegRecord, CallRecord
from crm.lines.following import NOT_WAITING
from crm.presence import Presence, PresenceState

__all__ = [
    "FACTS",
    "CallLegRecord",
    "CallRecord",
    "Recorded",
    "attach_family",
    "choose_person",
    "confirm_identity",
    "current_call",
    "fetch_call",
    "open_calls",
    "recent",
    "reconcile",
    "record",
    "waiting",
]


def fetch_call(session: Session, call_id: int) -> CallRecord | None:
    """Return the call, or None where there is none."""
    return fetch(session, CallRecord, call_id)


def current_call(session: Session, employee_id: int) -> CallRecord | None:
    """Return the call on this employee's screen: the talk, else the newest ring, else the wrap-up's call."""
    talk_first = case((CallLegRecord.state == LegState.TALKING.value, 0), else_=1)
    at_the_phone = (
        select(CallRecord)
        .join(CallLegRecord, CallLegRecord.call_id == CallRecord.id)
        .where(
            CallLegRecord.employee_id == employee_id, CallLegRecord.ended_at.is_(None), CallRecord.ended_at.is_(None)
        )
        .where(CallLegRecord.state.in_([LegState.RINGING.value, LegState.TALKING.value]))
        .order_by(talk_first, CallLegRecord.rang_at.desc())
    )
    call = session.scalars(at_the_phone).first()
    if call is not None:
        return call
    in_wrapup = select(CallRecord).join(Presence, Presence.call_id == CallRecord.id)
    in_wrapup = in_wrapup.where(Presence.employee_id == employee_id, Presence.state == PresenceState.WRAPUP.value)
    return session.scalars(in_wrapup).first()


def open_calls(session: Session) -> dict[str, datetime]:
    """Return the calls that have not ended by our records: linkedid → arrival (UTC)."""
    statement = select(CallRecord.linkedid, CallRecord.arrived_at).where(CallRecord.ended_at.is_(None))
    return {row.linkedid: row.arrived_at for row in session.execute(statement)}


def waiting(session: Session, service_ids: Collection[int]) -> Sequence[CallRecord]:
    """Return the callers of these services whom nobody has answered yet, longest waiting first.

    Not those who are told that the line is closed, or have asked to be called back.
    """
    unanswered = [CallState.ARRIVED.value, CallState.WAITING.value, CallState.RINGING.value]
    statement = select(CallRecord).where(CallRecord.ended_at.is_(None), CallRecord.state.in_(unanswered))
    statement = statement.where(CallRecord.service_id.in_(service_ids), CallRecord.outcome.not_in(NOT_WAITING))
    statement = statement.where(CallRecord.direction == Direction.INBOUND.value)
    return session.scalars(statement.order_by(CallRecord.arrived_at, CallRecord.id)).all()


def recent(
    session: Session, *, employee_id: int | None = None, service_id: int | None = None, limit: int = 20
) -> Sequence[CallRecord]:
    """Return the newest calls; of one employee (answered or missed by them), of one service, or of all."""
    statement = select(CallRecord)
    if employee_id is not None:
        own = select(CallLegRecord.call_id).where(CallLegRecord.employee_id == employee_id)
        statement = statement.where(CallRecord.id.in_(own))
    if service_id is not None:
        statement = statement.where(CallRecord.service_id == service_id)
    return session.scalars(statement.order_by(CallRecord.arrived_at.desc(), CallRecord.id.desc()).limit(limit)).all()
