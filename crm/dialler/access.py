"""Who sees which calls of the engine: whoever answers for the service; of a restricted card only those entitled."""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from crm.base import MAX_ID
from crm.dialler.tables import DialTask
from crm.errors import NotFound
from crm.missed.access import services_of
from crm.staff import Employee
from crm.visibility import family_seen_by

NOT_THERE = "Такого напоминания нет."


def is_theirs(session: Session, viewer: Employee) -> ColumnElement[bool]:
    """The condition on `DialTask` for lists and counts."""
    seen = family_seen_by(viewer, DialTask.family_id)
    return and_(DialTask.service_id.in_(services_of(session, viewer)), or_(DialTask.family_id.is_(None), seen))


def fetch_task(session: Session, task_id: int, viewer: Employee) -> DialTask:
    """Return the task. Raises NotFound where `is_theirs` says no."""
    if not 1 <= task_id <= MAX_ID:
        raise NotFound(NOT_THERE)
    task = session.scalars(select(DialTask).where(DialTask.id == task_id, is_theirs(session, viewer))).one_or_none()
    if task is None:
        raise NotFound(NOT_THERE)
    return task
