"""The calls of one service in one period, as `callflow.service_level` counts them: two questions to two indexes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from callflow.call import Direction, Disposition
from callflow.service_level import CallFact
from crm.call_tables import CallLegRecord, CallRecord
from crm.service_report.tables import WrapUp


@dataclass(frozen=True, slots=True)
class KnownCall:
    """One call: what is counted of it, on which line it came, and who talked how long (employee → seconds)."""

    id: int
    fact: CallFact
    line_id: int | None
    talks: dict[int, float]


def calls_between(session: Session, service_id: int, since: datetime, until: datetime) -> list[KnownCall]:
    """Return the calls that came in during [since, until) and are answered or over, oldest first.

    Reads columns, not rows of the mapper: a year of a busy service is some ten thousand calls. Both engines give the
    same instants, and the arithmetic is Python's, so both give the same figures.
    """
    asked = and_(
        CallRecord.service_id == service_id,
        CallRecord.arrived_at >= since,
        CallRecord.arrived_at < until,
        CallRecord.direction == Direction.INBOUND.value,
        or_(CallRecord.ended_at.is_not(None), CallRecord.answered_at.is_not(None)),
    )
    talks = _talks(session, asked)
    statement = select(
        CallRecord.id,
        CallRecord.arrived_at,
        CallRecord.answered_at,
        CallRecord.ended_at,
        CallRecord.outcome,
        CallRecord.disposition,
        CallRecord.line_id,
    )
    found = []
    for call_id, arrived_at, answered_at, ended_at, outcome, disposition, line_id in session.execute(
        statement.where(asked).order_by(CallRecord.arrived_at, CallRecord.id)
    ):
        own = talks.get(call_id)
        talked = sum(own.values()) if own else None
        failed = disposition == Disposition.FAILED.value
        found.append(
            KnownCall(call_id, CallFact(arrived_at, answered_at, ended_at, outcome, failed, talked), line_id, own or {})
        )
    return found


def _talks(session: Session, asked: ColumnElement[bool]) -> dict[int, dict[int, float]]:
    """Seconds that each operator has talked in each call; a call that came back to her is one conversation longer."""
    statement = (
        select(CallLegRecord.call_id, CallLegRecord.employee_id, CallLegRecord.answered_at, CallLegRecord.ended_at)
        .join(CallRecord, CallRecord.id == CallLegRecord.call_id)
        .where(asked, CallLegRecord.answered_at.is_not(None), CallLegRecord.ended_at.is_not(None))
    )
    found: dict[int, dict[int, float]] = defaultdict(dict)
    for call_id, employee_id, answered_at, ended_at in session.execute(statement):
        if answered_at is not None and ended_at is not None:
            own = found[call_id]
            key = employee_id or 0
            own[key] = own.get(key, 0.0) + (ended_at - answered_at).total_seconds()
    return dict(found)


def wrapups_between(
    session: Session, service_id: int, since: datetime, until: datetime
) -> Sequence[tuple[int, int, float]]:
    """Return the finished wrap-ups of these calls: (employee, call, seconds together)."""
    statement = (
        select(WrapUp.employee_id, WrapUp.call_id, WrapUp.began_at, WrapUp.ended_at)
        .join(CallRecord, CallRecord.id == WrapUp.call_id)
        .where(CallRecord.service_id == service_id, CallRecord.arrived_at >= since, CallRecord.arrived_at < until)
        .where(CallRecord.direction == Direction.INBOUND.value, WrapUp.ended_at.is_not(None))
    )
    sums: dict[tuple[int, int], float] = defaultdict(float)
    for row in session.execute(statement):
        sums[row.employee_id, row.call_id] += (row.ended_at - row.began_at).total_seconds()
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
