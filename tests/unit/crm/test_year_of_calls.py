"""Every minute of 2026, and every second around its edges: no telephone rings outside of the hours (issue 5).

What decides about an order (`callflow.dialler.rules.judge`) is asked for both services of the demo with days that
differ, and compared with a table written by hand (`tests.support.hand_calendar`).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.calendar import EffectiveWeek, Interval, Override, ServiceCalendar
from callflow.dialler import window
from callflow.dialler.rules import Answer, Facts, Rule, judge
from crm.demo.hours import SINCE, WEEKS
from tests.support.hand_calendar import OFF, SHORT, hours_by_hand

MOSCOW = ZoneInfo("Europe/Moscow")
YEAR = 2026
RING, MARGIN = 30, 5
SHUT, REDUCED, SATURDAY = date(2026, 11, 27), date(2026, 7, 15), date(2026, 6, 13)
BY_DIRECTOR = {
    SHUT: Override((), "Санитарный день"),
    REDUCED: Override((Interval(600, 900),), "Авария на теплотрассе"),
    SATURDAY: Override((Interval(540, 840),), "День открытых дверей"),
}
Stretch = tuple[int, int]


def calendar_of(code: str) -> ServiceCalendar:
    """The demo's hours of this service."""
    week = EffectiveWeek(SINCE, tuple(tuple(Interval(*one) for one in day) for day in WEEKS[code]), 60)
    return ServiceCalendar(MOSCOW, [week], BY_DIRECTOR)


def open_by_hand(code: str, day: date) -> tuple[Stretch, ...]:
    """When the service is open, in minutes of the day."""
    if day == SHUT:
        return ()
    if day == REDUCED:
        return ((10 * 60, 15 * 60),)
    if code == "A":
        return hours_by_hand(day)
    if day.weekday() >= 5 or day in OFF:
        return ()
    end = (16 if day.weekday() == 4 else 17) * 60
    return (8 * 60, 12 * 60), (13 * 60, end - 60 if day in SHORT else end)


def allowed_by_hand(code: str, day: date) -> tuple[Stretch, ...]:
    """In which seconds of the day a ring may begin: not before 9:00, over five seconds before 16:45 (Thursdays 18:00)
    and before every end of the hours."""
    if day.weekday() >= 5:
        return ()
    latest = 18 * 60 if day.weekday() == 3 else 16 * 60 + 45
    cut = [(max(first, 9 * 60), min(end, latest)) for first, end in open_by_hand(code, day)]
    return tuple((first * 60, end * 60 - RING - MARGIN) for first, end in cut if first < end)


class Days:
    """`window.spans`, asked once for every day: the same answer a thousand times a day would take a minute."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, date], tuple[window.Span, ...]] = {}
        self._real = window.spans

    def __call__(
        self,
        calendar: ServiceCalendar,
        hours: window.CallingHours,
        day: date,
        family: window.FamilyHours = window.ANY_TIME,
    ) -> tuple[window.Span, ...]:
        key = (id(calendar), day)
        if key not in self._known:
            self._known[key] = self._real(calendar, hours, day, family)
        return self._known[key]


def days_of(month: int) -> list[date]:
    """The days of one month of the year."""
    return [date(YEAR, month, day + 1) for day in range(monthrange(YEAR, month)[1])]


def seconds_to_look_at(allowed: tuple[Stretch, ...]) -> Iterator[int]:
    """Every minute of the day, and the seconds around the edges."""
    yield from range(0, 86_400, 60)
    for first, last in allowed:
        yield from range(first - 2, first + 3)
        yield from range(last - 2, last + RING + MARGIN + 3)


@pytest.mark.parametrize("code", ["A", "B"])
@pytest.mark.parametrize("month", range(1, 13))
def test_no_telephone_rings_outside_of_the_hours(code: str, month: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "spans", Days())
    calendar = calendar_of(code)
    facts = Facts(by_robot=True, source_stands=True, deadline=datetime(YEAR + 1, 12, 1, tzinfo=UTC), calendar=calendar)
    wrong = []
    for day in days_of(month):
        allowed = allowed_by_hand(code, day)
        midnight = datetime.combine(day, time(), MOSCOW).astimezone(UTC)
        for second in seconds_to_look_at(allowed):
            at = midnight + timedelta(seconds=second)
            verdict = judge(facts, at)
            may = any(first <= second <= last for first, last in allowed)
            if (verdict.answer is Answer.GO) is not may or (not may and verdict.rule is not Rule.HOURS):
                wrong.append((at, verdict))
    assert wrong == []


def test_the_hand_written_year_is_a_year_of_work() -> None:
    """A table that allowed nothing would agree with a program that never calls."""
    days = [day for month in range(1, 13) for day in days_of(month)]
    calls = {code: sum(bool(allowed_by_hand(code, day)) for day in days) for code in "AB"}
    assert calls == {"A": 246, "B": 246}
    assert allowed_by_hand("A", date(2026, 11, 19)) == ((32_400, 43_165), (46_800, 64_765))
    assert allowed_by_hand("B", date(2026, 5, 8)) == ((32_400, 43_165), (46_800, 53_965))
    assert allowed_by_hand("A", SATURDAY) == ()
