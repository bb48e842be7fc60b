"""The human list: reminders that a person makes, one family after another (A-19, A-20).

Here is everybody whom the robot may not call, could not reach, or of whose call nobody knows how it ended. What all
lists of people share, taking, calling and passing over, is `crm.dialler.by_person`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select
from sqlalchemy.orm import Session

from callflow.dialler.states import TaskState
from callflow.text import clean_line
from crm.appointments import steps
from crm.appointments.tables import AHEAD, Appointment
from crm.audit import Actor
from crm.dialler import by_person, claiming, refusals
from crm.dialler.changing import end
from crm.dialler.tables import REMINDER, DialTask
from crm.family_tables import Family
from crm.reminders.bookings import bookings_of
from crm.staff import Employee

AFTER_NO_ANSWER = timedelta(minutes=60)
WRONG_TIME = "Укажите время позже этой минуты и раньше приёма."


class Outcome(StrEnum):
    """What a call of a person came to, each with one key."""

    CONFIRMED = "confirmed"
    TOLD = "told"
    DECLINED = "declined"
    LATER = "later"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() of an outcome is of no use to anybody
        """As it stands on the button."""
        return _TITLES[self]


_TITLES = {
    Outcome.CONFIRMED: "Придут",
    Outcome.TOLD: "Напомнили",
    Outcome.DECLINED: "Отменяют запись",
    Outcome.LATER: "Перезвонить позже",
    Outcome.NO_ANSWER: "Не дозвонились",
    Outcome.WRONG_NUMBER: "Номер не тот",
    Outcome.DO_NOT_CALL: "Просят не звонить",
}

_ENDS = {
    Outcome.CONFIRMED: TaskState.CONFIRMED,
    Outcome.TOLD: TaskState.DELIVERED,
    Outcome.DECLINED: TaskState.DECLINED,
    Outcome.WRONG_NUMBER: TaskState.BAD_NUMBER,
    Outcome.DO_NOT_CALL: TaskState.OPTED_OUT,
}


@dataclass(frozen=True)
class Item:
    """One line of the list. `holder`: who works on it; `mine`: the viewer does."""

    task: DialTask
    family: Family | None
    appointments: Sequence[Appointment]
    holder: Employee | None
    mine: bool


def items(session: Session, viewer: Employee, at: datetime, limit: int = 100) -> list[Item]:
    """What people have to call about now, the most urgent first; restricted cards only for those entitled."""
    now = _open(session, viewer).where(DialTask.due_at <= at, DialTask.deadline > at)
    return [_item(session, task, viewer) for task in session.scalars(now.limit(limit))]


def later(session: Session, viewer: Employee, at: datetime, limit: int = 100) -> list[Item]:
    """What will be due on its day."""
    ahead = _open(session, viewer).where(DialTask.due_at > at, DialTask.deadline > at)
    return [_item(session, task, viewer) for task in session.scalars(ahead.limit(limit))]


def finish(  # noqa: PLR0917 - which, how, in whose words, by whom, when
    session: Session,
    task_id: int,
    outcome: Outcome,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    call_at: datetime | None = None,
    ip: str = "",
) -> DialTask:
    """What the call came to. The booking follows: confirmed or called off by the family.

    `call_at`: when to call again (LATER). A booking that she moves ends the task by itself. Raises NotFound,
    Incomplete, RecordsError where the task is not hers or over.
    """
    task = by_person.mine(session, task_id, employee)
    words = clean_line(note, 300)
    if outcome is Outcome.LATER:
        by_person.later(session, task, call_at, WRONG_TIME, employee, at)
    elif outcome is Outcome.NO_ANSWER:
        by_person.no_answer(session, task, at + AFTER_NO_ANSWER, employee, at)
    else:
        _settle(session, task, outcome, words, employee, at, ip)
    by_person.note_outcome(session, outcome.value, f"{outcome.title}. {words}", task, employee, at, ip)
    return task


def _settle(  # noqa: PLR0917 - which, how, in whose words, by whom, when, from where
    session: Session, task: DialTask, outcome: Outcome, words: str, employee: Employee, at: datetime, ip: str
) -> None:
    ahead = [row for row in bookings_of(session, task) if row.state in AHEAD]
    # The task ends before the bookings do: their own change would only call it off.
    end(session, task, _ENDS[outcome], outcome.value, at, claiming.owner_of(employee))
    for row in ahead:
        if outcome is Outcome.CONFIRMED:
            steps.confirm(session, row.id, row.version, employee, at, ip=ip)
        elif outcome is Outcome.DECLINED:
            why = words or "семья отменила по телефону"
            steps.cancel(session, row.id, row.version, "family", why, employee, at, ip=ip)
    actor = Actor.of(employee, ip)
    if outcome is Outcome.WRONG_NUMBER:
        refusals.mark(session, task.number, task.person_id, refusals.WRONG_PERSON, at, None)
    elif outcome is Outcome.DO_NOT_CALL:
        refusals.refuse(
            session, task.number, task.person_id, refusals.ALL, "talk", at,
            by=actor, employee_id=employee.id, family_id=task.family_id,
        )  # fmt: skip


def _open(session: Session, viewer: Employee) -> Select[DialTask]:
    mine = by_person.waiting(session, REMINDER, viewer)
    return mine.order_by(DialTask.priority, DialTask.deadline, DialTask.id)


def _item(session: Session, task: DialTask, viewer: Employee) -> Item:
    held = task.state != TaskState.DUE.value
    return Item(
        task,
        session.get(Family, task.family_id) if task.family_id else None,
        bookings_of(session, task),
        session.get(Employee, task.employee_id) if held and task.employee_id else None,
        held and task.owner == claiming.owner_of(viewer),
    )
