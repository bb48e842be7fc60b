"""What a destruction takes and what a rule keeps: counted for the preview and the act, emptied for the act alone."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from crm.appeals.held import ENTRY
from crm.base import Base
from crm.call_held import CALL
from crm.cards.held import CHANGES, CHOICE, FAMILY, HEALTH, NEED, PERSON, PHONE, RISK, STATUS
from crm.cards.tables import CardChange, FamilyMerge
from crm.consents.grounds import GONE
from crm.consents.held import CONSENT, REQUEST
from crm.consents.holdings import Holding, Subject, at_years, cards_of, everybody_on
from crm.consents.tables import Consent
from crm.family_tables import CallerChoice, Family, Person
from crm.journal_tables import DRAFT, SAVED, JournalEntry
from crm.papers import forgetting
from crm.papers.tables import ExportedFile
from crm.recordings.held import RECORDING
from crm.recordings.tables import Recording, RecordingState

JOURNAL_YEARS, CALL_YEARS, CONSENT_YEARS, ACT_YEARS = 5, 3, 3, 3
"""Terms of keeping (domain.md §4.4)."""
OF_FAMILIES = ("journal", "registry")
"""Exports that name people."""

_ON_CARD: dict[str, tuple[Holding, ...]] = {
    "family": (PERSON, PHONE, FAMILY, STATUS, NEED, RISK, HEALTH, CHANGES),
    "person": (PERSON, PHONE, HEALTH, CHANGES),
    "health": (HEALTH, CHANGES),
}
_DESTROYED = {"state": RecordingState.DELETING.value, "deleted_rule": "персональные данные уничтожены по акту"}
_DRAFT: dict[str, Any] = {
    "applicant_name": "",
    "family_brief": "",
    "substance": "",
    "no_measure_reason": "",
    "measures": "",
    "final_result": "",
    "obstacles": [],
    "need": {},
}


@dataclass(frozen=True)
class Plan:
    """What an act would say: titles with counts, and what stays with ground and term."""

    destroyed: list[dict[str, Any]]
    kept: list[dict[str, Any]]


def plan(session: Session, family: Family, scope: str, person: Person | None, at: datetime) -> Plan:
    """Return what would be destroyed and kept now, without touching anything."""
    subject = _subject(session, family, scope, person)
    destroyed = [
        {"title": one.title, "rows": rows}
        for one in _ON_CARD[scope]
        if (rows := _count(session, one.model, _where(one, subject, scope)))
    ]
    if scope != "health":
        for title, model, condition in _beside(subject):
            if rows := _count(session, model, condition):
                destroyed.append({"title": title, "rows": rows})
    return Plan(destroyed, _kept(session, subject, at) if scope != "health" else [])


def _subject(session: Session, family: Family, scope: str, person: Person | None) -> Subject:
    if scope == "family" or person is None:
        return everybody_on(session, family)
    return Subject(cards_of(session, family.id), (person.id,), applicant=False)


def _where(holding: Holding, subject: Subject, scope: str) -> ColumnElement[bool]:
    """The rows of one table that destruction empties."""
    mine = holding.mine(subject)
    if holding is CHANGES:
        return mine & (CardChange.subject == "health") if scope == "health" else mine
    return mine


def _beside(subject: Subject) -> list[tuple[str, type[Base], ColumnElement[bool]]]:
    """What lies outside the card: rows that are removed or emptied in part."""
    drafts = (JournalEntry.state == DRAFT) & ENTRY.mine(subject)
    return [
        ("Черновики обращений", JournalEntry, drafts),
        ("Имя звонившего в сети связи", CALL.model, CALL.mine(subject)),
        (CHOICE.title, CallerChoice, CHOICE.mine(subject)),
        (RECORDING.title, Recording, _recordings(subject) & Recording.held_at.is_(None)),
        ("Причины объединения карточек", FamilyMerge, _merges(subject)),
    ]


def _recordings(subject: Subject) -> ColumnElement[bool]:
    """Recordings that have a file, or soon will."""
    there = (RecordingState.RECORDING.value, RecordingState.STORING.value, RecordingState.STORED.value)
    return RECORDING.mine(subject) & Recording.state.in_(there)


def _merges(subject: Subject) -> ColumnElement[bool]:
    cards = subject.families if subject.whole else ()
    return or_(FamilyMerge.kept_id.in_(cards), FamilyMerge.merged_id.in_(cards))


def empty(session: Session, family: Family, scope: str, person: Person | None) -> None:
    """Overwrite what `plan` counts. Only for the act's own transaction."""
    subject = _subject(session, family, scope, person)
    _wipe(session, subject, scope)
    if scope != "health":
        _wipe_beside(session, subject)
    session.expire_all()


