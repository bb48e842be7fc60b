"""One way to change a task: only from the version that was read, with a line in its story (I11, I14)."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, text, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.dml import ReturningUpdate

from callflow.dialler.rules import Rule
from callflow.dialler.states import Channel, TaskState
from crm.dialler.tables import DialAttempt, DialEvent, DialTask

ORDER_LOCK = 0x4449414C
"""PostgreSQL advisory lock: orders are decided one after another, by robots and by people; SQLite has one writer."""


def one_at_a_time(session: Session) -> None:
    """Wait until no other transaction decides about an order; held until this one ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ORDER_LOCK})


def change(  # noqa: PLR0917 - which, what, when, why, who says so
    session: Session, task: DialTask, values: dict[str, Any], at: datetime, detail: str, source: str
) -> bool:
    """Change the task if nobody has since it was read; return whether it was. It is as the row is either way."""
    if "state" in values:
        values = {"state_at": at, **values, "state": TaskState(values["state"]).value}
    given = {f"new_{name}": value for name, value in values.items()}
    version = session.execute(_change(tuple(values)), {**given, "task": task.id, "seen": task.ver}).scalar_one_or_none()
    if version is None:
        session.refresh(task)
        return False
    for name, value in {**values, "ver": version}.items():
        set_committed_value(task, name, value)  # the version says that nothing else is different
    tell(session, task.id, values.get("state", "task"), at, detail=detail, source=source)
    return True


@cache
def _change(names: tuple[str, ...]) -> ReturningUpdate[int]:
    """The statement that sets these columns: of few kinds, and made for each step of each call."""
    return (
        update(DialTask)
        .where(DialTask.id == bindparam("task"), DialTask.ver == bindparam("seen"))
        .values({**{name: bindparam(f"new_{name}") for name in names}, "ver": DialTask.ver + 1})
        .returning(DialTask.ver)
        .execution_options(synchronize_session=False)
    )


def tell(
    session: Session,
    task_id: int,
    what: str,
    at: datetime,
    *,
    attempt_id: str | None = None,
    detail: str = "",
    source: str = "",
    employee_id: int | None = None,
) -> None:
    """Add one line to the story; the task and the attempt are written already."""
    line = {"task_id": task_id, "attempt_id": attempt_id, "at": at, "what": what, "detail": detail, "source": source}
    session.connection().execute(_TELL, {**line, "employee_id": employee_id})


_TELL = DialEvent.__table__.insert().inline()  # type: ignore[attr-defined]
"""Past the unit of work: a call is a dozen lines, and each would make it write the attempt before it is changed."""


def to_a_person(  # noqa: PLR0917 - as above
    session: Session, task: DialTask, rule: str, reason: str, at: datetime, source: str
) -> bool:
    """The robot has done what it may: the human list has it from now on."""
    values = {**FREE, "channel": Channel.HUMAN.value, "state": TaskState.DUE, "due_at": at, "rule": rule}
    return change(session, task, {**values, "reason": reason}, at, reason or rule, source)


def again(  # noqa: PLR0917 - as above
    session: Session, task: DialTask, due_at: datetime, rule: Rule | None, at: datetime, source: str
) -> bool:
    """Due once more, not before `due_at`."""
    name = rule.value if rule else ""
    return change(session, task, {**FREE, "state": TaskState.DUE, "due_at": due_at, "rule": name}, at, name, source)


def end(  # noqa: PLR0917 - as above
    session: Session, task: DialTask, state: TaskState, rule: str, at: datetime, source: str
) -> bool:
    """Over."""
    heard = {"delivered_at": at} if state in (TaskState.CONFIRMED, TaskState.DELIVERED) else {}
    return change(session, task, {**FREE, **heard, "state": state, "rule": rule}, at, rule, source)


def attempt_of(session: Session, attempt_id: str) -> DialAttempt | None:
    """The attempt, locked until the commit."""
    return session.get(DialAttempt, attempt_id, with_for_update=True, populate_existing=True)


FREE: dict[str, Any] = {"owner": "", "lease_until": None}
"""Nobody holds it."""
