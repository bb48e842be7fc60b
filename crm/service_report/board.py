"""What goes on in the services at this moment: who waits, who talks, what the day has brought so far.

No name of a family and no number of a caller is in it: the board may hang on a wall.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.call import CallState, Direction, LegState
from callflow.service_level import Light, Tally, Targets, above
from crm.base import fetch
from crm.calendar.reading import zone_of
from crm.call_tables import CallLegRecord, CallRecord
from crm.institution import Service
from crm.missed import reading as missed
from crm.missed.reading import MissedCount
from crm.presence import Presence, PresenceState
from crm.service_report.facts import calls_between
from crm.service_report.figures import bounds
from crm.service_report.targets import targets_of
from crm.staff import operators

_UNANSWERED = (CallState.ARRIVED.value, CallState.WAITING.value, CallState.RINGING.value)


@dataclass(frozen=True)
class OperatorNow:
    """One operator: `state` ready, ringing, talking, wrapup, break, offline; since when (UTC), in words."""

    name: str
    state: str
    words: str
    since: datetime | None
    light: Light


@dataclass(frozen=True)
class ServiceNow:
    """One service at `at`. `longest_since`: when the caller who waits longest came in."""

    id: int
    name: str
    day: date
    targets: Targets
    waiting: int
    longest_since: datetime | None
    queue_light: Light
    wait_light: Light
    operators: Sequence[OperatorNow]
    today: Tally
    call_backs: MissedCount

    @property
    def ready(self) -> int:
        """Operators who can take the next call."""
        return sum(one.state == "ready" for one in self.operators)


def board(session: Session, service_ids: Collection[int], at: datetime) -> list[ServiceNow]:
    """Return the services' moment, in the order of their ids. Every question goes to an index of what is open, or to
    today's calls of one service."""
    return [one for service_id in sorted(service_ids) if (one := _service(session, service_id, at)) is not None]


def _service(session: Session, service_id: int, at: datetime) -> ServiceNow | None:
    service = fetch(session, Service, service_id)
    if service is None:
        return None
    targets = targets_of(session, service_id)
    waiting = _waiting(session, service_id)
    longest = min(waiting, default=None)
    day = at.astimezone(zone := zone_of(session, service_id)).date()
    today = Tally(targets)
    for call in calls_between(session, service_id, *bounds(day, day, zone)):
        today.add(call.fact)
    return ServiceNow(
        id=service.id,
        name=service.name,
        day=day,
        targets=targets,
        waiting=len(waiting),
        longest_since=longest,
        queue_light=above(len(waiting), targets.queue_yellow, targets.queue_red),
        wait_light=above((at - longest).total_seconds(), targets.wait_yellow, targets.wait_red)
        if longest
        else Light.GREEN,
        operators=_operators(session, service_id, targets, at),
        today=today,
        call_backs=missed.count(session, [service_id], at),
    )


def _waiting(session: Session, service_id: int) -> Sequence[datetime]:
    statement = select(CallRecord.arrived_at).where(
        CallRecord.ended_at.is_(None),
        CallRecord.state.in_(_UNANSWERED),
        CallRecord.service_id == service_id,
        CallRecord.direction == Direction.INBOUND.value,
    )
    return session.scalars(statement).all()


def _operators(session: Session, service_id: int, targets: Targets, at: datetime) -> list[OperatorNow]:
    people = {employee.id: employee.short_name for employee, _, _ in operators(session, service_id)}
    states = {row.employee_id: row for row in session.scalars(select(Presence).where(Presence.employee_id.in_(people)))}
    legs = _legs(session, people)
    return [
        _operator(name, states.get(employee_id), legs.get(employee_id), targets, at)
        for employee_id, name in people.items()
    ]


def _legs(session: Session, people: Collection[int]) -> dict[int, tuple[str, str, datetime]]:
    """Whose phone rings or talks: state, direction, since when; the talk where there are both."""
    statement = (
        select(
            CallLegRecord.employee_id,
            CallLegRecord.state,
            CallRecord.direction,
            CallLegRecord.rang_at,
            CallLegRecord.answered_at,
        )
        .join(CallRecord, CallRecord.id == CallLegRecord.call_id)
        .where(CallLegRecord.employee_id.in_(people), CallLegRecord.ended_at.is_(None), CallRecord.ended_at.is_(None))
        .where(CallLegRecord.state.in_([LegState.RINGING.value, LegState.TALKING.value]))
    )
    found: dict[int, tuple[str, str, datetime]] = {}
    for row in session.execute(statement):
        if row.employee_id not in found or row.state == LegState.TALKING:
            found[row.employee_id] = (row.state, row.direction, row.answered_at or row.rang_at)
    return found


def _operator(
    name: str, presence: Presence | None, leg: tuple[str, str, datetime] | None, targets: Targets, at: datetime
) -> OperatorNow:
    if leg is not None:
        state, direction, since = leg
        ours = direction == Direction.OUTBOUND
        if state == LegState.TALKING:
            return OperatorNow(name, "talking", "говорит, исходящий" if ours else "говорит", since, Light.NONE)
        return OperatorNow(name, "ringing", "набирает номер" if ours else "звонит телефон", since, Light.NONE)
    if presence is None or presence.state == PresenceState.OFFLINE:
        return OperatorNow(name, "offline", "не на линии", None, Light.NONE)
    state = PresenceState(presence.state)
    if state is PresenceState.WRAPUP:
        minute = timedelta(minutes=1)
        light = above((at - presence.since) / minute, targets.wrapup_yellow, targets.wrapup_red)
        return OperatorNow(name, state.value, state.title, presence.since, light)
    words = f"перерыв: {presence.reason}" if state is PresenceState.BREAK and presence.reason else state.title
    light = Light.GREEN if state is PresenceState.READY else Light.NONE
    return OperatorNow(name, state.value, words, presence.since, light)
