"""The end of a listed call at her workplace: its outcome is written in the list, so no disposition is asked besides.

Only what she has typed into the form of the appeal keeps the wrap-up open: that is saved by hand, or not at all.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.outgoing import OrderState
from crm.dialler.tables import CAMPAIGN, RATING, DialTask
from crm.journal_tables import DRAFT, JournalEntry
from crm.outgoing.tables import OutgoingCall
from crm.presence import Presence, PresenceState
from crm.specialists import dispositions
from crm.specialists.tables import CallDisposition
from crm.staff import Employee

LISTED = "listed"
"""Code of the disposition «звонок по списку: итог отмечен»."""


def close_wrapup(session: Session, employee: Employee, at: datetime, *, ip: str = "") -> bool:
    """End her wrap-up of a listed call, if she is in one and has typed nothing; return whether it ended."""
    now = session.get(Presence, employee.id, populate_existing=True)
    if now is None or now.state != PresenceState.WRAPUP or now.call_id is None:
        return False
    order = session.scalars(
        select(OutgoingCall.id)
        .join(DialTask, DialTask.id == OutgoingCall.task_id)
        .where(OutgoingCall.call_id == now.call_id, DialTask.kind.in_((CAMPAIGN, RATING)))
    ).first()
    listed = session.scalars(
        select(CallDisposition.id).where(CallDisposition.code == LISTED, CallDisposition.active)
    ).first()
    if order is None or listed is None or _typed(session, now.call_id):
        return False
    dispositions.finish(session, now.call_id, listed, employee, at, ip=ip)
    return True


def is_talking(session: Session, task_id: int, employee: Employee) -> bool:
    """Whether she is on the line with the family of this task."""
    talk = select(OutgoingCall.id).where(
        OutgoingCall.task_id == task_id,
        OutgoingCall.employee_id == employee.id,
        OutgoingCall.live,
        OutgoingCall.state == OrderState.TALKING.value,
    )
    return session.scalar(talk.limit(1)) is not None


def _typed(session: Session, call_id: int) -> bool:
    drafts = select(JournalEntry).where(JournalEntry.call_id == call_id, JournalEntry.state == DRAFT)
    draft = session.scalars(drafts).one_or_none()
    return draft is not None and bool(draft.substance.strip() or draft.topic)
