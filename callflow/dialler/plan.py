"""When a booking is to be reminded of (domain.md §5.3): stretches of time, and the moment after which it is too late.

Default: one working day before, 15:00–17:00; then the morning of the day itself. Minutes are of the institution's day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from callflow.calendar import ServiceCalendar
from callflow.calendar.instants import instant_of
from callflow.dialler import window
from callflow.dialler.window import CallingHours, FamilyHours

LONGEST_LOOK_BACK: Final = 30


@dataclass(frozen=True)
class ReminderPlan:
    """What the head has decided. `days_before`: working days; `lead`: nobody is reminded later than this before."""

    days_before: int = 1
    since: int = 15 * 60
    until: int = 17 * 60
    morning: bool = True
    morning_since: int = 9 * 60
    morning_until: int = 12 * 60
    lead: timedelta = timedelta(minutes=60)


@dataclass(frozen=True)
class Occasions:
    """The stretches in which one booking may be reminded of, the earliest first, and the last moment of all."""

    stretches: Sequence[tuple[datetime, datetime]]
    deadline: datetime


def occasions(  # noqa: PLR0917 - the booking, then what the service and the family allow
    starts_at: datetime,
    booked_at: datetime,
    plan: ReminderPlan,
    calendar: ServiceCalendar,
    hours: CallingHours,
    family: FamilyHours,
) -> Occasions:
    """When to remind of a booking that begins at `starts_at` and was made at `booked_at`.

    A stretch that had begun when the booking was made is passed over: the family has only just spoken of it. Empty
    stretches mean that nobody needs to be, or can be, reminded.
    """
    day = starts_at.astimezone(calendar.zone).date()
    deadline = starts_at - plan.lead
    wanted = [(_days_before(calendar, day, plan.days_before), plan.since, plan.until)]
    if plan.morning:
        wanted.append((day, plan.morning_since, plan.morning_until))
    found: list[tuple[datetime, datetime]] = []
    for when, first, last in wanted:
        begins, ends = instant_of(when, first, calendar.zone), instant_of(when, last, calendar.zone)
        for since, until in window.spans(calendar, hours, when, family):
            span = max(begins, since), min(ends, until, deadline)
            if span[0] < span[1] and booked_at < begins:
                found.append((span[0].astimezone(UTC), span[1].astimezone(UTC)))
    return Occasions(found, deadline)


def _days_before(calendar: ServiceCalendar, day: date, count: int) -> date:
    """The `count`-th working day before `day`."""
    for _ in range(LONGEST_LOOK_BACK):
        if count <= 0:
            break
        day -= timedelta(days=1)
        if calendar.is_working_day(day):
            count -= 1
    return day
