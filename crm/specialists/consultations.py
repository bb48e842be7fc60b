"""The consultation record of a journal row (A-9): written once, printed in column 6 as a measure of the same words.

It is filled in with the appeal (`JournalEntry.consultation` keeps the draft) and made when the row is saved, or added
on the row's page later. A row has one consultation that holds; it holds as long as its measure is not annulled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.appeals import work
from crm.appeals.rows import change, log, measures_of, working
from crm.appeals.states import Progress
from crm.appeals.tables import AppealMeasure
from crm.base import fetch
from crm.directory import DirectoryEntry
from crm.errors import Incomplete, RecordsError
from crm.journal_tables import JournalEntry
from crm.specialists import competence
from crm.specialists.consultation_rules import KINDS, cleaned, is_begun, measure_words, missing
from crm.specialists.tables import CompetenceTopic, Consultation
from crm.staff import Employee, Role


@dataclass(frozen=True)
class ConsultationLine:
    """A consultation as a page shows it. `holds`: its measure is not annulled."""

    consultation: Consultation
    topic: str
    kind: str
    place: str
    specialist: str
    by: str
    holds: bool


def check(session: Session, service_id: int, given: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """The consultation as stored, and a sentence for each field that is missing or points at nothing (A-9)."""
    wanted = cleaned(given)
    if not is_begun(wanted):
        return wanted, {}
    wrong = missing(wanted)
    if "topic" in wanted and not competence.is_offered(session, wanted["topic"], service_id):
        wrong["consultation_topic"] = "Выберите тему из списка."
    if "where" in wanted and fetch(session, DirectoryEntry, wanted["where"]) is None:
        wrong["consultation_where"] = "Выберите организацию из справочника."
    if "specialist" in wanted and not _is_specialist(fetch(session, Employee, wanted["specialist"])):
        wrong["consultation_specialist"] = "Выберите специалиста."
    return wanted, wrong


def note(session: Session, entry: JournalEntry, employee: Employee, at: datetime, ip: str = "") -> Consultation | None:
    """The row is being saved: make the consultation that was filled in with it. None: there was none."""
    wanted = entry.consultation or {}
    if not is_begun(wanted):
        return None
    return holding(session, entry.id) or _make(session, entry, wanted, employee, at, ip)


def record(
    session: Session, entry_id: int, given: Mapping[str, Any], employee: Employee, at: datetime, *, ip: str = ""
) -> Consultation:
    """Add the consultation to a saved row that is being worked at; the same again is the one that is there.

    Raises Incomplete by field, RecordsError where the row has another consultation, NotFound as `working` does.
    """
    entry = working(session, entry_id, employee)
    wanted, wrong = check(session, entry.service_id, given)
    if not is_begun(wanted):
        wrong |= {"consultation_kind": "Выберите, чем закончилась консультация."}
    if wrong:
        raise Incomplete(wrong)
    known = holding(session, entry.id)
    if known is not None and cleaned(entry.consultation) == wanted:
        return known
    if known is not None:
        raise RecordsError("Консультация по этому обращению уже записана. Чтобы исправить, аннулируйте её меру.")
    entry.consultation = wanted
    made = _make(session, entry, wanted, employee, at, ip)
    if entry.progress == Progress.NEW:
        change(session, entry, {"progress": Progress.IN_WORK.value}, employee, at)
    return made


def holding(session: Session, entry_id: int) -> Consultation | None:
    """The row's consultation whose measure is not annulled."""
    statement = select(Consultation).join(AppealMeasure, AppealMeasure.id == Consultation.measure_id)
    statement = statement.where(Consultation.entry_id == entry_id, AppealMeasure.annulled_at.is_(None))
    return session.scalars(statement.order_by(Consultation.id)).first()


def of_entry(session: Session, entry_id: int) -> list[ConsultationLine]:
    """Every consultation of a row that the reader may read, those taken back too, in their order."""
    statement = select(Consultation).where(Consultation.entry_id == entry_id).order_by(Consultation.id)
    rows = session.scalars(statement).all()
    annulled = {one.id for one in measures_of(session, entry_id) if one.annulled_at} if rows else set()
    return [_line(session, one, holds=one.measure_id not in annulled) for one in rows]


def entry_places(session: Session) -> Sequence[DirectoryEntry]:
    """Where an applicant may be sent: the whole directory, by name."""
    return session.scalars(select(DirectoryEntry).order_by(DirectoryEntry.name)).all()


def entry_specialists(session: Session) -> Sequence[Employee]:
    """To whom an applicant may be connected or booked, by surname."""
    statement = select(Employee).where(Employee.active, Employee.role == Role.SPECIALIST.value)
    return session.scalars(statement.order_by(Employee.surname, Employee.name)).all()


def _make(  # noqa: PLR0917 - a row, what, by whom, when: as in every verb
    session: Session, entry: JournalEntry, wanted: Mapping[str, Any], employee: Employee, at: datetime, ip: str
) -> Consultation:
    kind = KINDS[wanted["kind"]]
    topic = session.get_one(CompetenceTopic, wanted["topic"])
    place = fetch(session, DirectoryEntry, wanted.get("where", 0))
    specialist = fetch(session, Employee, wanted.get("specialist", 0))
    person = f"{specialist.short_name}, {specialist.position}".rstrip(", ") if specialist else ""
    remote = bool(wanted.get("remote"))
    text, details = measure_words(
        kind, topic.title, wanted.get("answer", ""), place.name if place else "", person, remote=remote
    )
    measure = work.note_measure(session, entry, kind.measure, details, text, employee, at)
    made = Consultation(
        entry_id=entry.id,
        measure_id=measure.id,
        call_id=entry.call_id,
        family_id=entry.family_id,
        person_id=entry.person_id,
        topic_id=topic.id,
        kind=kind.code,
        answer=wanted.get("answer", ""),
        channel=entry.contact_method,
        directory_entry_id=place.id if place and kind.asks == "where" else None,
        specialist_id=specialist.id if specialist and kind.asks == "specialist" else None,
        remote_told=remote,
        employee_id=employee.id,
        at=at,
    )
    session.add(made)
    session.flush()
    log(session, "consultation.note", entry, employee, at, ip, consultation=made.id)
    return made


def _line(session: Session, one: Consultation, *, holds: bool) -> ConsultationLine:
    topic, employee = session.get(CompetenceTopic, one.topic_id), session.get(Employee, one.employee_id)
    place = session.get(DirectoryEntry, one.directory_entry_id) if one.directory_entry_id else None
    specialist = session.get(Employee, one.specialist_id) if one.specialist_id else None
    return ConsultationLine(
        consultation=one,
        topic=topic.title if topic else "",
        kind=KINDS[one.kind].title if one.kind in KINDS else one.kind,
        place=place.name if place else "",
        specialist=specialist.short_name if specialist else "",
        by=employee.short_name if employee else "",
        holds=holds,
    )


def _is_specialist(employee: Employee | None) -> bool:
    return employee is not None and employee.active and employee.role == Role.SPECIALIST.value
