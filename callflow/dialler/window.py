"""When a telephone may ring (domain.md §3.3, reliability.md I3, F29): a ring must begin and end inside. Pure.

The service's open time, cut by the window of the settings («с 9:00, не позже чем …») and by the family's own hours.
Weekends and holidays never, whatever the calendar says of a working Saturday.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from callflow.calendar import ServiceCalendar, production
from callflow.calendar.instants import instant_of

MARGIN: Final = timedelta(seconds=5)
"""Between the last second of a ring and the end of the window: orders take a moment to arrive (F29)."""
FARTHEST: Final = timedelta(days=30)
_FIVE_DAYS: Final = range(5)
_NINE, _FIVE = 9 * 60, 17 * 60


@dataclass(frozen=True)
class CallingHours:
    """The window of the settings, in minutes of the institution's day: no ring before `earliest`, none after `latest`
    of the weekday (0 Monday); `latest_usual` on days that are not named."""

    earliest: int = _NINE
    latest_usual: int = 16 * 60 + 45
    latest: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({3: 18 * 60}))

    def latest_on(self, weekday: int) -> int:
        """Minute after which nothing rings on this weekday."""
        return self.latest.get(weekday, self.latest_usual)


@dataclass(frozen=True)
class FamilyHours:
    """Minutes of the day between which a family may be called; None: no limit. `until` before `since`: never."""

    since: int | None = None
    until: int | None = None


ANY_TIME: Final = FamilyHours()
Span = tuple[datetime, datetime]


def spans(
    calendar: ServiceCalendar, hours: CallingHours, day: date, family: FamilyHours = ANY_TIME
) -> tuple[Span, ...]:
    """The stretches of `day` in which a telephone may ring, as UTC instants, half-open.

    A service that has not been told its hours is open to callers round the clock; for calls of ours it then has nine
    to five.
    """
    if day.weekday() not in _FIVE_DAYS or production.is_day_off(day) or not calendar.is_working_day(day):
        return ()
    intervals = calendar.hours_of(day).intervals
    open_time = [(one.starts, one.ends) for one in intervals] if not calendar.always_open else [(_NINE, _FIVE)]
    first = max(hours.earliest, family.since or 0)
    last = min(hours.latest_on(day.weekday()), family.until if family.until is not None else 24 * 60)
    cut = ((max(starts, first), min(ends, last)) for starts, ends in open_time)
    return tuple(
        (instant_of(day, starts, calendar.zone), instant_of(day, ends, calendar.zone))
        for starts, ends in cut
        if starts < ends
    )


def may_ring(
    calendar: ServiceCalendar, hours: CallingHours, at: datetime, ring: timedelta, family: FamilyHours = ANY_TIME
) -> bool:
    """Whether a ring that begins at `at` and lasts `ring` lies wholly inside."""
    day = at.astimezone(calendar.zone).date()
    return any(begins <= at and at + ring + MARGIN <= ends for begins, ends in spans(calendar, hours, day, family))


def ends_at(
    calendar: ServiceCalendar, hours: CallingHours, at: datetime, family: FamilyHours = ANY_TIME
) -> datetime | None:
    """The end of the stretch that holds `at`; None outside of every stretch."""
    day = at.astimezone(calendar.zone).date()
    return next((ends for begins, ends in spans(calendar, hours, day, family) if begins <= at < ends), None)


def next_start(
    calendar: ServiceCalendar, hours: CallingHours, at: datetime, ring: timedelta, family: FamilyHours = ANY_TIME
) -> datetime | None:
    """The first instant not before `at` at which a ring may begin; None within the next month."""
    for begins, ends in _following(calendar, hours, at, family):
        start = max(begins, at)
        if start + ring + MARGIN <= ends:
            return start.astimezone(UTC)
    return None


def _following(calendar: ServiceCalendar, hours: CallingHours, at: datetime, family: FamilyHours) -> Iterator[Span]:
    day = at.astimezone(calendar.zone).date()
    last = day + FARTHEST
    while day <= last:
        yield from spans(calendar, hours, day, family)
        day += timedelta(days=1)
