"""«Меры поддержки»: the catalogue that the head keeps and everybody reads (A-18, A-29, B-21)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callflow.text import clean_line, clean_text, search_key
from crm.audit import Actor, write
from crm.base import fetch
from crm.cards.editing import EARLIEST, LATEST
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.measures.tables import SupportMeasure
from crm.segments.tables import Segment
from crm.staff import Employee, Role

KEEPERS = frozenset([Role.HEAD.value])
NOT_YOURS = "Меры поддержки вносит и изменяет заведующий отделением."

_LINES = {"title": 200, "whom": 300, "source": 200}
_TEXTS = {"steps": 3000, "papers": 3000}
FIELDS = (*_LINES, *_TEXTS, "until", "remote", "segment_id", "active")
Fields = Mapping[str, Any]


def listed(session: Session, *, with_inactive: bool = False) -> Sequence[SupportMeasure]:
    """All measures by title; those switched off only where asked for."""
    statement = select(SupportMeasure).order_by(SupportMeasure.active.desc(), SupportMeasure.title, SupportMeasure.id)
    return session.scalars(statement if with_inactive else statement.where(SupportMeasure.active)).all()


def offered(session: Session, today: date) -> Sequence[SupportMeasure]:
    """Those that a family can still apply for on this day."""
    still = or_(SupportMeasure.until.is_(None), SupportMeasure.until >= today)
    statement = select(SupportMeasure).where(SupportMeasure.active, still)
    return session.scalars(statement.order_by(SupportMeasure.title, SupportMeasure.id)).all()


def one(session: Session, measure_id: int) -> SupportMeasure:
    """The measure. Raises NotFound."""
    measure = fetch(session, SupportMeasure, measure_id)
    if measure is None:
        raise NotFound("Такой меры поддержки нет.")
    return measure


def add(session: Session, fields: Fields, employee: Employee, at: datetime, *, ip: str = "") -> SupportMeasure:
    """Add a measure; the same form sent twice is one. Raises RecordsError, Incomplete."""
    _refuse_others(employee)
    wanted = _cleaned(fields)
    twin = _twin(session, wanted["title"], 0)
    if twin is not None and all(getattr(twin, name) == value for name, value in wanted.items()):
        return twin
    _check(session, wanted, twin)
    measure = SupportMeasure(created_at=at, created_by_id=employee.id, changed_at=at, version=1, **wanted)
    session.add(measure)
    session.flush()
    _log(session, measure, "support.add", sorted(wanted), employee, at, ip)
    return measure


def save(  # noqa: PLR0917 - what, of which version, who, when: as in every verb
    session: Session,
    measure_id: int,
    fields: Fields,
    version: int,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> SupportMeasure:
    """Change a measure, or switch it on or off. Raises NotFound, RecordsError, StaleVersion, Incomplete."""
    _refuse_others(employee)
    measure = fetch(session, SupportMeasure, measure_id, lock=True)
    if measure is None:
        raise NotFound("Такой меры поддержки нет.")
    wanted = _cleaned(fields)
    changed = sorted(name for name, value in wanted.items() if getattr(measure, name) != value)
    if not changed:
        return measure
    if version != measure.version:
        raise StaleVersion({name: getattr(measure, name) for name in wanted}, measure.version)
    _check(session, wanted, _twin(session, wanted["title"], measure.id))
    for name in changed:
        setattr(measure, name, wanted[name])
    measure.version, measure.changed_at = measure.version + 1, at
    session.flush()
    _log(session, measure, "support.save", changed, employee, at, ip)
    return measure


def _refuse_others(employee: Employee) -> None:
    if employee.role not in KEEPERS:
        raise RecordsError(NOT_YOURS)


def _cleaned(fields: Fields) -> dict[str, Any]:
    wanted: dict[str, Any] = {name: clean_line(fields.get(name, ""), limit) for name, limit in _LINES.items()}
    wanted |= {name: clean_text(fields.get(name, ""), limit) for name, limit in _TEXTS.items()}
    return wanted | {
        "until": fields.get("until"),
        "remote": bool(fields.get("remote", False)),
        "segment_id": fields.get("segment_id") or None,
        "active": bool(fields.get("active", True)),
    }


def _check(session: Session, wanted: Fields, twin: SupportMeasure | None) -> None:
    problems = {}
    if not wanted["title"]:
        problems["title"] = "Введите название меры."
    elif twin is not None:
        problems["title"] = "Такая мера уже есть. Если она выключена, включите её."
    if wanted["until"] is not None and not EARLIEST <= wanted["until"] <= LATEST:
        problems["until"] = "Такой даты быть не может."
    if wanted["segment_id"] is not None and fetch(session, Segment, wanted["segment_id"]) is None:
        problems["segment_id"] = "Выберите группу из списка."
    if problems:
        raise Incomplete(problems)


def _twin(session: Session, title: str, measure_id: int) -> SupportMeasure | None:
    key = search_key(title)
    others = (row for row in listed(session, with_inactive=True) if row.id != measure_id)
    return next((row for row in others if search_key(row.title) == key), None) if key else None


def _log(  # noqa: PLR0917 - what changed, who, when: as in every verb
    session: Session,
    measure: SupportMeasure,
    action: str,
    fields: Sequence[str],
    employee: Employee,
    at: datetime,
    ip: str,
) -> None:
    write(session, Actor.of(employee, ip), action, subject="support_measure", subject_id=measure.id,
          details={"fields": list(fields)}, at=at)  # fmt: skip
