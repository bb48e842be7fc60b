"""«Передача смены»: what stands open, signed by who leaves and by who takes over (anchors.md complaint 24, idea 25)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.audit import Actor, write
from crm.errors import Incomplete, NotFound, RecordsError
from crm.journal_tables import DRAFT, JournalEntry
from crm.missed import reading
from crm.missed.access import services_of
from crm.missed.tables import MissedCall, ShiftHandover
from crm.staff import Employee

KEPT_IN_SIGHT = timedelta(days=3)


@dataclass(frozen=True)
class DraftCount:
    """How many rows of the journal somebody has begun and not saved."""

    author: Employee
    drafts: int


def drafts(session: Session, viewer: Employee) -> list[DraftCount]:
    """Whose drafts are open in the viewer's services; only how many, for they belong to their authors."""
    statement = (
        select(JournalEntry.author_id, func.count(JournalEntry.id))
        .where(JournalEntry.state == DRAFT, JournalEntry.service_id.in_(services_of(session, viewer)))
        .group_by(JournalEntry.author_id)
    )
    counted = [(author_id, number) for author_id, number in session.execute(statement)]
    people = {author_id: session.get_one(Employee, author_id) for author_id, _ in counted}
    return sorted((DraftCount(people[one], number) for one, number in counted), key=lambda one: one.author.surname)


def leave(
    session: Session,
    service_id: int,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    visits: int = 0,
    form_key: str = "",
    ip: str = "",
) -> ShiftHandover:
    """Sign the shift off; `visits` are today's appointments still to come. The same form twice is one hand-over.

    Raises Incomplete for a service that is not one's own.
    """
    if form_key:
        known = session.scalars(select(ShiftHandover).where(ShiftHandover.form_key == form_key)).one_or_none()
        if known is not None and known.left_by_id == employee.id:
            return known
    if service_id not in services_of(session, employee):
        raise Incomplete({"service_id": "Выберите свою службу."})
    counted = reading.count(session, [service_id], at)
    promised = select(func.count(MissedCall.id)).where(
        MissedCall.service_id == service_id, MissedCall.closed_at.is_(None), MissedCall.promised_for.is_not(None)
    )
    begun = select(func.count(JournalEntry.id)).where(
        JournalEntry.service_id == service_id, JournalEntry.state == DRAFT
    )
    row = ShiftHandover(
        service_id=service_id,
        left_by_id=employee.id,
        left_at=at,
        note=clean_text(note, 2000),
        figures={
            "open": counted.open,
            "overdue": counted.overdue,
            "promised": session.scalar(promised) or 0,
            "drafts": session.scalar(begun) or 0,
            "visits": visits,
        },
        form_key=form_key or None,
    )
    session.add(row)
    session.flush()
    _audit(session, row, "shift.leave", employee, at, ip)
    return row


def take(
    session: Session, handover_id: int, note: str, employee: Employee, at: datetime, *, ip: str = ""
) -> ShiftHandover:
    """Take the shift over: read and agreed. Raises NotFound, RecordsError for one's own, or one taken by another."""
    statement = select(ShiftHandover).where(ShiftHandover.id == handover_id) if 0 < handover_id < 2**63 else None
    row = session.scalars(statement.with_for_update()).one_or_none() if statement is not None else None
    if row is None or row.service_id not in services_of(session, employee):
        raise NotFound("Такой передачи смены нет.")
    if row.taken_by_id is not None:
        if row.taken_by_id == employee.id:
            return row
        raise RecordsError("Смену уже принял другой сотрудник.")
    if row.left_by_id == employee.id:
        raise RecordsError("Свою смену принимает другой сотрудник.")
    row.taken_by_id, row.taken_at, row.taken_note = employee.id, at, clean_text(note, 2000)
    session.flush()
    _audit(session, row, "shift.take", employee, at, ip)
    return row


def recent(session: Session, viewer: Employee, at: datetime) -> Sequence[ShiftHandover]:
    """The hand-overs of the last days in the viewer's services, the newest first; untaken ones stay until taken."""
    mine = ShiftHandover.service_id.in_(services_of(session, viewer))
    new = (ShiftHandover.left_at >= at - KEPT_IN_SIGHT) | ShiftHandover.taken_at.is_(None)
    statement = select(ShiftHandover).where(mine, new).order_by(ShiftHandover.left_at.desc(), ShiftHandover.id.desc())
    return session.scalars(statement.limit(20)).all()


def _audit(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, row: ShiftHandover, action: str, employee: Employee, at: datetime, ip: str
) -> None:
    actor = Actor.of(employee, ip)
    write(session, actor, action, subject="shift", subject_id=row.id, details={"service": row.service_id}, at=at)
