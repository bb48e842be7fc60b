"""What «Обзвоны» shows: the calls of two days, those that go on now, what came of today's, one with its whole story.

Whom a call is for is masked as everywhere (`crm.masked`); calls about a restricted card are neither shown nor counted
for whoever is not entitled to it (`crm.dialler.access`).
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from callflow.calendar.instants import instant_of
from callflow.dialler import window
from callflow.dialler.rules import Rule
from callflow.dialler.states import Channel, Disposition, TaskState
from crm.appointments.reading import Line, as_lines
from crm.appointments.tables import Appointment
from crm.audit import Actor, write
from crm.calendar.reading import calendar_of
from crm.dialler.access import fetch_task, is_theirs
from crm.dialler.settings import settings_of
from crm.dialler.tables import CAMPAIGN, ON_THE_WAY, RATING, DialAttempt, DialTask
from crm.family_tables import Family, Person
from crm.masked import MaskedFamily, masked, masked_number
from crm.missed.access import services_of
from crm.staff import Employee

MOST = 300
DAY = timedelta(days=1)
LOOKED_AHEAD = 14
_HELD = (TaskState.CLAIMED.value, TaskState.CALLING.value)
"""Somebody works on it. A task that was given back keeps the name of whoever had it, and is anybody's."""
_RULES = {one.value: one.title for one in Rule} | {one.value: one.title for one in Disposition}
_OWN_WORDS = {
    "unknown": "итог звонка неизвестен: проверьте и позвоните сами",
    "stranded": "звонок прервался внутри программы: проверьте",
    "told": "напомнил сотрудник",
    "wrong_number": "номер не тот",
    "do_not_call": "просят не звонить",
}


_ENDS = {
    (CAMPAIGN, TaskState.DELIVERED): "рассказали",
    (CAMPAIGN, TaskState.DECLINED): "не нужно",
    (RATING, TaskState.DELIVERED): "ответили",
    (RATING, TaskState.DECLINED): "отказались от оценки",
}


@dataclass(frozen=True)
class TaskRow:
    """One call of the plan. `bookings`: what it is about, as this viewer may see it; `reason`: one line, "" where there
    is nothing to say."""

    task: DialTask
    who: MaskedFamily | None
    number: str
    bookings: Sequence[Line]
    reason: str
    holder: Employee | None
    attempts: int

    @property
    def state(self) -> TaskState:
        """Where it stands."""
        return TaskState(self.task.state)

    @property
    def state_words(self) -> str:
        """The same in words."""
        return state_words(self.task)

    @property
    def by_robot(self) -> bool:
        """Whether the robot calls, not a person."""
        return self.task.channel == Channel.ROBOT.value


@dataclass(frozen=True)
class LiveCall:
    """A call of the robot at this moment."""

    row: TaskRow
    attempt: DialAttempt

    @property
    def since(self) -> datetime:
        """Since when it has been in this state."""
        return self.attempt.answered_at or self.attempt.ringing_at or self.attempt.sending_at


@dataclass(frozen=True)
class Day:
    """The calls of one day of the institution, in their order."""

    day: date
    rows: Sequence[TaskRow]
    counts: Counter[str] = field(default_factory=Counter)
    """How many stand in which state, whatever the filter shows."""


@dataclass(frozen=True)
class Whole:
    """One task with its attempts and the names of those who worked on it."""

    row: TaskRow
    attempts: Sequence[DialAttempt]


def today(session: Session, viewer: Employee, at: datetime, zone: ZoneInfo, state: str = "") -> Day:
    """What is, was, or should already have been called today: everything due by midnight, and what ended today."""
    day = at.astimezone(zone).date()
    since, until = instant_of(day, 0, zone), instant_of(day + DAY, 0, zone)
    waits = and_(DialTask.state.in_(ON_THE_WAY), DialTask.due_at < until)
    ended = and_(DialTask.state.not_in(ON_THE_WAY), DialTask.state_at >= since, DialTask.state_at < until)
    return _day(session, viewer, day, or_(waits, ended), state)


def another(session: Session, viewer: Employee, day: date, zone: ZoneInfo, state: str = "") -> Day:
    """What is planned for a day to come."""
    since, until = instant_of(day, 0, zone), instant_of(day + DAY, 0, zone)
    planned = and_(DialTask.state.in_(ON_THE_WAY), DialTask.due_at >= since, DialTask.due_at < until)
    return _day(session, viewer, day, planned, state)


def next_calling_day(session: Session, viewer: Employee, at: datetime, zone: ZoneInfo) -> date:
    """The next day on which a service of the viewer's may call; the next day of all where none may."""
    first = at.astimezone(zone).date() + DAY
    known = [(calendar_of(session, one), settings_of(session, one).hours) for one in services_of(session, viewer)]
    for day in (first + DAY * ahead for ahead in range(LOOKED_AHEAD)):
        if any(window.spans(calendar, hours, day) for calendar, hours in known):
            return day
    return first


