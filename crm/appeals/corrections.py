"""Correcting and annulling a row that is in the journal (domain.md §5.2): nothing that was written is lost.

A correction keeps the old value, its author, time and reason in `EntryChange`; an annulled row keeps its number and its
words and is printed struck through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.appeals import intake
from crm.appeals.rows import change, held, log, required, zone_of
from crm.appeals.states import Progress
from crm.appeals.tables import EntryChange
from crm.appeals.terms import is_late
from crm.appeals.wording import FIELD_TITLES, as_text
from crm.errors import Incomplete, RecordsError, StaleVersion
from crm.journal_tables import JournalEntry
from crm.staff import Employee, Role

CORRECTED = ("applicant_name", "family_brief", "contact_method", "substance", "topic", "occurred_at", "final_result")
"""What «Исправить» changes: columns 2–5, the topic, and column 7 once it is written."""


@dataclass(frozen=True)
class Changed:
    """One change for the page: old and new as people read them."""

    field: str
    title: str
    old: str
    new: str
    reason: str
    who: str
    at: datetime
    version: int


def correct(  # noqa: PLR0917 - a row, what, why, by whom, when: as in every verb
    session: Session,
    entry_id: int,
    fields: Mapping[str, Any],
    version: int,
    reason: str,
    employee: Employee,
    at: datetime,
    ip: str = "",
) -> JournalEntry:
    """Correct what was entered wrong. The same correction twice is one.

    Raises StaleVersion (with what changed since) when somebody corrected the same fields after the form was shown,
    Incomplete for an emptied column or without a reason, RecordsError for an annulled row.
    """
    entry = held(session, entry_id, employee)
    if entry.progress == Progress.ANNULLED:
        raise RecordsError("Запись аннулирована, исправить её нельзя.")
    known = intake.cleaned({field: fields[field] for field in CORRECTED if field in fields and field in _FORM})
    if "final_result" in fields and entry.final_result:
        known["final_result"] = clean_text(str(fields["final_result"] or ""))
    differing = {field: value for field, value in known.items() if getattr(entry, field) != value}
    if not differing:
        return entry
    since = [one for one in changes(session, entry_id) if one.version > version]
    if any(one.field in differing for one in since):
        raise StaleVersion({field: getattr(entry, field) for field in CORRECTED}, entry.version, since)
    missing = {field: sentence for field, sentence in _SENTENCES.items() if field in differing and not differing[field]}
    ground = clean_text(reason, 1000)
    if not ground:
        missing["reason"] = "Укажите, почему исправляете."
    if occurred := differing.get("occurred_at"):
        missing |= intake.check_occurred(occurred, at)
    if missing:
        raise Incomplete(missing)
    if entry.saved_at and occurred:
        entry.entered_late = is_late(occurred, entry.saved_at, zone_of(session, entry))
    changed = change(session, entry, differing, employee, at, ground)
    log(session, "journal.correct", entry, employee, at, ip, fields=changed)
    return entry


_FORM = frozenset(CORRECTED) - {"final_result"}
_SENTENCES = {
    **intake.REQUIRED,
    "occurred_at": "Укажите, когда обратились.",
    "final_result": "Конечный результат не может быть пустым.",
}


def annul(  # noqa: PLR0917 - as above
    session: Session, entry_id: int, reason: str, employee: Employee, at: datetime, ip: str = ""
) -> JournalEntry:
    """The row should not be there: it keeps its number and is printed «аннулировано: …» (§5.2).

    A row with a mark in column 8 is annulled by the head only: nobody annuls her own bad score. Raises Incomplete
    without a reason, RecordsError for such a row.
    """
    entry = held(session, entry_id, employee)
    if entry.progress == Progress.ANNULLED:
        return entry
    ground = required("Укажите причину аннулирования.", "reason", clean_text(reason, 1000))
    if entry.rating_mark and employee.role != Role.HEAD.value:
        raise RecordsError("Запись с оценкой аннулирует только заведующий.")
    values = {"progress": Progress.ANNULLED.value, "next_check_on": None}
    change(session, entry, values, employee, at, ground)
    entry.annulled_at, entry.annulled_by_id, entry.annul_reason = at, employee.id, ground
    session.flush()
    log(session, "journal.annul", entry, employee, at, ip)
    return entry


def changes(session: Session, entry_id: int) -> list[Changed]:
    """Every change since the row was entered, oldest first."""
    statement = (
        select(EntryChange, Employee)
        .join(Employee, Employee.id == EntryChange.employee_id)
        .where(EntryChange.entry_id == entry_id)
        .order_by(EntryChange.id)
    )
    return [_changed(one, who) for one, who in session.execute(statement)]


def _changed(one: EntryChange, who: Employee) -> Changed:
    title = FIELD_TITLES.get(one.field, one.field)
    return Changed(one.field, title, one.old, one.new, one.reason, who.short_name, one.at, one.version)


def first_words(session: Session, history: Sequence[Changed], entry: JournalEntry) -> dict[str, str]:
    """What stood in each corrected column when the row was entered, where it reads otherwise now."""
    found: dict[str, str] = {}
    for one in history:
        if one.field in _FORM:
            found.setdefault(one.field, one.old)
    now = {field: as_text(session, entry, field, getattr(entry, field)) for field in found}
    return {field: text for field, text in found.items() if text != now[field]}
