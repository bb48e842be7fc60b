"""Bookings ahead become tasks, one per telephone and occasion (I23). Run as often as one likes: a booking is promised
once, whoever planned it (`dial_subject` is unique).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from callflow.dialler.plan import Occasions, occasions
from callflow.dialler.rules import Answer, Live, Verdict, judge
from callflow.dialler.states import Channel, TaskState
from crm.appointments.tables import PLANNED, Appointment
from crm.calendar.reading import calendar_of
from crm.call_tables import CallRecord
from crm.consents.rules import is_minor, local_date
from crm.dialler import facts
from crm.dialler.changing import one_at_a_time, tell, to_a_person
from crm.dialler.settings import settings_of
from crm.dialler.tables import REMINDER, DialSubject, DialTask
from crm.family_tables import ACTIVE, Family, Person, Phone
from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.reminders.settings import plan_of
from crm.staff import service_ids_of
from crm.upsert import insert_missing

OCCASION = "reminder"
AHEAD_DAYS = timedelta(days=14)
"""How far the plan looks: the longest holidays and a working day before them."""
PLANNER = "plan"
QUIET = Live(link_up=True)
"""The exchange as it hopefully will be: the plan asks only what a person has to do."""


@dataclass(frozen=True)
class Reach:
    """Whom to call about a booking, and where. Without `phone` a person finds out."""

    person: Person | None
    phone: Phone | None
    number: str


def plan(session: Session, at: datetime, *, mode: Literal["demo", "live"], limit: int = 200) -> int:
    """Promise what has not been promised yet; return how many bookings were. `limit` keeps a transaction short."""
    ahead = (
        select(Appointment)
        .where(Appointment.state == PLANNED, Appointment.starts_at > at, Appointment.starts_at <= at + AHEAD_DAYS)
        .where(~exists().where(DialSubject.appointment_id == Appointment.id, DialSubject.occasion == OCCASION))
    )
    rows = session.scalars(ahead.order_by(Appointment.starts_at, Appointment.id).limit(limit)).all()
    if not rows:
        return 0
    one_at_a_time(session)
    return sum(_promise(session, row, at, mode) for row in rows)


def reach(session: Session, row: Appointment | JournalEntry, at: datetime) -> Reach:
    """Who is called about this booking or case: the person it is about, for a child the applicant of the card; without
    a card the number from which he called."""
    person = session.get(Person, row.person_id) if row.person_id else None
    family = session.get(Family, row.family_id) if row.family_id else None
    if person is not None and family is not None and is_minor(person, local_date(session, at)):
        grown_up = [one for one in family.members if one.is_applicant and one.active_phones]
        person = grown_up[0] if grown_up else person
    phones = person.active_phones if person is not None and person.left_at is None else []
    best = sorted(phones, key=lambda one: (not one.robot_allowed, one.number[2:3] != "9", one.id))
    if best:
        return Reach(person, best[0], best[0].number)
    call = session.get(CallRecord, row.call_id) if row.call_id else None
    return Reach(person, None, (call.caller_number or "") if call is not None else "")


def _promise(session: Session, row: Appointment, at: datetime, mode: Literal["demo", "live"]) -> bool:
    service_id = _service_of(session, row)
    family = session.get(Family, row.family_id) if row.family_id else None
    if service_id is None or (family is not None and family.state != ACTIVE):
        return False
    when = _occasions(session, row, family, service_id)
    if not when.stretches:
        return False  # booked just now: the family has only just spoken of it
    # What should have been done while nobody ran is done at once, or expires where everybody sees it.
    stretches = [one for one in when.stretches if one[1] > at] or [(at, when.deadline)]
    whom = reach(session, row, at)
    task = _same_call(session, row, whom, stretches) or _new(session, row, whom, service_id, stretches, when, at)
    key = {"task_id": task.id, "appointment_id": row.id, "occasion": OCCASION, "outcome": "", "withdrawn_reason": ""}
    if not insert_missing(session, DialSubject, key, ["appointment_id", "occasion"]):
        return False
    task.deadline = min(task.deadline, when.deadline)
    session.flush()
    session.refresh(task)
    tell(session, task.id, "planned", at, detail=f"appointment {row.id}", source=PLANNER)
    hand_over_early(session, task, at, mode)
    return True


def _occasions(session: Session, row: Appointment, family: Family | None, service_id: int) -> Occasions:
    settings = settings_of(session, service_id)
    return occasions(
        row.starts_at,
        row.booked_at,
        plan_of(session, service_id),
        calendar_of(session, service_id),
        settings.hours,
        facts.hours_of(family),
    )


def _service_of(session: Session, row: Appointment) -> int | None:
    """The service that calls: the specialist's, else the first."""
    own = service_ids_of(session, row.employee_id)
    return own[0] if own else session.scalars(select(Service.id).order_by(Service.id).limit(1)).first()


def _same_call(
    session: Session, row: Appointment, whom: Reach, stretches: Sequence[tuple[datetime, datetime]]
) -> DialTask | None:
    """A task of this family at this telephone that is still to come in the same stretch: one call tells both."""
    if not whom.number or row.family_id is None:
        return None
    waiting = select(DialTask).where(
        DialTask.family_id == row.family_id,
        DialTask.number == whom.number,
        DialTask.kind == REMINDER,
        DialTask.state == TaskState.DUE.value,
        DialTask.due_at < stretches[0][1],
        DialTask.deadline > stretches[0][0],
    )
    return session.scalars(waiting.order_by(DialTask.id).limit(1)).first()


def _new(  # noqa: PLR0917 - what, whom, when
    session: Session,
    row: Appointment,
    whom: Reach,
    service_id: int,
    stretches: Sequence[tuple[datetime, datetime]],
    when: Occasions,
    at: datetime,
) -> DialTask:
    task = DialTask(
        kind=REMINDER,
        service_id=service_id,
        family_id=row.family_id,
        person_id=whom.person.id if whom.person else None,
        phone_id=whom.phone.id if whom.phone else None,
        number=whom.number,
        channel=Channel.ROBOT.value,
        state=TaskState.DUE.value,
        state_at=at,
        due_at=max(stretches[0][0], at),
        deadline=when.deadline,
        stretches=[[since.isoformat(), until.isoformat()] for since, until in stretches],
        planned_at=at,
    )
    session.add(task)
    session.flush()
    return task


def hand_over_early(session: Session, task: DialTask, at: datetime, mode: Literal["demo", "live"]) -> Verdict | None:
    """What the robot will not do anyway stands in the human list from the beginning, for its time. What the rules say
    of the robot's call; None where it is a person's already."""
    if task.channel != Channel.ROBOT.value:
        return None
    verdict = judge(facts.read(session, task, at, QUIET, mode=mode), at)
    if verdict.answer is Answer.HUMAN and verdict.rule is not None:
        due_at = task.due_at
        to_a_person(session, task, verdict.rule.value, verdict.rule.title, at, PLANNER)
        task.due_at = due_at
    return verdict
