"""The calls of one service in one period, as `callflow.service_level` counts them: two questions to two indexes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, DateTime, and_, or_, select, type_coerce
from sqlalchemy.orm import Session

from callflow.call import Direction, Disposition
from callflow.service_level import CallFact
from crm.call_tables import CallLegRecord, CallRecord
from crm.service_report.tables import WrapUp

# Columns of the tables, not attributes of the mapper: its bookkeeping costs more than reading a year of calls.
_CALL, _LEG, _WRAPUP = CallRecord.__table__.c, CallLegRecord.__table__.c, WrapUp.__table__.c


@dataclass(frozen=True, slots=True)
class KnownCall:
    """One call: what is counted of it, on which line it came, and who talked how long (employee → seconds)."""

    id: int
    fact: CallFact
    line_id: int | None
    talks: dict[int, float]


def calls_between(session: Session, service_id: int, since: datetime, until: datetime) -> list[KnownCall]:
    """Return the calls that came in during [since, until) and are answered or over, oldest first.

    A year of a busy service is some ten thousand calls. Both engines give the same instants, and the arithmetic is
    Python's, so both give the same figures.
    """
    asked = and_(_came_in(service_id, since, until), or_(_CALL.ended_at.is_not(None), _CALL.answered_at.is_not(None)))
    talks = _talks(session, asked)
    statement = select(
        _CALL.id,
        _CALL.arrived_at,
        _CALL.answered_at,
        _CALL.ended_at,
        _CALL.outcome,
        _CALL.disposition,
        _CALL.line_id,
    )
    found = []
    for call_id, arrived_at, answered_at, ended_at, outcome, disposition, line_id in session.execute(
        statement.where(asked).order_by(_CALL.arrived_at, _CALL.id)
    ).all():
        own = talks.get(call_id)
        talked = sum(own.values()) if own else None
        failed = disposition == Disposition.FAILED.value
        found.append(
            KnownCall(call_id, CallFact(arrived_at, answered_at, ended_at, outcome, failed, talked), line_id, own or {})
        )
    return found


def _came_in(service_id: int, since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(
        _CALL.service_id == service_id,
        _CALL.arrived_at >= since,
        _CALL.arrived_at < until,
        _CALL.direction == Direction.INBOUND.value,
    )


def _plain(column: ColumnElement[datetime | None]) -> ColumnElement[datetime]:
    """An instant as the driver gives it: good for the time between two of one row, which is all that is made of it."""
    return type_coerce(column, DateTime())


def _talks(session: Session, asked: ColumnElement[bool]) -> dict[int, dict[int, float]]:
    """Seconds that each operator has talked in each call; a call that came back to her is one conversation longer."""
    statement = (
        select(_LEG.call_id, _LEG.employee_id, _plain(_LEG.answered_at), _plain(_LEG.ended_at))
        .join(CallRecord.__table__, _CALL.id == _LEG.call_id)
        .where(asked, _LEG.answered_at.is_not(None), _LEG.ended_at.is_not(None))
    )
    found: dict[int, dict[int, float]] = defaultdict(dict)
    for call_id, employee_id, answered_at, ended_at in session.execute(statement).all():
        own = found[call_id]
        key = employee_id or 0
        own[key] = own.get(key, 0.0) + (ended_at - answered_at).total_seconds()
    return dict(found)


def wrapups_between(
    session: Session, service_id: int, since: datetime, until: datetime
) -> Sequence[tuple[int, int, float]]:
    """Return the finished wrap-ups of these calls: (employee, call, seconds together)."""
    statement = (
        select(_WRAPUP.employee_id, _WRAPUP.call_id, _plain(_WRAPUP.began_at), _plain(_WRAPUP.ended_at))
        .join(CallRecord.__table__, _CALL.id == _WRAPUP.call_id)
        .where(_came_in(service_id, since, until), _WRAPUP.ended_at.is_not(None))
    )
    sums: dict[tuple[int, int], float] = defaultdict(float)
    for employee_id, call_id, began_at, ended_at in session.execute(statement).all():
        sums[employee_id, call_id] += (ended_at - began_at).total_seconds()
    return [(employee_id, call_id, seconds) for (employee_id, call_id), seconds in sorted(sums.items())]


def outgoing_between(session: Session, service_id: int, since: datetime, until: datetime) -> tuple[int, int]:
    """Return how many calls of ours were made in [since, until), and how many of them were answered."""
    statement = select(CallRecord.answered_at).where(
        CallRecord.service_id == service_id,
        CallRecord.arrived_at >= since,
        CallRecord.arrived_at < until,
        CallRecord.direction == Direction.OUTBOUND.value,
        CallRecord.ended_at.is_not(None),
    )
    answers = session.scalars(statement).all()
    return len(answers), sum(answer is not None for answer in answers)
