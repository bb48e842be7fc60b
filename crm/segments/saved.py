"""Segments that somebody gave a name: made, changed, switched off, never deleted (A-18)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line, search_key
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.segments.conditions import MOST, Condition, from_json, to_json
from crm.segments.tables import Segment
from crm.staff import Employee, Role

KEEPERS = frozenset([Role.COORDINATOR.value, Role.HEAD.value])
NOT_YOURS = "Группы составляет координатор или заведующий отделением."


def listed(session: Session, *, with_inactive: bool = False) -> Sequence[Segment]:
    """All segments by title; those switched off only where asked for."""
    statement = select(Segment).order_by(Segment.active.desc(), Segment.title, Segment.id)
    return session.scalars(statement if with_inactive else statement.where(Segment.active)).all()


def one(session: Session, segment_id: int) -> Segment:
    """The segment. Raises NotFound."""
    segment = fetch(session, Segment, segment_id)
    if segment is None:
        raise NotFound("Такой группы нет.")
    return segment


def conditions_of(segment: Segment) -> tuple[Condition, ...]:
    """What is saved, as conditions."""
    return from_json(segment.conditions)


def add(
    session: Session, title: str, conditions: Sequence[Condition], employee: Employee, at: datetime, *, ip: str = ""
) -> Segment:
    """Save conditions under a title; the same form sent twice is one segment. Raises RecordsError, Incomplete."""
    title, rows = _checked(title, conditions, employee)
    twin = _twin(session, title, 0)
    if twin is not None and twin.active and twin.conditions == rows:
        return twin
    if twin is not None:
        raise Incomplete({"title": "Группа с таким названием уже есть."})
    segment = Segment(title=title, conditions=rows, created_at=at, created_by_id=employee.id, changed_at=at, version=1)
    session.add(segment)
    session.flush()
    _log(session, segment, "segment.add", employee, at, ip)
    return segment


def save(  # noqa: PLR0917 - what, of which version, who, when: as in every verb
    session: Session,
    segment_id: int,
    title: str,
    conditions: Sequence[Condition],
    version: int,
    employee: Employee,
    at: datetime,
    *,
    active: bool = True,
    ip: str = "",
) -> Segment:
    """Change a segment, or switch it on or off. Campaigns keep the conditions they were launched with.

    Raises NotFound, RecordsError, StaleVersion, Incomplete.
    """
    title, rows = _checked(title, conditions, employee)
    segment = fetch(session, Segment, segment_id, lock=True)
    if segment is None:
        raise NotFound("Такой группы нет.")
    if (segment.title, segment.conditions, segment.active) == (title, rows, active):
        return segment
    if version != segment.version:
        current = {"title": segment.title, "conditions": segment.conditions, "active": segment.active}
        raise StaleVersion(current, segment.version)
    if _twin(session, title, segment.id) is not None:
        raise Incomplete({"title": "Группа с таким названием уже есть."})
    segment.title, segment.conditions, segment.active = title, rows, active
    segment.version, segment.changed_at = segment.version + 1, at
    session.flush()
    _log(session, segment, "segment.save", employee, at, ip)
    return segment


def _checked(title: str, conditions: Sequence[Condition], employee: Employee) -> tuple[str, list[dict[str, int | str]]]:
    if employee.role not in KEEPERS:
        raise RecordsError(NOT_YOURS)
    problems = {}
    title = clean_line(title, 120)
    if not title:
        problems["title"] = "Назовите группу, например «Многодетные с детьми до 3 лет»."
    if len(conditions) > MOST:
        problems[""] = f"В одной группе не больше {MOST} условий."
    if problems:
        raise Incomplete(problems)
    return title, to_json(conditions)


def _twin(session: Session, title: str, segment_id: int) -> Segment | None:
    key = search_key(title)
    others = (row for row in listed(session, with_inactive=True) if row.id != segment_id)
    return next((row for row in others if search_key(row.title) == key), None)


def _log(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, segment: Segment, action: str, employee: Employee, at: datetime, ip: str
) -> None:
    write(session, Actor.of(employee, ip), action, subject="segment", subject_id=segment.id,
          details={"conditions": len(segment.conditions)}, at=at)  # fmt: skip
