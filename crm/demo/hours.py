"""The demo's hours: those of regulation A for its service (A-5, A-6), office hours for the coordinator of B, and a day
that differs."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar
from crm.calendar.reading import calendar_of
from crm.calendar.tables import CalendarDay, ServiceHours
from crm.demo.services import TIMEZONE
from crm.institution import Service

MORNING, AFTERNOON, LATE = [480, 720], [780, 1020], [780, 1140]
ORDINARY = [MORNING, AFTERNOON]
WEEKS = {
    "A": [ORDINARY, ORDINARY, ORDINARY, [MORNING, LATE], ORDINARY, [], []],
    "B": [ORDINARY, ORDINARY, ORDINARY, ORDINARY, [MORNING, [780, 960]], [], []],
}
SINCE = date(2024, 1, 1)
SANITARY = "Санитарный день"
STATE = ServiceCalendar(ZoneInfo(TIMEZONE), {})
"""The state's working days, for rows that must not depend on what somebody has set."""


def load_calendar(session: Session, at: datetime) -> None:
    """Give both services their hours, and service A a sanitary day to come (the last working Friday of the month)."""
    services = {one.code: one.id for one in session.scalars(select(Service))}
    session.add_all(
        ServiceHours(service_id=services[code], starts_on=SINCE, days=days, shorten_minutes=60, at=at)
        for code, days in WEEKS.items()
    )
    session.flush()
    today = at.astimezone(ZoneInfo(TIMEZONE)).date()
    day = _sanitary_day(calendar_of(session, services["A"]), today)
    session.add(CalendarDay(service_id=services["A"], day=day, intervals=[], title=SANITARY, at=at))
    session.flush()


def _sanitary_day(calendar: ServiceCalendar, today: date) -> date:
    """A Friday a month from now on which people would be at work."""
    day = today + timedelta(days=30)
    while day.weekday() != 4 or not calendar.is_working_day(day):
        day += timedelta(days=1)
    return day
