"""Who reads which rows of the journal, and what of a row of a restricted family the others see."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from crm.base import fetch
from crm.errors import NotFound
from crm.family_tables import Family, FamilyAssignment
from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.staff import Employee, Role, service_ids_of
from crm.visibility import seen_family

RESTRICTED_WORDS = "сведения ограничены"
"""Stands in columns 2, 3 and 5–8 of a row whose family the reader may not see: the numbers have no gap."""

_EVERYTHING = (Role.HEAD.value, Role.DIRECTOR.value)
_NOTHING = (Role.ADMINISTRATOR.value, Role.AUDITOR.value)


def readable_services(session: Session, employee: Employee) -> set[int]:
    """Return the services whose journal this employee reads: the head and the director all, the operators their own."""
    if employee.role in _EVERYTHING:
        return set(session.scalars(select(Service.id)))
    if employee.role in _NOTHING:
        return set()
    return set(service_ids_of(session, employee.id))


def may_read(session: Session, entry: JournalEntry, employee: Employee) -> bool:
    """Whether this employee reads the row: of her service, and of a family that she may see or that she wrote about."""
    if entry.service_id not in readable_services(session, employee):
        return False
    if entry.family_id is None or entry.author_id == employee.id:
        return True
    return seen_family(session, entry.family_id, employee) is not None


def fetch_entry(session: Session, entry_id: int, employee: Employee) -> JournalEntry:
    """Return a row for reading. Raises NotFound where the employee works for another service or may not see the
    family.
    """
    entry = fetch(session, JournalEntry, entry_id)
    if entry is None or not may_read(session, entry, employee):
        raise NotFound("Такой записи в журнале нет.")
    return entry


def shown_to(viewer: Employee, columns: Any = JournalEntry) -> ColumnElement[bool] | None:
    """The condition for lists that must not even count restricted rows; None: nothing is hidden from this viewer.

    `columns` is `JournalEntry` or the columns of a subquery of it.
    """
    if viewer.role in _EVERYTHING:
        return None
    entrusted = select(FamilyAssignment.family_id).where(FamilyAssignment.employee_id == viewer.id)
    hidden = exists().where(Family.id == columns.family_id, Family.restricted, Family.id.not_in(entrusted))
    return or_(columns.author_id == viewer.id, ~hidden)


def hidden_rows(session: Session, rows: Sequence[JournalEntry], viewer: Employee) -> set[int]:
    """Return the ids of those of these rows of which this viewer may see the number only."""
    if viewer.role in _EVERYTHING:
        return set()
    families = {row.family_id for row in rows if row.family_id is not None and row.author_id != viewer.id}
    if not families:
        return set()
    entrusted = select(FamilyAssignment.family_id).where(FamilyAssignment.employee_id == viewer.id)
    statement = select(Family.id).where(Family.id.in_(families), Family.restricted, Family.id.not_in(entrusted))
    restricted = set(session.scalars(statement))
    return {row.id for row in rows if row.family_id in restricted and row.author_id != viewer.id}


def masked(row: JournalEntry) -> JournalEntry:
    """The row as a reader who may not see the family gets it: a copy that no session knows, with its number, service,
    way of contact and author, and «сведения ограничены» in every column that tells something.
    """
    return JournalEntry(
        id=row.id,
        service_id=row.service_id,
        year=row.year,
        number=row.number,
        state=row.state,
        contact_method=row.contact_method,
        saved_at=row.saved_at,
        created_at=row.created_at,
        author_id=row.author_id,
        version=row.version,
        applicant_name=RESTRICTED_WORDS,
        family_brief=RESTRICTED_WORDS,
        substance=RESTRICTED_WORDS,
        measures=RESTRICTED_WORDS,
        final_result=RESTRICTED_WORDS,
        rating_mark=RESTRICTED_WORDS,
        progress="",
        topic="",
        annul_reason="",
        result_kind="",
        no_measure_reason="",
        obstacles=[],
        need={},
        consultation={},
        entered_late=False,
        explained=False,
    )
