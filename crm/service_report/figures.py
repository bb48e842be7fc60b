"""The service report: every figure of one service in one period (A-11, A-13), by day, hour, line and operator."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.service_level import Tally, Targets, fate_of
from crm.base import fetch
from crm.calendar.reading import zone_of
from crm.errors import Incomplete, NotFound
from crm.institution import Line, Service
from crm.service_report.facts import KnownCall, calls_between, outgoing_between, wrapups_between
from crm.service_report.missed_figures import CallBacks, ToAppointment, call_backs, to_appointment
from crm.service_report.targets import targets_of
from crm.staff import Employee

MOST_DAYS = 366


@dataclass(slots=True)
class OperatorFigures:
    """One operator: conversations (calls she took part in), their length, her wrap-ups. Seconds."""

    employee_id: int
    name: str
    calls: int = 0
    talk_seconds: float = 0.0
    wrapups: int = 0
    wrapup_seconds: float = 0.0

    @property
    def average_talk(self) -> float | None:
        return self.talk_seconds / self.calls if self.calls else None

    @property
    def average_wrapup(self) -> float | None:
        return self.wrapup_seconds / self.wrapups if self.wrapups else None


@dataclass(frozen=True)
class ServiceFigures:
    """Everything that the report says of a service from `since` to `until`, both included (local days)."""

    service: str
    since: date
    until: date
    targets: Targets
    total: Tally
    days: Mapping[date, Tally]
    hours: Mapping[int, Tally]
    lines: Sequence[tuple[str, Tally]]
    operators: Sequence[OperatorFigures]
    average_wrapup: float | None
    outgoing: int
    outgoing_answered: int
    call_backs: CallBacks = field(default_factory=CallBacks)
    to_appointment: ToAppointment = field(default_factory=ToAppointment)


def bounds(since: date, until: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants [from, to) of these local days."""
    return datetime.combine(since, time(), zone), datetime.combine(until + timedelta(days=1), time(), zone)


def check_period(since: date, until: date) -> None:
    """Raise Incomplete for a period that is no report's."""
    if until < since:
        raise Incomplete({"until": "Конец периода раньше начала."})
    if (until - since).days >= MOST_DAYS:
        raise Incomplete({"until": "Период – не больше года: сузьте его."})


def figures(session: Session, service_id: int, since: date, until: date) -> ServiceFigures:
    """Return the report's figures. Raises NotFound, Incomplete."""
    check_period(since, until)
    service = fetch(session, Service, service_id)
    if service is None:
        raise NotFound("Такой службы нет.")
    zone, targets = zone_of(session, service_id), targets_of(session, service_id)
    begin, end = bounds(since, until, zone)
    known = calls_between(session, service_id, begin, end)
    wrapups = wrapups_between(session, service_id, begin, end)
    outgoing, outgoing_answered = outgoing_between(session, service_id, begin, end)
    total = Tally(targets)
    days = {since + timedelta(days=number): Tally(targets) for number in range((until - since).days + 1)}
    hours = {hour: Tally(targets) for hour in range(24)}
    lines: dict[int | None, Tally] = defaultdict(lambda: Tally(targets))
    for call in known:
        local = call.fact.arrived_at.astimezone(zone)
        judged = fate_of(call.fact, targets), call.fact.wait, call.fact.talk_seconds
        for one in (total, days[local.date()], hours[local.hour], lines[call.line_id]):
            one.count(*judged)
    seconds = [one for _, _, one in wrapups]
    return ServiceFigures(
        service=service.name,
        since=since,
        until=until,
        targets=targets,
        total=total,
        days=days,
        hours=_worked(hours),
        lines=_named(session, lines),
        operators=_operators(session, known, wrapups),
        average_wrapup=sum(seconds) / len(seconds) if seconds else None,
        outgoing=outgoing,
        outgoing_answered=outgoing_answered,
        call_backs=call_backs(session, service_id, begin, end, targets.missed_minutes),
        to_appointment=to_appointment(session, service_id, begin, end),
    )


def _worked(hours: dict[int, Tally]) -> dict[int, Tally]:
    """From the first hour with a call to the last one: nights without calls are no lines of the table."""
    used = [hour for hour, one in hours.items() if one.total]
    return {hour: hours[hour] for hour in range(min(used), max(used) + 1)} if used else {}


def _named(session: Session, lines: Mapping[int | None, Tally]) -> list[tuple[str, Tally]]:
    names = {line.id: line.title or line.did for line in session.scalars(select(Line).where(Line.id.in_(list(lines))))}
    found = [(names.get(line_id or 0, "линия не определена"), one) for line_id, one in lines.items()]
    return sorted(found, key=lambda pair: pair[0])


def _operators(
    session: Session, calls: Sequence[KnownCall], wrapups: Sequence[tuple[int, int, float]]
) -> list[OperatorFigures]:
    ids = {employee_id for call in calls for employee_id in call.talks} | {one[0] for one in wrapups}
    names = {one.id: one.short_name for one in session.scalars(select(Employee).where(Employee.id.in_(ids)))}
    found = {one: OperatorFigures(one, names.get(one, "не известно")) for one in ids}
    for call in calls:
        for employee_id, seconds in call.talks.items():
            found[employee_id].calls += 1
            found[employee_id].talk_seconds += seconds
    for employee_id, _, seconds in wrapups:
        found[employee_id].wrapups += 1
        found[employee_id].wrapup_seconds += seconds
    return sorted(found.values(), key=lambda one: one.name)
