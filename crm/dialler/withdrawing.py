"""What a call was about is no longer as it was: it is not said (I7, F35)."""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Rule
from callflow.dialler.states import AttemptState, TaskState
from callflow.text import clean_line
from crm.dialler.changing import end, tell
from crm.dialler.tables import DialAttempt, DialSubject, DialTask


def withdraw(session: Session, appointment_id: int, reason: str, at: datetime, *, source: str) -> list[DialTask]:
    """Withdraw every promise about this booking. Returns the tasks that are over now."""
    return withdraw_all(session, DialSubject.appointment_id == appointment_id, reason, at, source=source)


def withdraw_all(
    session: Session, which: ColumnElement[bool], reason: str, at: datetime, *, source: str
) -> list[DialTask]:
    """Withdraw these subjects; a task left without one is over, a call that still rings is ended.

    A call in which somebody talks goes on to its end. Returns the tasks that are over now.
    """
    standing = select(DialSubject).where(which, DialSubject.withdrawn_at.is_(None)).order_by(DialSubject.task_id)
    over = []
    for subject in session.scalars(standing):
        subject.withdrawn_at, subject.withdrawn_reason = at, clean_line(reason, 200)
        session.flush()
        attempt = _live_attempt(session, subject.task_id)  # before the task, as everybody locks them
        task = session.get_one(DialTask, subject.task_id, with_for_update=True, populate_existing=True)
        if any(one.withdrawn_at is None for one in task.subjects) or TaskState(task.state).is_over:
            continue
        if attempt is not None and attempt.state == AttemptState.ANSWERED.value:
            tell(session, task.id, "withdrawn", at, detail=clean_line(reason, 200), source=source)
            continue
        if attempt is not None:
            attempt.hangup_asked_at = attempt.hangup_asked_at or at
        if end(session, task, TaskState.CANCELLED, Rule.GONE.value, at, source):
            over.append(task)
    return over


def _live_attempt(session: Session, task_id: int) -> DialAttempt | None:
    live = select(DialAttempt).where(DialAttempt.task_id == task_id, DialAttempt.live)
    return session.scalars(live.with_for_update().execution_options(populate_existing=True)).one_or_none()