def _wipe(session: Session, subject: Subject, scope: str) -> None:
    # Rows that are found through other rows go first: a change is known by its telephone, a telephone by its person.
    for holding in reversed(_ON_CARD[scope]):
        session.execute(
            update(holding.model).where(_where(holding, subject, scope)).values(**holding.wiped),
            execution_options={"synchronize_session": False},
        )


def _wipe_beside(session: Session, subject: Subject) -> None:
    for model, condition, values in (
        (JournalEntry, (JournalEntry.state == DRAFT) & ENTRY.mine(subject), _DRAFT),
        (CALL.model, CALL.mine(subject), dict(CALL.wiped)),
        (FamilyMerge, _merges(subject), {"reason": GONE}),
        # The files go a moment later (workers.recordings): first what shall be, then the deed.
        (Recording, _recordings(subject) & Recording.held_at.is_(None), _DESTROYED),
    ):
        session.execute(
            update(model).where(condition).values(**values), execution_options={"synchronize_session": False}
        )
    session.execute(delete(CallerChoice).where(CHOICE.mine(subject)), execution_options={"synchronize_session": False})


def _kept(session: Session, subject: Subject, at: datetime) -> list[dict[str, Any]]:
    """What stays by a rule, with its ground and last day."""
    saved = (JournalEntry.state == SAVED) & ENTRY.mine(subject)
    last_year = session.scalar(select(func.max(JournalEntry.year)).where(saved))
    last_call = session.scalar(select(func.max(CALL.model.arrived_at)).where(CALL.mine(subject)))  # type: ignore[attr-defined]
    held = _recordings(subject) & Recording.held_at.is_not(None)
    held_until = session.scalar(select(func.max(Recording.keep_until)).where(held))
    terms: list[tuple[Holding, ColumnElement[bool], date | None]] = [
        (ENTRY, saved, date(last_year + JOURNAL_YEARS, 12, 31) if last_year else None),
        (CALL, CALL.mine(subject), at_years(last_call, CALL_YEARS).date() if last_call else None),
        (CONSENT, CONSENT.mine(subject), at_years(_consents_ended(session, subject, at), CONSENT_YEARS).date()),
        (REQUEST, REQUEST.mine(subject), at_years(at, ACT_YEARS).date()),
        (RECORDING, held, held_until.date() if held_until else None),
    ]
    kept = [
        {"title": one.title, "rows": rows, "ground": one.kept, "until": until.isoformat()}
        for one, condition, until in terms
        if until is not None and (rows := _count(session, one.model, condition))
    ]
    return [*kept, *_exports(session)]


def _exports(session: Session) -> list[dict[str, Any]]:
    """Excel files made before, in which the family may stand: they go by themselves a week after they were made."""
    mine = (ExportedFile.stored_as != "") & ExportedFile.kind.in_(OF_FAMILIES) & ExportedFile.made_at.is_not(None)
    rows = _count(session, ExportedFile, mine)
    last = session.scalar(select(func.max(ExportedFile.made_at)).where(mine))
    if last is None:
        return []
    ground = "могли войти в выгруженный файл; файл удаляется сам через неделю"
    until = (last + forgetting.KEPT).date().isoformat()
    return [{"title": "Файлы выгрузок на сервере", "rows": rows, "ground": ground, "until": until}]


def _consents_ended(session: Session, subject: Subject, at: datetime) -> datetime:
    """A consent ends with its withdrawal, at the latest with the data."""
    last = session.scalar(select(func.max(Consent.withdrawn_at)).where(CONSENT.mine(subject)))
    return max(last, at) if last else at


def _count(session: Session, model: type[Base], condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(model).where(condition)) or 0
