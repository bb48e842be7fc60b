"""Check 1 of domain.md §11, and every minute around every edge of three years against a table written by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.calendar import DayKind, Interval, LineState, ServiceCalendar
from tests.support.hand_calendar import (
    OFF,
    SHORT,
    WORKING_DAYS_OF_THE_YEAR,
    WORKING_WEEKENDS,
    hours_by_hand,
    state_by_hand,
)

MOSCOW = ZoneInfo("Europe/Moscow")
ORDINARY = (Interval(480, 720), Interval(780, 1020))
THURSDAY = (Interval(480, 720), Interval(780, 1140))
WEEK = {0: ORDINARY, 1: ORDINARY, 2: ORDINARY, 3: THURSDAY, 4: ORDINARY}
MINUTE = timedelta(minutes=1)


def calendar() -> ServiceCalendar:
    """Regulation A."""
    return ServiceCalendar(MOSCOW, WEEK)


@pytest.mark.parametrize(
    ("when", "state", "until"),
    [
        ("2026-11-19 18:59", LineState.OPEN, "2026-11-19 19:00"),  # Thursday
        ("2026-11-19 19:00", LineState.CLOSED, "2026-11-20 08:00"),
        ("2026-11-18 16:59", LineState.OPEN, "2026-11-18 17:00"),  # Wednesday
        ("2026-11-18 17:00", LineState.CLOSED, "2026-11-19 08:00"),
        ("2026-11-18 07:59", LineState.CLOSED, "2026-11-18 08:00"),
        ("2026-11-18 08:00", LineState.OPEN, "2026-11-18 12:00"),
        ("2026-11-18 12:00", LineState.BREAK, "2026-11-18 13:00"),
        ("2026-11-18 13:00", LineState.OPEN, "2026-11-18 17:00"),
        ("2027-02-20 15:59", LineState.OPEN, "2027-02-20 16:00"),  # a working Saturday, short
        ("2027-02-20 16:00", LineState.CLOSED, "2027-02-24 08:00"),
        ("2027-02-22 10:00", LineState.CLOSED, "2027-02-24 08:00"),
        ("2026-11-03 15:59", LineState.OPEN, "2026-11-03 16:00"),  # short
        ("2026-11-03 16:00", LineState.CLOSED, "2026-11-05 08:00"),
        ("2026-12-30 16:59", LineState.OPEN, "2026-12-30 17:00"),  # not short: 31.12 is a moved day off
        ("2026-12-30 17:00", LineState.CLOSED, "2027-01-11 08:00"),
    ],
)
def test_check_1(when: str, state: LineState, until: str) -> None:
    moment = calendar().at(local(when))
    assert (moment.state, moment.until) == (state, local(until))
    assert moment.next_open == (None if state is LineState.OPEN else local(until))


def test_the_interval_is_half_open_to_the_microsecond() -> None:
    last = local("2026-11-18 17:00") - timedelta(microseconds=1)
    assert calendar().at(last).state is LineState.OPEN
    assert calendar().at(last + timedelta(microseconds=1)).state is LineState.CLOSED


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_every_day_of_the_year_has_the_hours_of_the_table(year: int) -> None:
    known, day, working = calendar(), date(year, 1, 1), 0
    while day.year == year:
        hours = known.hours_of(day)
        assert tuple((one.starts, one.ends) for one in hours.intervals) == hours_by_hand(day), day
        working += known.is_working_day(day)
        assert (day in SHORT) == (hours.kind is DayKind.SHORT or "сокращённый" in hours.title), day
        assert (day in WORKING_WEEKENDS) == (hours.kind is DayKind.WORKING_WEEKEND), day
        assert (day in OFF) <= (hours.kind in (DayKind.HOLIDAY, DayKind.MOVED)), day
        day += timedelta(days=1)
    assert working == WORKING_DAYS_OF_THE_YEAR[year]


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_every_minute_around_every_edge_of_the_year_agrees_with_the_table(year: int) -> None:
    """Three minutes on either side of 8:00, 12:00, 13:00, 16:00, 17:00, 18:00, 19:00 and midnight of each day."""
    known = calendar()
    start = datetime(year, 1, 1, tzinfo=MOSCOW)
    around = sorted({(edge + off) % 1440 for edge in (0, 480, 720, 780, 960, 1020, 1080, 1140) for off in range(-3, 4)})
    for ahead in range((date(year + 1, 1, 1) - date(year, 1, 1)).days):
        day = start.date() + timedelta(days=ahead)
        for minute in around:
            at = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=MOSCOW)
            assert known.at(at).state == state_by_hand(day, minute), at


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_the_edges_of_the_year_are_those_of_the_table_and_no_others(year: int) -> None:
    since, until = datetime(year, 1, 1, tzinfo=MOSCOW), datetime(year + 1, 1, 1, tzinfo=MOSCOW)
    expected = {}
    day = since.date()
    while day.year == year:
        for place, (first, last) in enumerate(hours := hours_by_hand(day)):
            midnight = datetime(day.year, day.month, day.day, tzinfo=MOSCOW).astimezone(UTC)
            expected[midnight + first * MINUTE] = "open"
            expected[midnight + last * MINUTE] = "break" if place + 1 < len(hours) else "closed"
        day += timedelta(days=1)
    assert {at: moment.state for at, moment in calendar().edges(since, until)} == expected


def test_the_working_minutes_of_a_year_are_a_hand_count() -> None:
    since, until = datetime(2026, 1, 1, tzinfo=MOSCOW), datetime(2027, 1, 1, tzinfo=MOSCOW)
    counted = sum(
        last - first for ahead in range(365) for first, last in hours_by_hand(date(2026, 1, 1) + timedelta(days=ahead))
    )
    assert calendar().working_minutes(since, until) == counted


def local(text: str) -> datetime:
    """«2026-11-19 18:59» in Moscow."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)
