"""The human list: reminders that a person makes, one family after another (A-19, A-20).

Here is everybody whom the robot may not call, could not reach, or of whose call nobody knows how it ended. A task is
held by one person at a time (`crm.dialler.claiming`), its call is placed by `crm.outgoing`, and every rule but those
about robots holds for her too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Answer, Live, Rule, Verdict, judge
from callflow.dialler.states import Channel, TaskState
from callflow.text import clean_line
from crm.appointments import steps
from crm.appointments.tables import AHEAD, Appointment
from crm.audit import Actor, write
from crm.base import fetch
from crm.dialler import claiming, facts, refusals
from crm.dialler.access import NOT_THERE, fetch_task, is_theirs
from crm.dialler.changing import FREE, change, end, tell
from crm.dialler.tables import ON_THE_WAY, DialTask
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family
from crm.staff import Employee

TAKEN = "Этим напоминанием уже занимается коллега."
AFTER_NO_ANSWER = timedelta(minutes=60)
LATEST = timedelta(days=30)


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


def take(session: Session, task_id: int, employee: Employee, at: datetime, *, ip: str = "") -> DialTask:
    """She works on it from now on. Raises NotFound, RecordsError when a colleague was faster."""
    fetch_task(session, task_id, employee)
    task = claiming.take(session, task_id, employee, at)
    if task is None:
        raise RecordsError(TAKEN)
    _log(session, "reminder.take", task, employee, at, ip)
    return task


def may_call(
    session: Session, task: DialTask, at: datetime, live: Live, *, mode: Literal["demo", "live"]
) -> tuple[Verdict, str]:
    """Whether she may call now, and the number (E.164). The same rules as for the robot, but for those about robots."""
    number = facts.number_of(session, task) or task.number
    return judge(facts.read(session, task, at, live, mode=mode), at), number


def refuse_to_call(verdict: Verdict) -> None:
    """Raise RecordsError with the rule's sentence where she may not call."""
    if verdict.answer is not Answer.GO:
        rule = verdict.rule or Rule.HOURS
        raise RecordsError(f"Звонить нельзя: {rule.title}.")


def give_back(session: Session, task_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """«Пропустить»: the next one who asks gets it. Raises Incomplete without a reason."""
    task = _mine(session, task_id, employee)
    why = clean_line(reason, 200)
    if not why:
        raise Incomplete({"reason": "Напишите, почему пропускаете."})
    claiming.give_back(session, task, claiming.owner_of(employee), at)
    tell(session, task.id, "skipped", at, detail=why, source="person", employee_id=employee.id)
    _log(session, "reminder.skip", task, employee, at, ip)


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
    task = _mine(session, task_id, employee)
    words = clean_line(note, 300)
    if outcome is Outcome.LATER:
        _later(session, task, call_at, at, employee)
    elif outcome is Outcome.NO_ANSWER:
        _no_answer(session, task, at, employee)
    else:
        _settle(session, task, outcome, words, employee, at, ip)
    said = f"{outcome.title}. {words}".strip()
    tell(session, task.id, "person", at, detail=said, source="person", employee_id=employee.id)
    _log(session, "reminder.finish", task, employee, at, ip, outcome=outcome.value)
    return task


def _settle(  # noqa: PLR0917 - which, how, in whose words, by whom, when, from where
    session: Session, task: DialTask, outcome: Outcome, words: str, employee: Employee, at: datetime, ip: str
) -> None:
    standing = [session.get_one(Appointment, one.appointment_id) for one in task.subjects if one.withdrawn_at is None]
    ahead = [row for row in standing if row.state in AHEAD]
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


def _later(session: Session, task: DialTask, call_at: datetime | None, at: datetime, employee: Employee) -> None:
    if call_at is None or not at < call_at < min(task.deadline, at + LATEST):
        raise Incomplete({"call_at": "Укажите время позже этой минуты и раньше приёма."})
    change(session, task, {**FREE, "state": TaskState.DUE, "due_at": call_at}, at, "later", claiming.owner_of(employee))


def _no_answer(session: Session, task: DialTask, at: datetime, employee: Employee) -> None:
    again = at + AFTER_NO_ANSWER
    if again < task.deadline:
        values = {**FREE, "state": TaskState.DUE, "due_at": again}
        change(session, task, values, at, Outcome.NO_ANSWER.value, claiming.owner_of(employee))
    else:
        end(session, task, TaskState.UNREACHABLE, Outcome.NO_ANSWER.value, at, claiming.owner_of(employee))


def _open(session: Session, viewer: Employee) -> Select[DialTask]:
    return (
        select(DialTask)
        .where(DialTask.channel == Channel.HUMAN.value, DialTask.state.in_(ON_THE_WAY), is_theirs(session, viewer))
        .order_by(DialTask.priority, DialTask.deadline, DialTask.id)
    )


def _item(session: Session, task: DialTask, viewer: Employee) -> Item:
    held = task.state != TaskState.DUE.value
    return Item(
        task,
        session.get(Family, task.family_id) if task.family_id else None,
        [session.get_one(Appointment, one.appointment_id) for one in task.subjects if one.withdrawn_at is None],
        session.get(Employee, task.employee_id) if held and task.employee_id else None,
        held and task.owner == claiming.owner_of(viewer),
    )


def _mine(session: Session, task_id: int, employee: Employee) -> DialTask:
    fetch_task(session, task_id, employee)
    task = fetch(session, DialTask, task_id, lock=True)
    if task is None:
        raise NotFound(NOT_THERE)
    if TaskState(task.state).is_over:
        raise RecordsError(f"Это напоминание уже закрыто: {TaskState(task.state).title}.")
    if task.owner != claiming.owner_of(employee):
        raise RecordsError("Сначала возьмите напоминание себе." if task.state == TaskState.DUE.value else TAKEN)
    return task


def _log(  # noqa: PLR0917 - what, which, who, when, from where
    session: Session, action: str, task: DialTask, employee: Employee, at: datetime, ip: str, **details: object
) -> None:
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="dial_task",
        subject_id=task.id,
        family_id=task.family_id,
        details=details,
        at=at,
    )
