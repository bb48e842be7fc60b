"""How the pages say the time of a reception: «сегодня 14:00», «чт 14:00», «чт 26.11 14:00»; days and hours as typed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from web.words import Clock

WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
WEEKDAYS_FULL = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100


def slot_time(moment: datetime, clock: Clock) -> str:
    """As a dispatcher says it aloud: the weekday within a week, the date beyond."""
    local = moment.astimezone(clock.zone)
    ahead = (local.date() - clock.today).days
    if ahead in (0, 1):
        return f"{('сегодня', 'завтра')[ahead]} {local:%H:%M}"
    weekday = WEEKDAYS[local.weekday()]
    return f"{weekday} {local:%H:%M}" if 1 < ahead < 7 else f"{weekday} {local:%d.%m %H:%M}"


def whole_time(moment: datetime, clock: Clock) -> str:
    """«четверг 26.11.2026 в 14:30», for what is read aloud."""
    local = moment.astimezone(clock.zone)
    return f"{WEEKDAYS_FULL[local.weekday()]} {local:%d.%m.%Y} в {local:%H:%M}"


def seconds(moment: datetime) -> int:
    """A time as our buttons send it (`read_instant`)."""
    return int(moment.timestamp())


def minutes(value: int | None) -> str:
    """870 → «14:30»; '' for none."""
    return "" if value is None else f"{value // 60:02d}:{value % 60:02d}"


def read_minutes(text: str) -> int | None:
    """«9», «9:30», «09.30» as minutes of the day; None for anything else."""
    match = re.fullmatch(r"\s*([0-9]{1,2})(?:[:.\s]([0-9]{2}))?\s*", text)
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    return hour * 60 + minute if minute < 60 and (hour < 24 or (hour, minute) == (24, 0)) else None


def read_instant(text: str) -> datetime | None:
    """Seconds since 1970, as our buttons send a time; None for anything else."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 11):
        return None
    return datetime.fromtimestamp(int(text), UTC) if int(text) < 4_102_444_800 else None


def read_day(text: str, today: date) -> date:
    """A day from the address («2026-11-26»); anything else is today."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if EARLIEST_YEAR <= day.year < LATEST_YEAR else today


def monday_of(day: date) -> date:
    """The Monday of this day's week."""
    return day - timedelta(days=day.weekday())
