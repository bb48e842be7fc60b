"""Which hours a date has, and why: the director's day, else the state's, else the week's (domain.md §7.3). Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from callflow.calendar import production
from callflow.calendar.hours import (
    MINUTES_OF_DAY,
    DayHours,
    DayKind,
    EffectiveWeek,
    Interval,
    Override,
    joined,
    shortened,
)

_ROUND_THE_CLOCK: Final = (Interval(0, MINUTES_OF_DAY),)
_TITLES: Final = {
    DayKind.WORKING: "рабочий день",
    DayKind.SHORT: "сокращённый день",
    DayKind.WEEKEND: "выходной",
}
_WORKED: Final = ("рабочая суббота", "рабочее воскресенье")


def hours_on(day: date, weeks: Sequence[EffectiveWeek], overrides: Mapping[date, Override]) -> DayHours:
    """The hours of a date. `weeks` by their first day; without any the service is open round the clock."""
    override = overrides.get(day)
    if override is not None:
        return DayHours(day, joined(override.intervals), DayKind.OVERRIDE, override.title)
    kind, title, weekday = _of_the_state(day)
    if not weeks:
        if kind is DayKind.WORKING and day.weekday() >= production.SATURDAY:
            kind = DayKind.WEEKEND
        return DayHours(day, _ROUND_THE_CLOCK, kind, title or _TITLES[kind])
    if weekday is None:
        return DayHours(day, (), kind, title)
    return _of_the_week(day, week_on(day, weeks), kind, title, weekday)


def week_on(day: date, weeks: Sequence[EffectiveWeek]) -> EffectiveWeek:
    """The week that holds on this date; the first one for earlier dates. IndexError where there is none."""
    return next((week for week in reversed(weeks) if week.starts_on <= day), weeks[0])


def _of_the_state(day: date) -> tuple[DayKind, str, int | None]:
    """What the production calendar makes of the date, and the weekday whose hours it takes; None: nobody works."""
    year = production.year_of(day.year)
    if name := production.holiday(day):
        return DayKind.HOLIDAY, name, None
    if day in year.moved:
        return DayKind.MOVED, f"выходной, перенесён с {year.moved[day]:%d.%m.%Y}", None
    replaced = year.working_weekends.get(day)
    if replaced is None:
        return DayKind.WORKING, "", day.weekday()
    words = _WORKED[day.weekday() - production.SATURDAY]
    return DayKind.WORKING_WEEKEND, f"{words} вместо {replaced:%d.%m.%Y}", replaced.weekday()


def _of_the_week(day: date, week: EffectiveWeek, kind: DayKind, title: str, weekday: int) -> DayHours:
    intervals = joined(week.days[weekday])
    if not intervals:
        kind, title = DayKind.WEEKEND, ""
    elif production.is_before_holiday(day):
        intervals = shortened(intervals, week.shorten_minutes)
        if kind is DayKind.WORKING:
            kind = DayKind.SHORT
        else:
            title += ", сокращённый день"
    return DayHours(day, intervals, kind, title or _TITLES[kind])
