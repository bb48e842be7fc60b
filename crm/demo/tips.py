"""Demo tips: one open where nobody answers, one that ended with a talk (domain.md §10.3; all invented)."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.calendar.reading import calendar_of
from crm.family_tables import Family
from crm.journal_tables import JournalEntry
from crm.tips import clock
from crm.tips.rules import key_of
from crm.tips.tables import Tip, TipAttempt, TipInformant, TipReport

SUBSTANCE = "Из школы: младший третий день не на занятиях, дома не отвечают."
"""The journal row of the demo that the open tip belongs to (`crm.demo.journal_cases`)."""
DONE = "Из школы сообщили, что детям не в чем ходить на занятия."
_WORDS = {
    SUBSTANCE: ("Классный руководитель Пенкина Раиса Львовна", "школа № 2", "+7 907 000-99-61"),
    DONE: ("Социальный педагог Чижова Инна Петровна", "школа № 2", "+7 907 000-99-62"),
}


def load_tips(session: Session, at: datetime) -> None:
    """Add the two as of `at` (UTC), on the rows that the demo's journal has; nothing where there are tips already."""
    if session.scalars(select(Tip.id).limit(1)).first() is not None:
        return
    _open(session, at)
    _done(session)
    session.flush()


def _open(session: Session, at: datetime) -> None:
    """Nobody answered three times, a letter went out, somebody goes there on the next working day."""
    entry = _entry(session, SUBSTANCE)
    if entry is None or entry.saved_at is None:
        return
    taken_at = entry.occurred_at or entry.saved_at
    tip = _tip(session, entry, taken_at)
    tip.open_key = key_of(entry.service_id, entry.family_id, tip.numbers)
    tip.letter_how, tip.letter_at, tip.letter_by_id = "letter", taken_at + timedelta(minutes=70), entry.author_id
    tip.visit_on = clock.next_working_day(session, entry.service_id, at)
    tip.visit_due_at = clock.end_of(calendar_of(session, entry.service_id), tip.visit_on)
    tip.head_told_at, tip.head_why = taken_at + timedelta(minutes=75), "unreached"
    session.flush()
    _report(session, tip, SUBSTANCE)
    for minutes, result in ((9, "no_answer"), (34, "no_answer"), (66, "busy")):
        tried_at = taken_at + timedelta(minutes=minutes)
        session.add(TipAttempt(tip_id=tip.id, employee_id=entry.author_id, at=tried_at, result=result))


def _done(session: Session) -> None:
    entry = _entry(session, DONE)
    if entry is None or entry.saved_at is None:
        return
    taken_at = entry.occurred_at or entry.saved_at
    tip = _tip(session, entry, taken_at)
    ended_at = taken_at + timedelta(minutes=50)
    tip.ended_at, tip.ended_how, tip.ended_by_id = ended_at, "talk", entry.author_id
    tip.talked_at, tip.talked_with = ended_at, entry.applicant_name
    session.flush()
    _report(session, tip, DONE)


def _entry(session: Session, substance: str) -> JournalEntry | None:
    rows = select(JournalEntry).where(JournalEntry.substance == substance, JournalEntry.contact_method == "third_party")
    return session.scalars(rows.order_by(JournalEntry.id.desc())).first()


def _tip(session: Session, entry: JournalEntry, taken_at: datetime) -> Tip:
    first, reach = clock.deadlines(calendar_of(session, entry.service_id), taken_at)
    family = session.get(Family, entry.family_id) if entry.family_id else None
    tip = Tip(
        service_id=entry.service_id,
        entry_id=entry.id,
        family_id=entry.family_id,
        about_name=family.name if family else "",
        about_address="",
        numbers=[],
        taken_at=taken_at,
        taken_by_id=entry.author_id,
        first_due_at=first,
        reach_due_at=reach,
    )
    session.add(tip)
    return tip


def _report(session: Session, tip: Tip, words: str) -> None:
    report = TipReport(tip_id=tip.id, at=tip.taken_at, taken_by_id=tip.taken_by_id, words=words)
    session.add(report)
    session.flush()
    name, organisation, phone = _WORDS[words]
    session.add(
        TipInformant(report_id=report.id, name=name, organisation=organisation, phone=phone, stays_unknown=True)
    )
