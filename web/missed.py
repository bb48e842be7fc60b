"""What the pages of the ledger say: clocks in words, forms as models, moments as people type them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy.orm import Session

from crm.cards.safe_contact import read_time, when_allowed
from crm.family_tables import Family
from crm.missed.reading import MissedRow
from crm.missed.tables import MissedCall
from web.forms import Fields, Line, Text
from web.words import Clock, plural

SHOWN = {
    "open": "Все открытые",
    "late": "Просроченные",
    "mine": "Взятые мной",
    "promised": "Обещанные",
    "my_promises": "Мои обещания",
    "closed": "Закрытые",
}
"""The filter of the list, in the order of the page."""

CLOSED_DAYS = {"1": "сегодня", "7": "7 дней", "30": "30 дней"}


class Claim(Fields):
    """«Беру»; the reason takes the row from a colleague."""

    reason: Line = ""


class Close(Fields):
    """Why nobody need call back."""

    reason: Line = ""
    note: Text = ""


class Attempt(Fields):
    """What came of a call from another telephone."""

    result: Line = ""
    note: Text = ""
    form_key: Line = ""


WHOSE = {"mine": "перезвоню сам(а)", "anyone": "кто угодно"}
"""Whose promise it is, as the form says it."""


class Promise(Fields):
    """When it was promised, and who calls; without a time the promise is taken back. `number`: in a talk, another."""

    day: Line = ""
    time: Line = ""
    note: Text = ""
    number: Line = ""
    whose: Literal["mine", "anyone"] = "anyone"


class Entered(Fields):
    """A call that the exchange did not see."""

    service_id: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    line_id: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    number: Line = ""
    caller_name: Line = ""
    happened: Line = ""
    day: Line = ""
    time: Line = ""
    note: Text = ""
    family: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    whose: Literal["mine", "anyone"] = "anyone"
    form_key: Line = ""


class Terms(Fields):
    """Minutes of one service."""

    service_id: Annotated[int, Field(ge=1, lt=2**63)]
    minutes: int
    claim_minutes: int


class Left(Fields):
    """A shift handed over."""

    service_id: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    note: Text = ""
    form_key: Line = ""


class Taken(Fields):
    """A shift taken over."""

    note: Text = ""


@dataclass(frozen=True)
class ClockWords:
    """The deadline for the eye: a tone, an icon, and words that say the same."""

    tone: str
    icon: str
    words: str


def clock_of(line: MissedRow) -> ClockWords:
    """«просрочено на 1 ч 5 мин», «осталось 12 рабочих минут»: as the deadline counts."""
    if line.overdue:
        late = -line.minutes
        return ClockWords("bad", "circle-alert", f"просрочено на {spell(late)}" if late else "пора перезвонить")
    words = f"осталось {_left(line)}" if line.minutes else "меньше минуты"
    return ClockWords("warn" if line.minutes <= 10 else "ok", "clock", words)


def _left(line: MissedRow) -> str:
    """A promise runs by the clock on the wall, every other term in working time."""
    if line.row.promised_for is not None:
        return spell(line.minutes)
    if line.minutes < 60:
        return plural(line.minutes, "рабочая минута", "рабочие минуты", "рабочих минут")
    return f"{spell(line.minutes)} рабочего времени"


def outside_hours(session: Session, row: MissedCall, zone: ZoneInfo) -> str:
    """What whoever has just promised should ask the family while it is on the line; '' where the promised time is one
    at which its card lets it be called."""
    family = session.get(Family, row.family_id) if row.family_id is not None else None
    if family is None or row.promised_for is None:
        return ""
    contact = when_allowed(family.contact_from, family.contact_until, row.promised_for.astimezone(zone))
    return "" if contact.allowed else f"В карточке просьба звонить {contact.words}: уточните время у семьи."


def by_when(moment: datetime, clock: Clock) -> str:
    """«13:05», «завтра 08:30»: the deadline as a time of day."""
    same_day = moment.astimezone(clock.zone).date() == clock.today
    return clock.time(moment) if same_day else clock.ago(moment)


def spell(minutes: int) -> str:
    """«45 мин», «2 ч», «2 ч 5 мин», «15 ч»: of many hours nobody wants the minutes."""
    hours, rest = divmod(minutes, 60)
    if hours >= 10:
        rest = 0
    return " ".join(
        part for part in (f"{hours} ч" if hours else "", f"{rest} мин" if rest or not hours else "") if part
    )


def read_day(text: str, today: date) -> date | None:
    """«25.11.2026», «25.11», «2026-11-25»; nothing is today. None where it is no date."""
    text = text.strip()
    if not text:
        return today
    match = re.fullmatch(r"([0-9]{1,2})[.,/ ]([0-9]{1,2})(?:[.,/ ]([0-9]{4}))?", text)
    try:
        if match is None:
            return date.fromisoformat(text)
        return date(int(match[3] or today.year), int(match[2]), int(match[1]))
    except ValueError:
        return None


def read_moment(day: str, clock: str, zone: ZoneInfo, at: datetime) -> datetime | None:
    """A day and a time of day as one instant; without a day the next such time. None where either cannot be read."""
    local = at.astimezone(zone)
    read, hour = read_day(day, local.date()), read_time(clock)
    if read is None or hour is None:
        return None
    moment = datetime.combine(read, hour, zone)
    return moment + timedelta(days=1) if not day.strip() and moment <= local else moment


def read_past(clock: str, zone: ZoneInfo, at: datetime) -> datetime | None:
    """«14:30» as the last such time: calls from other telephones are entered on the same day or the next."""
    hour: time | None = read_time(clock)
    if hour is None:
        return None
    local = at.astimezone(zone)
    moment = datetime.combine(local.date(), hour, zone)
    return moment if moment <= local + timedelta(minutes=1) else moment - timedelta(days=1)
