"""One owner per task: a claim is one statement, and ends by itself (reliability.md §3, step 2; I14)."""

from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, Update, select, update
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, TaskState
from crm.dialler.changing import FREE, change, tell
from crm.dialler.tables import DialTask
from crm.staff import Employee

LEASE = timedelta(seconds=30)
"""A worker that has not ordered the call by then has lost it."""
PERSONS_LEASE = timedelta(minutes=15)
"""How long a person may look at a card before the task is offered to others."""


def claim(session: Session, owner: str, at: datetime) -> DialTask | None:
    """Take the robot's most urgent due task; None when there is none. Any number of workers may ask at once."""
    first = (
        select(DialTask.id)
        .where(DialTask.channel == Channel.ROBOT.value, DialTask.state == TaskState.DUE.value, DialTask.due_at <= at)
        .order_by(DialTask.priority, DialTask.due_at, DialTask.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return _taken(session, _claim(first, owner, at), owner, at)


def claim_one(session: Session, task_id: int, owner: str, at: datetime) -> DialTask | None:
    """Take this task if it is still the robot's and due."""
    return _taken(session, _claim(task_id, owner, at), owner, at)


def due(session: Session, at: datetime, limit: int = 50) -> list[int]:
    """Ids of the robot's tasks whose time has come, the most urgent first."""
    waiting = select(DialTask.id).where(
        DialTask.channel == Channel.ROBOT.value, DialTask.state == TaskState.DUE.value, DialTask.due_at <= at
    )
    return list(session.scalars(waiting.order_by(DialTask.priority, DialTask.due_at, DialTask.id).limit(limit)))


def owner_of(employee: Employee) -> str:
    """The name under which a person holds a task."""
    return f"employee-{employee.id}"


def take(session: Session, task_id: int, employee: Employee, at: datetime) -> DialTask | None:
    """A person takes a task of the human list, or goes on with the one she has; None when a colleague was faster."""
    task = session.get(DialTask, task_id, with_for_update=True, populate_existing=True)
    if task is None or task.channel != Channel.HUMAN.value:
        return None
    mine = task.owner == owner_of(employee) and task.state == TaskState.CLAIMED.value
    if task.state != TaskState.DUE.value and not mine:
        return None
    values = {
        "state": TaskState.CLAIMED,
        "owner": owner_of(employee),
        "employee_id": employee.id,
        "lease_until": at + PERSONS_LEASE,
    }
    return task if change(session, task, values, at, "", owner_of(employee)) else None


def give_back(session: Session, task: DialTask, owner: str, at: datetime) -> bool:
    """Let go of a claim: due as before."""
    if task.owner != owner or task.state != TaskState.CLAIMED.value:
        return False
    return change(session, task, {**FREE, "state": TaskState.DUE}, at, "given back", owner)


def _claim(which: int | ScalarSelect[int], owner: str, at: datetime) -> Update:
    return (
        update(DialTask)
        .where(
            DialTask.id == which,
            DialTask.state == TaskState.DUE.value,
            DialTask.channel == Channel.ROBOT.value,
            DialTask.due_at <= at,
        )
        .values(
            state=TaskState.CLAIMED.value,
            state_at=at,
            owner=owner,
            lease_until=at + LEASE,
            ver=DialTask.ver + 1,
        )
    )


def _taken(session: Session, statement: Update, owner: str, at: datetime) -> DialTask | None:
    taken = session.execute(
        statement.returning(DialTask.id).execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if taken is None:
        return None
    tell(session, taken, TaskState.CLAIMED.value, at, source=owner)
    return session.get_one(DialTask, taken, populate_existing=True)
