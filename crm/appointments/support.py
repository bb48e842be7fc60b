"""«Нужно длительное сопровождение»: such an appeal ends only when its applicant is booked with a specialist (A-26)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.appointments.tables import CONFIRMED, DONE, PLANNED, Appointment, SupportNeed
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import Incomplete
from crm.journal_tables import JournalEntry
from crm.staff import Employee

BOOK_FIRST = "Нужно длительное сопровождение: сначала запишите заявителя на приём к специалисту."


def is_needed(session: Session, entry_id: int) -> bool:
    """Whether the need stands."""
    row = fetch(session, SupportNeed, entry_id)
    return row is not None and row.withdrawn_at is None


def is_booked(session: Session, entry_id: int) -> bool:
    """Whether an appointment of this appeal is to come or took place; one who did not come is booked again."""
    statement = select(Appointment.id).where(
        Appointment.entry_id == entry_id, Appointment.state.in_((PLANNED, CONFIRMED, DONE))
    )
    return session.scalars(statement.limit(1)).first() is not None


def lacking(session: Session, entry: JournalEntry) -> dict[str, str]:
    """What still stands between this appeal and its end: {} or the sentence for the top of the form."""
    if not is_needed(session, entry.id) or is_booked(session, entry.id):
        return {}
    return {"": BOOK_FIRST}


def raise_need(session: Session, entry: JournalEntry, employee: Employee, at: datetime, *, ip: str = "") -> SupportNeed:
    """Mark the appeal; marked already, nothing changes. The caller has looked whether she may work at the row."""
    row = fetch(session, SupportNeed, entry.id, lock=True)
    if row is None:
        row = SupportNeed(entry_id=entry.id, raised_at=at, raised_by_id=employee.id)
        session.add(row)
    elif row.withdrawn_at is None:
        return row
    else:
        row.raised_at, row.raised_by_id = at, employee.id
        row.withdrawn_at, row.withdrawn_by_id, row.withdrawn_reason = None, None, ""
    session.flush()
    _log(session, "support.need", entry, employee, at, ip)
    return row


def withdraw(
    session: Session, entry: JournalEntry, reason: str, employee: Employee, at: datetime, *, ip: str = ""
) -> None:
    """Marked by mistake, or no longer needed: only with a reason. Raises Incomplete without one."""
    row = fetch(session, SupportNeed, entry.id, lock=True)
    if row is None or row.withdrawn_at is not None:
        return
    why = clean_text(reason, 1000)
    if not why:
        raise Incomplete({"reason": "Укажите, почему сопровождение не нужно."})
    row.withdrawn_at, row.withdrawn_by_id, row.withdrawn_reason = at, employee.id, why
    session.flush()
    _log(session, "support.withdraw", entry, employee, at, ip)


def _log(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, action: str, entry: JournalEntry, employee: Employee, at: datetime, ip: str
) -> None:
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="journal_entry",
        subject_id=entry.id,
        family_id=entry.family_id,
        at=at,
    )
