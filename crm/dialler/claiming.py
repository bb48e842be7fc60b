"""One owner per task: a claim is one statement, and ends by itself (reliability.md §3, step 2; I14)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Update, bindparam, select, update
from sqlalchemy.orm import Session, lazyload

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
    return _taken(session, _CLAIM_FIRST, {"as_owner": owner, "now": at, "lease": at + LEASE})


def claim_one(session: Session, task_id: int, owner: str, at: datetime) -> DialTask | None:
    """Take this task if it is still the robot's and due."""
    return _taken(session, _CLAIM_ONE, {"wanted": task_id, "as_owner": owner, "now": at, "lease": at + LEASE})


def due(session: Session, at: datetime, limit: int = 50) -> list[int]:
    """Ids of the robot's tasks whose time has come, the most urgent first."""
    return list(session.scalars(_DUE, {"now": at, "most": limit}))


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


def _claim() -> Update:
    return (
        update(DialTask)
        .where(
            DialTask.state == TaskState.DUE.value,
            DialTask.channel == Channel.ROBOT.value,
            DialTask.due_at <= bindparam("now"),
        )
        .values(
            state=TaskState.CLAIMED.value,
            state_at=bindparam("now"),
            owner=bindparam("as_owner"),
            lease_until=bindparam("lease"),
            ver=DialTask.ver + 1,
        )
        .returning(DialTask)
        .options(lazyload(DialTask.subjects))
        .execution_options(synchronize_session=False, populate_existing=True)
    )


_WAITING = (
    select(DialTask.id)
    .where(
        DialTask.channel == Channel.ROBOT.value,
        DialTask.state == TaskState.DUE.value,
        DialTask.due_at <= bindparam("now"),
    )
    .order_by(DialTask.priority, DialTask.due_at, DialTask.id)
)
_DUE = _WAITING.limit(bindparam("most", type_=Integer))
_FIRST = _WAITING.limit(1).with_for_update(skip_locked=True).scalar_subquery()
# Made once: building them anew would take longer than carrying them out, and SQLite's one writer waits meanwhile.
_CLAIM_FIRST = _claim().where(DialTask.id == _FIRST)
_CLAIM_ONE = _claim().where(DialTask.id == bindparam("wanted"))


def _taken(session: Session, statement: Update, values: dict[str, Any]) -> DialTask | None:
    task: DialTask | None = session.execute(statement, values).scalar_one_or_none()
    if task is None:
        return None
    tell(session, task.id, task.state, values["now"], source=values["as_owner"])
    return task
