"""«Журнал учёта обращений»: columns 1–5 of the statutory journal (domain.md B-10, B-17, §5.2).

A talk opens a draft (`journal_drafts`); typing saves it; saving it gives the next number of the service's year, without
gaps, in the same transaction that ends the wrap-up. Nothing is ever deleted. Everybody else imports this module only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from callflow.text import clean_line, clean_text
from crm import presence
from crm.audit import Actor, write
from crm.base import fetch
from crm.call_tables import CallRecord
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import Family
from crm.institution import Service
from crm.journal_drafts import follow_caller, identity_confirmed, new_draft, open_draft
from crm.journal_tables import (
    CONTACT_METHODS,
    DRAFT,
    FIELDS,
    SAVED,
    JournalCounter,
    JournalEntry,
    of_call,
    values_of,
    year_of,
)
from crm.staff import Employee, Role, service_ids_of
from crm.upsert import insert_missing
from crm.visibility import visible_to

__all__ = [
    "CONTACT_METHODS",
    "DRAFT",
    "SAVED",
    "JournalCounter",
    "JournalEntry",
    "entries",
    "entry_of_call",
    "fetch_entry",
    "follow_caller",
    "identity_confirmed",
    "new_draft",
    "open_draft",
    "readable_services",
    "save_draft",
    "save_entry",
    "values_of",
]

_REQUIRED = {
    "applicant_name": "Укажите, кто обратился (или «не назвался»).",
    "family_brief": "Укажите краткую информацию о семье.",
    "contact_method": "Выберите способ обращения.",
    "substance": "Запишите, с чем обратились.",
}


def save_draft(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, entry_id: int, fields: Mapping[str, Any], version: int, employee: Employee, at: datetime
) -> JournalEntry:
    """Keep what was typed so far. Raises StaleVersion, NotFound, or RecordsError for a row already saved."""
    entry = _own_entry(session, entry_id, employee)
    wanted = _cleaned(fields)
    if _same(entry, wanted):
        return entry
    _check_version(entry, version)
    if entry.state != DRAFT:
        raise RecordsError("Запись уже внесена в журнал.")
    _assign(entry, wanted)
    entry.draft_saved_at = at
    session.flush()
    return entry


def save_entry(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    entry_id: int,
    fields: Mapping[str, Any],
    version: int,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> JournalEntry:
    """Enter the row into the journal: number, end of the wrap-up, audit, all in one transaction.

    The same save again (a double click, a repeated request) returns the row as it is. Raises Incomplete with a
    sentence for each missing column, StaleVersion with the stored values, NotFound for a row of somebody else.
    """
    entry = _own_entry(session, entry_id, employee)
    wanted = _cleaned(fields)
    if entry.state == SAVED and _same(entry, wanted):
        return entry
    if not _same(entry, wanted):
        _check_version(entry, version)
    if entry.state == SAVED:
        raise RecordsError("Запись уже внесена в журнал.")
    complete = {field: wanted.get(field, getattr(entry, field)) for field in _REQUIRED}
    missing = {field: sentence for field, sentence in _REQUIRED.items() if not complete[field]}
    if missing:
        raise Incomplete(missing)
    _assign(entry, wanted)
    entry.year = year_of(session, entry.service_id, at)
    entry.number = _next_number(session, entry.service_id, entry.year)
    entry.state, entry.saved_at, entry.author_id = SAVED, at, employee.id
    entry.version += 1
    session.flush()
    if entry.call_id is not None:
        presence.end_wrapups_of(session, entry.call_id, at)
    write(
        session,
        Actor.of(employee, ip),
        "journal.save",
        subject="journal_entry",
        subject_id=entry.id,
        family_id=entry.family_id,
        details={"number": entry.number, "year": entry.year, "service": entry.service_id},
        at=at,
    )
    return entry


def _next_number(session: Session, service_id: int, year: int) -> int:
    insert_missing(session, JournalCounter, {"service_id": service_id, "year": year}, ["service_id", "year"])
    counter = update(JournalCounter).where(JournalCounter.service_id == service_id, JournalCounter.year == year)
    # The row stays locked until the commit, so the next saver waits; a rollback gives the number back.
    raised = counter.values(last=JournalCounter.last + 1).returning(JournalCounter.last)
    return session.execute(raised).scalar_one()


def _own_entry(session: Session, entry_id: int, employee: Employee) -> JournalEntry:
    """The author's row, or that of a call in which this employee took part; the head may complete any."""
    entry = fetch(session, JournalEntry, entry_id, lock=True)
    if entry is None:
        raise NotFound("Такой записи в журнале нет.")
    if entry.author_id == employee.id or employee.role in (Role.HEAD.value, Role.DIRECTOR.value):
        return entry
    call = session.get(CallRecord, entry.call_id) if entry.call_id else None
    if call is not None and any(leg.employee_id == employee.id and leg.answered_at for leg in call.legs):
        return entry
    raise NotFound("Такой записи в журнале нет.")


