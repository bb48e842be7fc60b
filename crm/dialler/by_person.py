"""Calls that people make from a list of the engine's tasks: reminders, campaigns, ratings (`DialTask.kind`).

A task is held by one person at a time (`crm.dialler.claiming`), its call is placed by `crm.outgoing`, and every rule
but those about robots holds for her too. What an outcome changes beyond the task is its kind's own affair
(`crm.reminders.human_list`, `crm.campaigns.worklist`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Answer, Live, Rule, Verdict, judge
from callflow.dialler.states import Channel, TaskState
from callflow.text import clean_line
from crm.audit import Actor, write
from crm.base import fetch
from crm.dialler import claiming, facts
from crm.dialler.access import NOT_THERE, fetch_task, is_theirs
from crm.dialler.changing import FREE, change, end, one_at_a_time, tell
from crm.dialler.tables import ON_THE_WAY, DialEvent, DialTask
from crm.errors import Incomplete, NotFound, RecordsError
from crm.outgoing import asking
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee

TAKEN = "Этим звонком уже занимается коллега."
NOT_HERS = "Сначала возьмите этот звонок себе."
PASSED_OVER_FOR = timedelta(minutes=30)
"""So long the one she skipped is not put before her again; the others see it at once."""
LOOKED_AT = 20
"""Of so many tasks `ready_first` asks whether they may be called: off the hours none may, and she waits meanwhile."""
LATEST = timedelta(days=30)
NOT_REACHED = "not_reached"
"""Line of the story for every call in which she reached nobody."""


def waiting(session: Session, kind: str, viewer: Employee) -> Select[DialTask]:
    """The open tasks of one kind that people have to make; restricted cards only for those entitled. In no order."""
    return select(DialTask).where(
        DialTask.kind == kind,
        DialTask.channel == Channel.HUMAN.value,
        DialTask.state.in_(ON_THE_WAY),
        is_theirs(session, viewer),
    )


def held(session: Session, kind: str, employee: Employee) -> DialTask | None:
    """The one that she works on."""
    mine = waiting(session, kind, employee).where(
        DialTask.owner == claiming.owner_of(employee), DialTask.state == TaskState.CLAIMED.value
    )
    return session.scalars(mine.order_by(DialTask.priority, DialTask.id).limit(1)).first()


def passed_over(session: Session, employee: Employee, at: datetime) -> set[int]:
    """Tasks that she has skipped a short while ago."""
    skipped = select(DialEvent.task_id).where(
        DialEvent.employee_id == employee.id, DialEvent.what == "skipped", DialEvent.at > at - PASSED_OVER_FOR
    )
    return set(session.scalars(skipped))


def take(session: Session, task_id: int, employee: Employee, at: datetime, *, ip: str = "") -> DialTask:
    """She works on it from now on. Raises NotFound, RecordsError when a colleague was faster."""
    fetch_task(session, task_id, employee)
    task = claiming.take(session, task_id, employee, at)
    if task is None:
        raise RecordsError(TAKEN)
    log(session, "take", task, employee, at, ip)
    return task


def keep(session: Session, task_id: int, employee: Employee, at: datetime) -> None:
    """Hers for another quarter of an hour; also after her claim has run out, unless a colleague has it. Says nothing
    where it is over: what she does with it then says that. Raises NotFound."""
    fetch_task(session, task_id, employee)
    claiming.take(session, task_id, employee, at)


def take_first(
    session: Session, found: Iterable[DialTask], employee: Employee, at: datetime, *, ip: str = ""
) -> DialTask | None:
    """The first of these tasks, all of which she may see, that no colleague has taken or is taking at this moment;
    None where they all are."""
    for one in found:
        if session.scalar(_FREE, {"task": one.id}) is None:
            continue
        if (task := claiming.take(session, one.id, employee, at)) is not None:
            log(session, "take", task, employee, at, ip)
            return task
    return None


_FREE = (
    select(DialTask.id)
    .where(
        DialTask.id == bindparam("task"),
        DialTask.channel == Channel.HUMAN.value,
        DialTask.state == TaskState.DUE.value,
    )
    .with_for_update(skip_locked=True)
)
"""Two who ask at once would both wait for the first family, one of them in vain."""


def may_call(
    session: Session, task: DialTask, at: datetime, live: Live, *, mode: Literal["demo", "live"]
) -> tuple[Verdict, str]:
    """Whether she may call now, and the number (E.164). The same rules as for the robot, but for those about robots."""
    number = facts.number_of(session, task) or task.number
    return judge(facts.read(session, task, at, live, mode=mode), at), number


def ready_first(
    session: Session,
    tasks: Sequence[DialTask],
    at: datetime,
    live_of: Callable[[DialTask], Live],
    *,
    mode: Literal["demo", "live"],
) -> Iterator[DialTask]:
    """In their order those whose call no rule forbids at this minute; then the others, whose pages say which one does.

    `live_of`: how the telephone stands for the callers to whom the call of a task gives way.
    """
    forbidden = []
    for task in tasks[:LOOKED_AT]:
        if may_call(session, task, at, live_of(task), mode=mode)[0].answer is Answer.GO:
            yield task
        else:
            forbidden.append(task)
    yield from (*forbidden, *tasks[LOOKED_AT:])


def refuse_to_call(verdict: Verdict) -> None:
    """Raise RecordsError with the rule's sentence where she may not call."""
    if verdict.answer is not Answer.GO:
        rule = verdict.rule or Rule.HOURS
        raise RecordsError(f"Звонить нельзя: {rule.title}.")


