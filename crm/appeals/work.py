"""Measures: what was done for the applicant and what is agreed (column 6; B-24, B-27…B-31)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.appeals.kinds import KINDS, Kind, cleaned, missing, overlap, sentence_of
from crm.appeals.rows import change, log, measures_of, required, working, zone_of
from crm.appeals.states import Progress
from crm.appeals.tables import AppealMeasure
from crm.base import fetch
from crm.errors import Incomplete, NotFound, RecordsError
from crm.institution import Institution
from crm.journal_tables import JournalEntry
from crm.search.journal import reindex_entry
from crm.staff import Employee

__all__ = [
    "KINDS",
    "add_measure",
    "annul_measure",
    "finish_measure",
    "note_explained",
    "note_measure",
    "print_measures",
]


def add_measure(  # noqa: PLR0917 - a row, what, by whom, when: as in every verb
    session: Session,
    entry_id: int,
    kind: str,
    text: str,
    details: Mapping[str, Any],
    planned_on: date | None,
    done: bool,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> AppealMeasure:
    """Write a measure into the row; a new appeal is in work from then on.

    `planned_on` is a day of the institution. The same measure written twice on one day by the same person is one
    (a form sent twice). Raises Incomplete by field, RecordsError where a car or a worker is already engaged.
    """
    entry = working(session, entry_id, employee)
    chosen = KINDS.get(kind)
    if chosen is None:
        raise Incomplete({"kind": "Выберите вид меры."})
    facts = cleaned(chosen, details)
    planned = planned_on if chosen.day else None
    lacking = missing(chosen, facts, planned)
    if lacking:
        raise Incomplete(lacking)
    words = sentence_of(chosen, facts, planned, clean_text(text, 2000))
    today = at.astimezone(zone_of(session, entry)).date()
    for one in measures_of(session, entry.id):
        same_day = one.at.astimezone(zone_of(session, entry)).date() == today
        if same_day and one.annulled_at is None and (one.kind, one.text, one.employee_id) == (kind, words, employee.id):
            return one
    if chosen.busy and planned is not None:
        _check_free(session, chosen, facts, planned)
    measure = AppealMeasure(
        entry_id=entry.id,
        kind=kind,
        text=words,
        details=facts,
        planned_on=planned,
        done_at=at if done else None,
        employee_id=employee.id,
        at=at,
    )
    session.add(measure)
    session.flush()
    if entry.progress == Progress.NEW:
        change(session, entry, {"progress": Progress.IN_WORK.value}, employee, at)
    print_measures(session, entry)
    log(session, "measure.add", entry, employee, at, ip, measure=measure.id, kind=kind, done=done)
    return measure


def note_explained(session: Session, entry: JournalEntry, employee: Employee, at: datetime) -> None:
    """«Порядок разъяснён» was ticked at intake: the first measure of column 6 (B-21)."""
    note_measure(session, entry, "explained", {}, "", employee, at)


def note_measure(  # noqa: PLR0917 - as above
    session: Session,
    entry: JournalEntry,
    kind: str,
    details: Mapping[str, Any],
    text: str,
    employee: Employee,
    at: datetime,
) -> AppealMeasure:
    """A measure that follows from what is just being written down, done at `at`; the row's state stays as it is.

    The caller holds the row, has checked what the kind asks for, and does this once.
    """
    facts = cleaned(KINDS[kind], details)
    measure = AppealMeasure(
        entry_id=entry.id,
        kind=kind,
        text=sentence_of(KINDS[kind], facts, None, clean_text(text, 3000)),
        details=facts,
        planned_on=None,
        done_at=at,
        employee_id=employee.id,
        at=at,
    )
    session.add(measure)
    print_measures(session, entry)
    return measure


def finish_measure(
    session: Session, measure_id: int, employee: Employee, at: datetime, *, ip: str = "", note: str = ""
) -> AppealMeasure:
    """The measure was carried out; `note` says how. Done already: nothing changes."""
    measure, entry = _measure(session, measure_id, employee)
    if measure.done_at is not None:
        return measure
    measure.done_at = at
    words = clean_text(note, 1000).rstrip(" .")
    if words:
        measure.text = f"{measure.text}. {words}"
    print_measures(session, entry)
    log(session, "measure.done", entry, employee, at, ip, measure=measure.id, kind=measure.kind)
    return measure


def annul_measure(
    session: Session, measure_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = ""
) -> AppealMeasure:
    """Written by mistake, or called off: it stays in the history and leaves column 6. Raises Incomplete without a
    reason."""
    measure, entry = _measure(session, measure_id, employee, annulled_too=True)
    if measure.annulled_at is not None:
        return measure
    measure.annulled_reason = required("Укажите причину.", "reason", clean_text(reason, 1000))
    measure.annulled_at, measure.annulled_by_id = at, employee.id
    print_measures(session, entry)
    log(session, "measure.annul", entry, employee, at, ip, measure=measure.id, kind=measure.kind)
    return measure


def print_measures(session: Session, entry: JournalEntry, *, reindex: bool = True) -> None:
    """Make column 6 anew from its measures: «12.11.2026. …; 13.11.2026. …»; what is agreed says for which day.

    `reindex=False`: whoever enters many rows at once indexes them himself.
    """
    session.flush()
    zone = zone_of(session, entry)
    printed = []
    for one in measures_of(session, entry.id):
        if one.annulled_at is not None:
            continue
        words = one.text if one.done_at else f"Назначено: {one.text[:1].lower()}{one.text[1:]}"
        printed.append(f"{(one.done_at or one.at).astimezone(zone):%d.%m.%Y}. {words}")
    if entry.no_measure_reason:
        printed.append(f"Иные меры не принимались: {entry.no_measure_reason.rstrip('.')}")
    text = "; ".join(printed)
    if entry.measures != text:
        entry.measures = text
        entry.version += 1
        if reindex:
            reindex_entry(session, entry)


def _measure(
    session: Session, measure_id: int, employee: Employee, *, annulled_too: bool = False
) -> tuple[AppealMeasure, JournalEntry]:
    known = fetch(session, AppealMeasure, measure_id)
    if known is None:
        raise NotFound("Такой меры нет.")
    entry = working(session, known.entry_id, employee)  # the row is locked before what hangs on it, everywhere
    measure = session.get_one(AppealMeasure, measure_id, populate_existing=True)
    if measure.annulled_at is not None and not annulled_too:
        raise RecordsError("Мера аннулирована.")
    return measure, entry


def _check_free(session: Session, kind: Kind, facts: Mapping[str, str], planned: date) -> None:
    """Refuse a car, a driver or a worker who is engaged at that time (B-30). Says nothing about the other family."""
    # One who engages at a time: otherwise two could find the same car free. SQLite has one writer anyway.
    session.scalars(select(Institution).order_by(Institution.id).limit(1).with_for_update(key_share=True)).first()
    others = select(AppealMeasure).where(
        AppealMeasure.planned_on == planned,
        AppealMeasure.kind == kind.code,
        AppealMeasure.annulled_at.is_(None),
        AppealMeasure.done_at.is_(None),
    )
    taken: dict[str, str] = {}
    for other in session.scalars(others.execution_options(populate_existing=True)):
        for name in kind.busy:
            mine, theirs = facts.get(name, "").casefold(), str(other.details.get(name, "")).casefold()
            if mine and mine == theirs and overlap(facts, other.details):
                start, end = other.details.get("start"), other.details.get("end")
                when = f"с {start} до {end}" if start and end else "на весь день"
                taken[name] = f"Уже занято {planned:%d.%m.%Y} {when}. Выберите другое время или другого исполнителя."
    if taken:
        raise Incomplete(taken)
