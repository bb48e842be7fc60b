"""«Журнал учёта обращений»: columns 1–5 of the statutory journal (domain.md B-10, B-17, §5.2).

A talk opens a draft (`journal_drafts`); typing saves it; saving it gives the next number of the service's year, without
gaps, in the same transaction that ends the wrap-up. Nothing is ever deleted. Everybody else imports this module only.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import presence
from crm.appeals import intake, work
from crm.appeals.access import fetch_entry, readable_services
from crm.appeals.needs import note_need
from crm.appeals.states import Progress
from crm.appeals.terms import is_late
from crm.appointments import linking
from crm.audit import Actor, write
from crm.base import fetch
from crm.calendar.reading import calendar_of
from crm.call_tables import CallRecord
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.journal_drafts import follow_caller, identity_confirmed, name_applicant, new_draft, open_draft
from crm.journal_tables import (
    CONTACT_METHODS,
    DRAFT,
    SAVED,
    JournalCounter,
    JournalEntry,
    of_call,
    values_of,
    year_of,
    zone_of_service,
)
from crm.search.journal import reindex_entry
from crm.specialists import consultations, dispositions
from crm.staff import Employee, Role
from crm.upsert import insert_missing

__all__ = [
    "CONTACT_METHODS",
    "DRAFT",
    "SAVED",
    "JournalCounter",
    "JournalEntry",
    "entry_of_call",
    "entry_of_form",
    "fetch_entry",
    "follow_caller",
    "identity_confirmed",
    "name_applicant",
    "new_draft",
    "open_draft",
    "readable_services",
    "save_draft",
    "save_entry",
    "values_of",
]


def save_draft(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, entry_id: int, fields: Mapping[str, Any], version: int, employee: Employee, at: datetime
) -> JournalEntry:
    """Keep what was typed so far. Raises StaleVersion, NotFound, or RecordsError for a row already saved."""
    entry = _own_entry(session, entry_id, employee)
    wanted = intake.cleaned(fields)
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
    wanted = intake.cleaned(fields)
    if entry.state == SAVED and _same(entry, _given(wanted)):
        return entry
    if not _same(entry, wanted):
        _check_version(entry, version)
    if entry.state == SAVED:
        raise RecordsError("Запись уже внесена в журнал.")
    wanted = _completed(session, entry, wanted, employee, at)
    _assign(entry, wanted)
    entry.year = year_of(session, entry.service_id, at)
    entry.number = _next_number(session, entry.service_id, entry.year)
    entry.state, entry.saved_at, entry.author_id = SAVED, at, employee.id
    entry.progress = Progress.NEW.value
    entry.entered_late = is_late(wanted["occurred_at"], at, zone_of_service(session, entry.service_id))
    entry.version += 1
    session.flush()
    consultation = consultations.note(session, entry, employee, at, ip)
    if entry.explained and (consultation is None or consultation.kind != "answered"):
        work.note_explained(session, entry, employee, at)
    reindex_entry(session, entry)
    note_need(session, entry, employee, at, ip)
    linking.entry_saved(session, entry, employee, at, ip=ip)
    if entry.call_id is not None:
        dispositions.note_saved(session, entry, employee, at)
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


def _completed(
    session: Session, entry: JournalEntry, wanted: Mapping[str, Any], employee: Employee, at: datetime
) -> dict[str, Any]:
    """The fields as they will stand, with the defaults of an open row: the author answers for it and looks at it again
    on the next working day. Raises Incomplete with a sentence for each field that is missing or cannot be.
    """
    whole = {**values_of(entry), **wanted}
    today = at.astimezone(zone_of_service(session, entry.service_id)).date()
    whole["occurred_at"] = whole["occurred_at"] or at
    whole["responsible_id"] = whole["responsible_id"] or employee.id
    if not whole["next_check_on"]:
        whole["next_check_on"] = calendar_of(session, entry.service_id).next_working_day(today)
    missing = {field: sentence for field, sentence in intake.REQUIRED.items() if not whole[field]}
    whole["obstacles"], unnamed = intake.obstacles_of(whole["obstacle"], whole["obstacles"])
    whole["need"], unknown = intake.check_need(session, whole["need"])
    whole["consultation"], lacking = consultations.check(session, entry.service_id, whole["consultation"])
    missing |= unnamed | unknown | lacking | intake.check_occurred(whole["occurred_at"], at)
    missing |= intake.check_control(session, whole["responsible_id"], whole["next_check_on"], today)
    if missing:
        raise Incomplete(missing)
    return whole


def _same(entry: JournalEntry, wanted: Mapping[str, Any]) -> bool:
    return all(getattr(entry, field) == value for field, value in wanted.items())


def _given(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Without the fields that were left to their defaults: saved, they hold what the program put there."""
    return {field: value for field, value in wanted.items() if value is not None or field == "obstacle"}


def _check_version(entry: JournalEntry, version: int) -> None:
    if entry.version != version:
        raise StaleVersion(values_of(entry), entry.version)


def _assign(entry: JournalEntry, wanted: Mapping[str, Any]) -> None:
    if not _same(entry, wanted):
        for field, value in wanted.items():
            setattr(entry, field, value)
        entry.version += 1


def entry_of_form(session: Session, form_key: str) -> JournalEntry | None:
    """Return the row that a page's form made, draft or saved."""
    return session.scalars(select(JournalEntry).where(JournalEntry.form_key == form_key)).one_or_none()


def entry_of_call(session: Session, call_id: int) -> JournalEntry | None:
    """Return the call's row, draft or saved."""
    return session.scalars(of_call(call_id)).one_or_none()