def live(session: Session, viewer: Employee) -> list[LiveCall]:
    """The robot's calls at this moment, the oldest first."""
    found = session.execute(
        select(DialAttempt, DialTask)
        .join(DialTask, DialTask.id == DialAttempt.task_id)
        .where(DialAttempt.live, is_theirs(session, viewer))
        .order_by(DialAttempt.sending_at)
        .limit(MOST)
    ).all()
    rows = {row.task.id: row for row in _rows(session, [task for _, task in found], viewer)}
    return [LiveCall(rows[task.id], attempt) for attempt, task in found]


def open_whole(session: Session, task_id: int, viewer: Employee, at: datetime, *, ip: str = "") -> Whole:
    """Return one task, and log that it was looked at. Raises NotFound."""
    task = fetch_task(session, task_id, viewer)
    (row,) = _rows(session, [task], viewer)
    write(
        session, Actor.of(viewer, ip), "dialler.open", subject="dial_task", subject_id=task.id,
        family_id=task.family_id, at=at,
    )  # fmt: skip
    tried = session.scalars(select(DialAttempt).where(DialAttempt.task_id == task.id).order_by(DialAttempt.n)).all()
    return Whole(row, tried)


def of_appointment(session: Session, appointment_id: int, viewer: Employee) -> list[DialTask]:
    """The calls about one booking, the newest first."""
    about = DialTask.subjects.any(appointment_id=appointment_id)
    found = select(DialTask).where(about, is_theirs(session, viewer)).order_by(DialTask.id.desc())
    return list(session.scalars(found))


def rows_of(session: Session, tasks: Sequence[DialTask], viewer: Employee) -> list[TaskRow]:
    """These tasks as the viewer may see them; the caller has looked for those that are hers to see."""
    return _rows(session, tasks, viewer)


def state_words(task: DialTask) -> str:
    """Where a call stands, in the words of what it is about: a family is reminded, told, or asked."""
    state = TaskState(task.state)
    return _ENDS.get((task.kind, state), state.title)


def reason_of(task: DialTask) -> str:
    """Why it stands as it does, in one line."""
    state = TaskState(task.state)
    words = _OWN_WORDS.get(task.rule) or _RULES.get(task.rule, "")
    if not state.is_over:
        return task.reason or words
    known = task.rule == state.value or words == state.title or (task.kind, state) in _ENDS
    return "" if known else words


def _day(session: Session, viewer: Employee, day: date, which: ColumnElement[bool], state: str) -> Day:
    statement = select(DialTask).where(which, is_theirs(session, viewer)).order_by(DialTask.due_at, DialTask.id)
    tasks = session.scalars(statement.limit(MOST)).all()
    counts = Counter(task.state for task in tasks)
    counts.update(f"by_{task.channel}" for task in tasks if task.state in ON_THE_WAY)
    return Day(day, _rows(session, [task for task in tasks if _shown(task, state)], viewer), counts)


def _shown(task: DialTask, state: str) -> bool:
    if state in ("by_robot", "by_human"):
        return task.state in ON_THE_WAY and f"by_{task.channel}" == state
    return not state or task.state == state


def _rows(session: Session, tasks: Sequence[DialTask], viewer: Employee) -> list[TaskRow]:
    booked = {one.appointment_id for task in tasks for one in task.subjects}
    lines = {line.row.id: line for line in as_lines(session, _by_ids(session, Appointment, booked), viewer)}
    families = {one.id: one for one in _by_ids(session, Family, {task.family_id for task in tasks})}
    people = {one.id: one for one in _by_ids(session, Person, {task.person_id for task in tasks})}
    holders = {one.id: one for one in _by_ids(session, Employee, {task.employee_id for task in tasks})}
    tries = select(DialAttempt.task_id).where(DialAttempt.task_id.in_([task.id for task in tasks]), DialAttempt.rang)
    rang = Counter(session.scalars(tries))
    found = []
    for task in tasks:
        person = people.get(task.person_id or 0)
        family = families.get(task.family_id or 0)
        found.append(
            TaskRow(
                task=task,
                who=masked(session, person, family, task.number, viewer) if person is not None else None,
                number=masked_number(task.number),
                bookings=[lines[one.appointment_id] for one in task.subjects if one.appointment_id in lines],
                reason=reason_of(task),
                holder=holders.get(task.employee_id or 0) if task.state in _HELD else None,
                attempts=rang[task.id],
            )
        )
    return found


def _by_ids(session: Session, model: type, ids: Collection[int | None]) -> Sequence:  # type: ignore[type-arg]
    return session.scalars(select(model).where(model.id.in_([one for one in ids if one is not None]))).all()  # type: ignore[attr-defined]
