"""Free times of a specialist: a timetable, its exceptions, the institution's calendar, and what is taken already.

Pure: everything comes as an argument, `now` too. Minutes are local minutes of a day, instants are aware. Times are cut
in real time, so that a night on which the clock is moved neither doubles a reception nor shortens one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import chain
from typing import Protocol

from callflow.calendar.instants import instant_of


class Hours(Protocol):
    """From `starts` until `ends`, minutes of the local day."""

    @property
    def starts(self) -> int:
        """The first minute."""

    @property
    def ends(self) -> int:
        """The first minute that no longer belongs to it."""


class OpenDay(Protocol):
    """A day of the calendar: its hours, none when closed, and why («праздничный день»)."""

    @property
    def intervals(self) -> Sequence[Hours]:
        """The hours in order; a gap is the break."""

    @property
    def title(self) -> str:
        """The kind of day in words."""


class Calendar(Protocol):
    """What is asked of `callflow.calendar.ServiceCalendar`."""

    @property
    def zone(self) -> tzinfo:
        """The institution's zone."""

    def hours_of(self, day: date) -> OpenDay:
        """When the service is open on this day."""


@dataclass(frozen=True)
class Reception:
    """Hours of one weekday (0 Monday), with a break of one's own; valid from and until these days, both included."""

    weekday: int
    starts: int
    ends: int
    modes: tuple[str, ...] = ("office",)
    room: str = ""
    break_starts: int | None = None
    break_ends: int | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether these hours belong to this day."""
        return (
            day.weekday() == self.weekday
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True)
class DayException:
    """A date that differs. `kind`: "closed", "hours" instead of the usual ones, or "extra" besides them.

    Extra hours count even where the calendar is closed: somebody decided so and wrote down why.
    """

    day: date
    kind: str
    starts: int = 0
    ends: int = 0
    modes: tuple[str, ...] = ("office",)
    room: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Timetable:
    """The weekly hours; a reception lasts `slot_minutes`, the next begins `buffer_minutes` after it."""

    receptions: tuple[Reception, ...] = ()
    slot_minutes: int = 45
    buffer_minutes: int = 0

    @property
    def length(self) -> timedelta:
        """How long a reception lasts."""
        return timedelta(minutes=self.slot_minutes)

    @property
    def pause(self) -> timedelta:
        """The time that stays free between two receptions."""
        return timedelta(minutes=self.buffer_minutes)


@dataclass(frozen=True)
class Busy:
    """A time that cannot be had. `words` says why; `paused`: the buffer is kept around it (not around an absence)."""

    starts_at: datetime
    ends_at: datetime
    words: str = "время занято"
    paused: bool = True


@dataclass(frozen=True)
class Slot:
    """A time that can be had (UTC), where, and in which ways people can meet then."""

    starts_at: datetime
    ends_at: datetime
    room: str = ""
    modes: tuple[str, ...] = ("office",)


@dataclass(frozen=True)
class Window:
    """A stretch of reception without a gap, in real time."""

    starts_at: datetime
    ends_at: datetime
    room: str
    modes: tuple[str, ...]


def slots(  # noqa: PLR0917 - the order of the contract
    timetable: Timetable,
    exceptions: Iterable[DayException],
    calendar: Calendar,
    taken: Iterable[Busy],
    since: datetime,
    until: datetime,
    now: datetime,
) -> list[Slot]:
    """Every free time that begins in [since, until) and not before `now`, in order (A-25). Raises nothing."""
    return list(free_slots(timetable, tuple(exceptions), calendar, tuple(taken), since, until, now))


def free_slots(  # noqa: PLR0917 - as above
    timetable: Timetable,
    exceptions: Sequence[DayException],
    calendar: Calendar,
    taken: Sequence[Busy],
    since: datetime,
    until: datetime,
    now: datetime,
) -> Iterator[Slot]:
    """The same one by one, so that whoever wants the nearest three does not make a month of them."""
    day = max(since, now).astimezone(calendar.zone).date()
    while instant_of(day, 0, calendar.zone) < until:
        for slot in day_slots(timetable, exceptions, calendar, day):
            if max(since, now) <= slot.starts_at < until and blocked_by(slot, taken, timetable.pause) is None:
                yield slot
        day += timedelta(days=1)


def day_slots(timetable: Timetable, exceptions: Iterable[DayException], calendar: Calendar, day: date) -> list[Slot]:
    """Every time of this day, free or not, in order; none overlaps another."""
    found: list[Slot] = []
    step = timetable.length + timetable.pause
    for window in windows(timetable, exceptions, calendar, day):
        starts_at = max(window.starts_at, found[-1].ends_at + timetable.pause) if found else window.starts_at
        while starts_at + timetable.length <= window.ends_at:
            found.append(Slot(starts_at, starts_at + timetable.length, window.room, window.modes))
            starts_at += step
    return found


def windows(timetable: Timetable, exceptions: Iterable[DayException], calendar: Calendar, day: date) -> list[Window]:
    """When this specialist receives people on this day, breaks and the service's hours taken into account."""
    today = [one for one in exceptions if one.day == day]
    extra = [_whole(one, day, calendar.zone) for one in today if one.kind == "extra"]
    if any(one.kind == "closed" for one in today):
        return sorted(extra, key=_in_order)
    instead = [one for one in today if one.kind == "hours"]
    usual: Iterable[Reception | DayException] = instead or [one for one in timetable.receptions if one.holds_on(day)]
    open_hours = [(hours.starts, hours.ends) for hours in calendar.hours_of(day).intervals]
    usual_windows = chain.from_iterable(_within(one, open_hours, day, calendar.zone) for one in usual)
    return sorted(chain(usual_windows, extra), key=_in_order)