def call(
    session: Session,
    task_id: int,
    employee: Employee,
    live: Live,
    *,
    purpose: str,
    mode: Literal["demo", "live"],
    at: datetime,
    ip: str = "",
) -> OutgoingCall:
    """Write the order to call the family of a task that she holds. After the commit the page wakes the clerk.

    Whoever decides about an order waits for whoever decides about another, so that a robot and a person never dial one
    family at once (reliability.md I5). Raises NotFound; RecordsError where a rule forbids it now, with the rule's
    words, or she does not hold it.
    """
    one_at_a_time(session)
    task = fetch_task(session, task_id, employee)
    if task.state != TaskState.CLAIMED.value or task.owner != claiming.owner_of(employee):
        raise RecordsError(NOT_HERS)
    same = select(OutgoingCall).where(
        OutgoingCall.task_id == task_id, OutgoingCall.employee_id == employee.id, OutgoingCall.live
    )
    if (order := session.scalars(same).first()) is not None:
        return order  # pressed twice
    verdict, number = may_call(session, task, at, live, mode=mode)
    refuse_to_call(verdict)
    return asking.ask(
        session,
        employee,
        number=number,
        family_id=task.family_id,
        person_id=task.person_id,
        task_id=task.id,
        purpose=purpose,
        mode=mode,
        at=at,
        ip=ip,
    )


def give_back(
    session: Session, task_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = ""
) -> DialTask:
    """«Пропустить»: the next one who asks gets it. Raises Incomplete without a reason."""
    task = mine(session, task_id, employee)
    why = clean_line(reason, 200)
    if not why:
        raise Incomplete({"reason": "Напишите, почему пропускаете."})
    claiming.give_back(session, task, claiming.owner_of(employee), at)
    tell(session, task.id, "skipped", at, detail=why, source="person", employee_id=employee.id)
    log(session, "skip", task, employee, at, ip)
    return task


def mine(session: Session, task_id: int, employee: Employee) -> DialTask:
    """The task that she holds, locked. Raises NotFound, RecordsError where it is not hers or over."""
    fetch_task(session, task_id, employee)
    task = fetch(session, DialTask, task_id, lock=True)
    if task is None:
        raise NotFound(NOT_THERE)
    if TaskState(task.state).is_over:
        raise RecordsError(f"Это уже закрыто: {TaskState(task.state).title}.")
    if task.owner != claiming.owner_of(employee):
        raise RecordsError(NOT_HERS if task.state == TaskState.DUE.value else TAKEN)
    return task


def later(  # noqa: PLR0917 - which, when, what is wrong with another time, who, now
    session: Session, task: DialTask, call_at: datetime | None, wrong: str, employee: Employee, at: datetime
) -> None:
    """Anybody's again at the time that the family named. Raises Incomplete with the sentence `wrong`."""
    if call_at is None or not at < call_at < min(task.deadline, at + LATEST):
        raise Incomplete({"call_at": wrong})
    change(session, task, {**FREE, "state": TaskState.DUE, "due_at": call_at}, at, "later", claiming.owner_of(employee))


def no_answer(session: Session, task: DialTask, again: datetime | None, employee: Employee, at: datetime) -> bool:
    """Nobody was reached: due once more at `again`; where that is too late, or None, the task is over. False then."""
    told = claiming.owner_of(employee)
    tell(session, task.id, NOT_REACHED, at, source="person", employee_id=employee.id)
    if again is not None and again < task.deadline:
        change(session, task, {**FREE, "state": TaskState.DUE, "due_at": again}, at, "no_answer", told)
        return True
    end(session, task, TaskState.UNREACHABLE, "no_answer", at, told)
    return False


def times_not_reached(session: Session, task: DialTask) -> int:
    """How often people have reached nobody about this task."""
    tries = select(func.count(DialEvent.id)).where(DialEvent.task_id == task.id, DialEvent.what == NOT_REACHED)
    return session.scalar(tries) or 0


def note_outcome(  # noqa: PLR0917 - what, in whose words, of which task, by whom, when, from where
    session: Session, outcome: str, said: str, task: DialTask, employee: Employee, at: datetime, ip: str = ""
) -> None:
    """The line of the story and the entry of the log that an outcome of a person leaves; `said` for the story."""
    tell(session, task.id, "person", at, detail=said.strip(), source="person", employee_id=employee.id)
    log(session, "finish", task, employee, at, ip, outcome=outcome)


def log(  # noqa: PLR0917 - what, which, who, when, from where
    session: Session, what: str, task: DialTask, employee: Employee, at: datetime, ip: str, **details: object
) -> None:
    """Note in the audit log what she did with the task, as an action of its kind («reminder.take»)."""
    action = f"{task.kind}.{what}"
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
