"""When a telephone may ring, hour by hour from 2024 to 2030, in zones whose clocks jump and in such as do not (F28)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from callflow.calendar import Interval, ServiceCalendar, production
from callflow.dialler.window import MARGIN, CallingHours, Span, may_ring, spans

ZONES = (
    "Europe/Moscow",
    "Asia/Kamchatka",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour, in the southern summer
    "Africa/Casablanca",  # back in Ramadan, twice a year and on another day every year
)
FIRST, LAST = date(2024, 1, 1), date(2030, 12, 31)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RING = timedelta(seconds=30)
OFFICE = (Interval(480, 720), Interval(780, 1020))
USUAL = (dict.fromkeys(range(5), OFFICE), CallingHours())
ROUND_THE_CLOCK = (
    dict.fromkeys(range(5), (Interval(0, 1440),)),
    CallingHours(earliest=0, latest_usual=1440, latest=MappingProxyType({})),
)
"""No service has such hours; but clocks jump at night, and no ring may begin in an hour that is not there."""


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("kind", ["usual", "round the clock"])
def test_no_hour_is_wrong(zone: str, kind: str) -> None:
    """Of all the hours of seven years: it may ring in this one if, and only if, wall clock and calendar say so."""
    week, hours = USUAL if kind == "usual" else ROUND_THE_CLOCK
    calendar = ServiceCalendar(ZoneInfo(zone), week)
    allowed = iter([*_days(calendar, hours), (datetime.max.replace(tzinfo=UTC),) * 2])
    begins, ends = next(allowed)
    at, end = _midnight(FIRST), _midnight(LAST)
    while at < end:
        while ends <= at:
            begins, ends = next(allowed)
        assert (begins <= at < ends) is _by_the_wall_clock(calendar, at, kind), at
        at += HOUR


@pytest.mark.parametrize("zone", ZONES)
def test_a_ring_ends_before_the_window_does(zone: str) -> None:
    """At the edges of one stretch a month, to the second."""
    week, hours = USUAL
    calendar = ServiceCalendar(ZoneInfo(zone), week)
    for begins, ends in list(_days(calendar, hours))[::40]:
        assert may_ring(calendar, hours, begins, RING)
        assert not may_ring(calendar, hours, begins - timedelta(seconds=1), RING)
        assert may_ring(calendar, hours, ends - RING - MARGIN, RING)
        assert not may_ring(calendar, hours, ends - RING - MARGIN + timedelta(seconds=1), RING)


def _days(calendar: ServiceCalendar, hours: CallingHours) -> Iterator[Span]:
    day = FIRST
    while day <= LAST:
        yield from spans(calendar, hours, day)
        day += DAY


def _by_the_wall_clock(calendar: ServiceCalendar, at: datetime, kind: str) -> bool:
    """Reckoned the other way round: from the instant to the day and minute that a clock on the wall shows."""
    local = at.astimezone(calendar.zone)
    day, minute = local.date(), local.hour * 60 + local.minute
    if local.weekday() > 4 or production.is_day_off(day):
        return False
    shorter = 60 * production.is_before_holiday(day)
    if kind != "usual":
        return minute < 1440 - shorter
    latest = min(18 * 60 if local.weekday() == 3 else 16 * 60 + 45, 17 * 60 - shorter)
    return 9 * 60 <= minute < 12 * 60 or 13 * 60 <= minute < latest


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