def _in_order(window: Window) -> tuple[datetime, datetime]:
    return window.starts_at, window.ends_at


def _within(
    reception: Reception | DayException, open_hours: Sequence[tuple[int, int]], day: date, zone: tzinfo
) -> Iterator[Window]:
    for starts, ends in open_hours:
        for piece in _pieces(reception):
            first, last = max(starts, piece[0]), min(ends, piece[1])
            if first < last:
                yield Window(
                    instant_of(day, first, zone), instant_of(day, last, zone), reception.room, tuple(reception.modes)
                )


def _pieces(reception: Reception | DayException) -> list[tuple[int, int]]:
    """The hours without the specialist's own break."""
    starts = getattr(reception, "break_starts", None)
    ends = getattr(reception, "break_ends", None)
    if starts is None or ends is None:
        return [(reception.starts, reception.ends)]
    return [(reception.starts, min(starts, reception.ends)), (max(ends, reception.starts), reception.ends)]


def _whole(exception: DayException, day: date, zone: tzinfo) -> Window:
    return Window(
        instant_of(day, exception.starts, zone),
        instant_of(day, exception.ends, zone),
        exception.room,
        tuple(exception.modes),
    )


def blocked_by(slot: Slot, taken: Iterable[Busy], pause: timedelta) -> Busy | None:
    """What stands in the way of this slot, buffer included."""
    for busy in taken:
        around = pause if busy.paused else timedelta(0)
        if slot.starts_at < busy.ends_at + around and busy.starts_at < slot.ends_at + around:
            return busy
    return None


def is_inside(
    starts_at: datetime,
    ends_at: datetime,
    timetable: Timetable,
    exceptions: Iterable[DayException],
    calendar: Calendar,
) -> bool:
    """Whether the reception hours still cover this time: a booking that they no longer cover must be moved."""
    day = starts_at.astimezone(calendar.zone).date()
    return any(
        window.starts_at <= starts_at and ends_at <= window.ends_at
        for window in windows(timetable, exceptions, calendar, day)
    )
