"""Hours of a day, of a week, and of days that differ. Minutes of the local day, half-open. Pure values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

MINUTES_OF_DAY: Final = 24 * 60
WEEKDAYS: Final = 7


@dataclass(frozen=True, order=True)
class Interval:
    """From `starts` up to and without `ends`, in minutes of the local day; 0 ≤ starts < ends ≤ 1440 (ValueError)."""

    starts: int
    ends: int

    def __post_init__(self) -> None:
        if not 0 <= self.starts < self.ends <= MINUTES_OF_DAY:
            raise ValueError("an interval lies within one day and is not empty")


class DayKind(StrEnum):
    """Why a day has the hours it has."""

    WORKING = "working"
    SHORT = "short"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MOVED = "moved"
    WORKING_WEEKEND = "working_weekend"
    OVERRIDE = "override"


@dataclass(frozen=True)
class DayHours:
    """The hours of one date. The gap between two intervals is the break; `title` says in Russian what day it is."""

    day: date
    intervals: tuple[Interval, ...]
    kind: DayKind
    title: str = ""


@dataclass(frozen=True)
class Override:
    """A day as the director has set it; without intervals it is closed. `title`: «Санитарный день»."""

    intervals: tuple[Interval, ...]
    title: str = ""


@dataclass(frozen=True)
class EffectiveWeek:
    """The hours of Monday … Sunday from `starts_on` until the next such week; a short day ends `shorten_minutes`
    sooner."""

    starts_on: date
    days: tuple[tuple[Interval, ...], ...]
    shorten_minutes: int = 60

    def __post_init__(self) -> None:
        if len(self.days) != WEEKDAYS:
            raise ValueError("a week has seven days")


def joined(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same hours in order, with intervals that touch or overlap made one: between them nobody rests."""
    whole: list[Interval] = []
    for one in sorted(intervals):
        if whole and one.starts <= whole[-1].ends:
            whole[-1] = Interval(whole[-1].starts, max(whole[-1].ends, one.ends))
        else:
            whole.append(one)
    return tuple(whole)


def shortened(intervals: Sequence[Interval], minutes: int) -> tuple[Interval, ...]:
    """The day's hours with the end of the day `minutes` sooner (domain.md §7.3)."""
    if not intervals:
        return ()
    end = intervals[-1].ends - minutes
    return tuple(Interval(one.starts, min(one.ends, end)) for one in intervals if one.starts < end)
