"""What the calendar's page shows: a month as a table, and what a caller meets at an instant. Values only."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callflow.calendar import DayHours, DayKind, LineState, Moment, ServiceCalendar, words
from crm.calendar.pending import Pending, pending
from crm.staff import Role
from web.access import Visitor
from web.words import Clock

MONTHS = ("Январь", "Февраль", "Март", "Апрель", "Май", "Июнь",
          "Июль", "Август", "Сентябрь", "Октябрь", "Ноябрь", "Декабрь")  # fmt: skip
LEGEND = (
    (DayKind.WORKING, "рабочий день"),
    (DayKind.SHORT, "сокращённый день"),
    (DayKind.WEEKEND, "выходной"),
    (DayKind.HOLIDAY, "праздник"),
    (DayKind.MOVED, "перенесённый выходной"),
    (DayKind.WORKING_WEEKEND, "рабочая суббота или воскресенье"),
    (DayKind.OVERRIDE, "особый день, заданный здесь"),
)
YEARS_AROUND = 5
STATE_CLASSES = {LineState.OPEN: "state-ok", LineState.BREAK: "state-warn", LineState.CLOSED: ""}


@dataclass(frozen=True)
class Month:
    """One month of a service: weeks of seven days, None where another month's days would be."""

    year: int
    number: int
    weeks: list[list[DayHours | None]]
    working_days: int
    hours: float

    @property
    def title(self) -> str:
        """«Ноябрь 2026»."""
        return f"{MONTHS[self.number - 1]} {self.year}"

    @property
    def key(self) -> str:
        """As the address says it."""
        return f"{self.year}-{self.number:02}"

    @property
    def before(self) -> str:
        """The address of the month before."""
        return f"{date(self.year, self.number, 1) - timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        """The address of the month after."""
        return f"{date(self.year, self.number, monthrange(self.year, self.number)[1]) + timedelta(days=1):%Y-%m}"


@dataclass(frozen=True)
class Probe:
    """What a caller meets at one instant."""

    at: datetime
    moment: Moment
    sentence: str
    day: DayHours


def calendar_pending(session: Session, visitor: Visitor, clock: Clock) -> Pending | None:
    """What the top of the pages tells those who keep the calendar; None for everybody else."""
    return pending(session, clock.today) if visitor.role in (Role.HEAD, Role.DIRECTOR) else None


def month_of(calendar: ServiceCalendar, key: str, today: date) -> Month:
    """The month of this key («2026-11»); this month where the key says none, or one too far away to be meant."""
    first = _first_day(key, today)
    length = monthrange(first.year, first.month)[1]
    days = [calendar.hours_of(first + timedelta(days=ahead)) for ahead in range(length)]
    cells: list[DayHours | None] = [None] * first.weekday() + days
    cells += [None] * (-len(cells) % 7)
    minutes = sum(one.ends - one.starts for day in days for one in day.intervals)
    working = sum(calendar.is_working_day(day.day) for day in days)
    weeks = [cells[place : place + 7] for place in range(0, len(cells), 7)]
    return Month(first.year, first.month, weeks, working, minutes / 60)


def probe_at(calendar: ServiceCalendar, day: date, minute: time) -> Probe:
    """What a caller meets at this local time."""
    at = datetime.combine(day, minute, calendar.zone)
    moment = calendar.at(at)
    sentence = words.state_sentence(moment, at, calendar.zone)
    return Probe(at, moment, sentence, calendar.hours_of(day))


def is_near(day: date, today: date) -> bool:
    """Whether a date may be asked about: nobody means the year 0027."""
    return abs(day.year - today.year) <= YEARS_AROUND


def read_time(text: str) -> time | None:
    """«12:00», «12.00», «9» as a time of day; None for anything else."""
    hour, _, minute = text.strip().replace(".", ":").partition(":")
    minute = minute.split(":")[0] or "0"
    if not (hour.isascii() and hour.isdecimal() and minute.isascii() and minute.isdecimal()):
        return None
    if len(hour) > 2 or len(minute) > 2 or int(hour) > 23 or int(minute) > 59:
        return None
    return time(int(hour), int(minute))


def local(at: datetime, zone: ZoneInfo) -> str:
    """«12.11.2026 10:15»."""
    return f"{at.astimezone(zone):%d.%m.%Y %H:%M}"


def _first_day(key: str, today: date) -> date:
    year, _, month = key.partition("-")
    if year.isascii() and year.isdecimal() and month.isascii() and month.isdecimal() and len(key) <= 7:
        number = int(month)
        if abs(int(year) - today.year) <= YEARS_AROUND and 1 <= number <= 12:
            return date(int(year), number, 1)
    return today.replace(day=1)