def _cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Take the form's fields as they may be stored; an unknown contact method is no contact method."""
    cleaned: dict[str, Any] = {}
    for field in FIELDS:
        if field not in fields:
            continue
        value = fields[field]
        if field == "obstacle":
            cleaned[field] = value if isinstance(value, bool) else None
        elif field in ("substance", "family_brief"):
            cleaned[field] = clean_text(str(value or ""))
        else:
            cleaned[field] = clean_line(str(value or ""), 200)
    if cleaned.get("contact_method", "phone") not in CONTACT_METHODS:
        cleaned["contact_method"] = ""
    return cleaned


def _same(entry: JournalEntry, wanted: Mapping[str, Any]) -> bool:
    return all(getattr(entry, field) == value for field, value in wanted.items())


def _check_version(entry: JournalEntry, version: int) -> None:
    if entry.version != version:
        raise StaleVersion(values_of(entry), entry.version)


def _assign(entry: JournalEntry, wanted: Mapping[str, Any]) -> None:
    if not _same(entry, wanted):
        for field, value in wanted.items():
            setattr(entry, field, value)
        entry.version += 1


def entry_of_call(session: Session, call_id: int) -> JournalEntry | None:
    """Return the call's row, draft or saved."""
    return session.scalars(of_call(call_id)).one_or_none()


def fetch_entry(session: Session, entry_id: int, employee: Employee) -> JournalEntry:
    """Return a row for reading. Raises NotFound where the employee works for another service or may not see the
    family.
    """
    entry = fetch(session, JournalEntry, entry_id)
    if entry is None or entry.service_id not in readable_services(session, employee):
        raise NotFound("Такой записи в журнале нет.")
    family = session.get(Family, entry.family_id) if entry.family_id else None
    if family is not None and not visible_to(session, family, employee) and entry.author_id != employee.id:
        raise NotFound("Такой записи в журнале нет.")
    return entry


def readable_services(session: Session, employee: Employee) -> set[int]:
    """Return the services whose journal this employee reads: the head and the director all, the operators their own."""
    if employee.role in (Role.HEAD.value, Role.DIRECTOR.value):
        return set(session.scalars(select(Service.id)))
    if employee.role in (Role.ADMINISTRATOR.value, Role.AUDITOR.value):
        return set()
    return set(service_ids_of(session, employee.id))


def entries(
    session: Session,
    service_id: int,
    *,
    year: int | None = None,
    drafts: bool = False,
    author_id: int | None = None,
    text: str = "",
    limit: int = 50,
    offset: int = 0,
) -> Sequence[JournalEntry]:
    """Return the journal's rows, newest number first; with `drafts`, the unfinished ones instead."""
    statement = select(JournalEntry).where(JournalEntry.service_id == service_id)
    statement = statement.where(JournalEntry.state == (DRAFT if drafts else SAVED))
    if year is not None:
        statement = statement.where(JournalEntry.year == year)
    if author_id is not None:
        statement = statement.where(JournalEntry.author_id == author_id)
    if line := clean_line(text):
        columns = (JournalEntry.applicant_name, JournalEntry.substance, JournalEntry.topic)
        statement = statement.where(or_(*(column.contains(line, autoescape=True) for column in columns)))
    order = (JournalEntry.year.desc(), JournalEntry.number.desc(), JournalEntry.id.desc())
    return session.scalars(statement.order_by(*order).limit(limit).offset(offset)).all()
