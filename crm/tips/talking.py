"""The one thing that stops the clock: somebody has talked with an adult of the family (domain.md §6.3).

From then on it is an appeal like any other, in the same row of the journal (B-33).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callflow.names import full_name
from callflow.text import clean_line, clean_text
from crm.appeals.rows import change
from crm.appeals.states import WORKING, Progress
from crm.appeals.work import finish_measure, note_measure
from crm.base import fetch
from crm.calendar.reading import calendar_of
from crm.call_tables import CallLegRecord, CallRecord
from crm.errors import Incomplete, RecordsError
from crm.family_tables import Family, Person
from crm.journal_tables import JournalEntry
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee, Role
from crm.tips.access import card_of, working
from crm.tips.log import log
from crm.tips.rules import TALKS, is_adult
from crm.tips.tables import Tip, TipAttempt, TipInformant

BY_TALK, BY_HEAD = "talk", "head"
MOST_CALLS = 8
_MEASURE = {
    "call": "Поговорили с семьёй по телефону",
    "phone": "Поговорили с семьёй по телефону",
    "visit": "Поговорили с семьёй дома",
    "office": "Поговорили с семьёй на приёме",
}


@dataclass(frozen=True)
class Talk:
    """«Поговорили со взрослым: кто». `call_id`: the call it was, for how = call; `adult`: she confirms the age of
    somebody who is not on the card.
    """

    how: str
    who: str = ""
    person_id: int | None = None
    adult: bool = False
    call_id: int | None = None
    note: str = ""


def talks_of(session: Session, tip: Tip, employee: Employee) -> Sequence[CallRecord]:
    """The calls, in either direction, that may have been the talk: answered since the tip came, hers or placed for this
    tip, and not the one in which somebody told us. Newest first.
    """
    hers = select(CallLegRecord.call_id).where(
        CallLegRecord.employee_id == employee.id, CallLegRecord.answered_at.is_not(None)
    )
    placed = (
        select(OutgoingCall.call_id)
        .join(TipAttempt, TipAttempt.order_id == OutgoingCall.id)
        .where(TipAttempt.tip_id == tip.id, OutgoingCall.call_id.is_not(None))
    )
    told = select(TipInformant.call_id).where(TipInformant.call_id.is_not(None))
    statement = select(CallRecord).where(
        CallRecord.answered_at >= tip.taken_at,
        or_(CallRecord.id.in_(hers), CallRecord.id.in_(placed)),
        CallRecord.id.not_in(told),
    )
    return session.scalars(
        statement.order_by(CallRecord.answered_at.desc(), CallRecord.id.desc()).limit(MOST_CALLS)
    ).all()


def adults_of(family: Family | None, at: datetime) -> list[Person]:
    """Who of the card is of age."""
    return [one for one in family.members if is_adult(one.birth_date, at.date())] if family else []


def talked(session: Session, tip_id: int, talk: Talk, employee: Employee, at: datetime, *, ip: str = "") -> Tip:
    """Stop the clock; the journal row is the family's from now on. The same talk again changes nothing.

    Raises Incomplete by field, NotFound, RecordsError for a tip that ended otherwise.
    """
    tip = working(session, tip_id, employee)
    if tip.ended_at is not None:
        if tip.ended_how == BY_TALK:
            return tip
        raise RecordsError("Работа по этой информации закончена.")
    family = card_of(session, tip, employee)
    person, who, call = _checked(session, tip, talk, family, employee, at)
    tip.talked_at = (call.answered_at if call else None) or at
    tip.talked_with, tip.talked_person_id = who, person.id if person else None
    tip.ended_call_id = call.id if call else None
    _end(tip, BY_TALK, talk.note, employee, at)
    _go_on(session, tip, talk, person, who, employee, at, ip)
    log(session, "tip.talked", tip, employee, at, ip, how=talk.how, **({"call": call.id} if call else {}))
    session.flush()
    return tip


def given_up(session: Session, tip_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = "") -> Tip:
    """The head ends a tip that no talk can end (no such family, taken over by the police); the row stays in work.

    Raises Incomplete without a reason, RecordsError for anybody else and for a tip that is over, NotFound.
    """
    tip = working(session, tip_id, employee)
    if employee.role != Role.HEAD.value:
        raise RecordsError("Закончить работу без разговора с семьёй может только заведующий.")
    words = clean_text(reason, 500)
    if tip.ended_at is not None:
        if (tip.ended_how, tip.end_note) == (BY_HEAD, words):
            return tip
        raise RecordsError("Работа по этой информации уже закончена.")
    if not words:
        raise Incomplete({"reason": "Напишите, почему с семьёй не говорили и больше не пробуют."})
    _end(tip, BY_HEAD, words, employee, at)
    log(session, "tip.given_up", tip, employee, at, ip)
    session.flush()
    return tip


def _checked(  # noqa: PLR0917 - which tip, what she says, who says it, when
    session: Session, tip: Tip, talk: Talk, family: Family | None, employee: Employee, at: datetime
) -> tuple[Person | None, str, CallRecord | None]:
    problems: dict[str, str] = {}
    if talk.how not in TALKS:
        problems["how"] = "Выберите, как поговорили."
    call = None
    if talk.how == "call":
        call = next((one for one in talks_of(session, tip, employee) if one.id == talk.call_id), None)
        if call is None:
            problems["call_id"] = "Выберите разговор. Если звонили не с АТС, отметьте «по другому телефону»."
    person, who = None, clean_line(talk.who, 120)
    if talk.person_id is not None:
        today = at.astimezone(calendar_of(session, tip.service_id).zone).date()
        person = next((one for one in family.members if one.id == talk.person_id), None) if family else None
        if person is None:
            problems["person_id"] = "Выберите человека из карточки."
        elif not is_adult(person.birth_date, today):
            problems["person_id"] = "Это ребёнок: разговор засчитывается только со взрослым."
        else:
            who = full_name(person.surname, person.name, person.patronymic)
    elif not who:
        problems["who"] = "С кем поговорили: имя и кем приходится детям."
    elif not talk.adult:
        problems["adult"] = "Подтвердите, что это взрослый член семьи. Разговор с ребёнком не засчитывается."
    if problems:
        raise Incomplete(problems)
    return person, who, call


def _end(tip: Tip, how: str, note: str, employee: Employee, at: datetime) -> None:
    tip.ended_at, tip.ended_how, tip.ended_by_id = at, how, employee.id
    tip.end_note, tip.open_key = clean_text(note, 500), None
    tip.version += 1


def _go_on(  # noqa: PLR0917 - as above
    session: Session,
    tip: Tip,
    talk: Talk,
    person: Person | None,
    who: str,
    employee: Employee,
    at: datetime,
    ip: str,
) -> None:
    """Points 1–5 of the procedure in the same row: it is the applicant's now, and in work (B-33)."""
    entry = fetch(session, JournalEntry, tip.entry_id, lock=True)
    if entry is None or entry.progress not in {one.value for one in WORKING}:
        return
    if person is not None:
        entry.person_id = person.id
    values = {"applicant_name": who}
    if entry.progress == Progress.NEW:
        values["progress"] = Progress.IN_WORK.value
    change(session, entry, values, employee, at, "поговорили с семьёй")
    if tip.visit_measure_id is not None and talk.how == "visit":
        finish_measure(session, tip.visit_measure_id, employee, at, ip=ip, note=f"поговорили: {who}")
    else:
        note_measure(session, entry, "other", {"what": f"{_MEASURE[talk.how]}: {who}"}, "", employee, at)
