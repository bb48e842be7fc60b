"""What every verb on a saved row shares: finding it for writing, noting what changed, days of the institution."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.appeals.access import may_read
from crm.appeals.states import WORKING, Progress
from crm.appeals.tables import AppealMeasure, EntryChange
from crm.appeals.wording import as_text
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import Incomplete, NotFound, RecordsError
from crm.journal_tables import SAVED, JournalEntry, zone_of_service
from crm.search.journal import reindex_entry
from crm.staff import Employee, Role

WRITERS = frozenset({Role.DISPATCHER.value, Role.COORDINATOR.value, Role.HEAD.value})
"""Who works at appeals: those who take calls in the row's service, and the head; the director reads."""


def held(session: Session, entry_id: int, employee: Employee) -> JournalEntry:
    """Return the saved row, locked until the commit. Raises NotFound for whoever may not read it, or not work at it."""
    entry = fetch(session, JournalEntry, entry_id, lock=True)
    if entry is None or entry.state != SAVED or employee.role not in WRITERS or not may_read(session, entry, employee):
        raise NotFound("Такой записи в журнале нет.")
    return entry


def working(session: Session, entry_id: int, employee: Employee) -> JournalEntry:
    """As `held`, and the question is still being solved. Raises RecordsError otherwise."""
    entry = held(session, entry_id, employee)
    if Progress(entry.progress) not in WORKING:
        raise RecordsError(f"Обращение уже не в работе: «{Progress(entry.progress).title}».")
    return entry


def change(  # noqa: PLR0917 - a row, what, by whom, when: as in every verb
    session: Session, entry: JournalEntry, values: dict[str, Any], employee: Employee, at: datetime, reason: str = ""
) -> list[str]:
    """Set these fields, one EntryChange for each that differs, and raise the version once; return their names."""
    differing = {field: value for field, value in values.items() if getattr(entry, field) != value}
    if not differing:
        return []
    entry.version += 1
    for field, value in differing.items():
        session.add(
            EntryChange(
                entry_id=entry.id,
                field=field,
                old=as_text(session, entry, field, getattr(entry, field)),
                new=as_text(session, entry, field, value),
                reason=reason,
                version=entry.version,
                employee_id=employee.id,
                at=at,
            )
        )
        setattr(entry, field, value)
    session.flush()
    if _SEARCHED.intersection(differing):
        reindex_entry(session, entry)
    return list(differing)


_SEARCHED = frozenset({"applicant_name", "family_brief", "substance", "topic", "final_result"})


def log(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, action: str, entry: JournalEntry, employee: Employee, at: datetime, ip: str, **details: Any
) -> None:
    """Write the audit entry of a row: ids, codes and names of fields only."""
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="journal_entry",
        subject_id=entry.id,
        family_id=entry.family_id,
        details={"number": entry.number, "year": entry.year, **details},
        at=at,
    )


def zone_of(session: Session, entry: JournalEntry) -> ZoneInfo:
    """The zone in which the row's days are counted and printed."""
    return zone_of_service(session, entry.service_id)


def measures_of(session: Session, entry_id: int) -> list[AppealMeasure]:
    """Every measure of the row, annulled ones too, in the order in which they were written down."""
    statement = select(AppealMeasure).where(AppealMeasure.entry_id == entry_id).order_by(AppealMeasure.id)
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def required(sentence: str, field: str, value: str) -> str:
    """The value, or Incomplete with this sentence beside the field."""
    if not value:
        raise Incomplete({field: sentence})
    return value
