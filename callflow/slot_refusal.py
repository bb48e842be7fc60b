"""Why nobody can be booked at a time, in a sentence for the person at the screen (reliability.md B77). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from callflow.slots import Busy, Calendar, DayException, Slot, Timetable, blocked_by, day_slots, windows

FARTHEST = timedelta(days=366)
"""Nobody is booked later than this: the production calendar is not known so far ahead."""

_ON_DAYS = (
    "по понедельникам",
    "по вторникам",
    "по средам",
    "по четвергам",
    "по пятницам",
    "по субботам",
    "по воскресеньям",
)


def refusal(  # noqa: PLR0917 - as `slots.slots`
    starts_at: datetime,
    timetable: Timetable,
    exceptions: Iterable[DayException],
    calendar: Calendar,
    taken: Iterable[Busy],
    now: datetime,
) -> str:
    """Why nobody can be booked at this time, in one sentence for the screen; '' when somebody can (B77)."""
    if starts_at < now:
        return "Это время уже прошло. Выберите другое."
    if starts_at - now > FARTHEST:
        return "Записать можно не больше чем на год вперёд."
    known, day = tuple(exceptions), starts_at.astimezone(calendar.zone).date()
    offered = day_slots(timetable, known, calendar, day)
    slot = next((one for one in offered if one.starts_at == starts_at), None)
    if slot is None:
        return _not_offered(starts_at, offered, timetable, known, calendar, day)
    busy = blocked_by(slot, taken, timetable.pause)
    return f"Нельзя записать: {busy.words.rstrip('.')}." if busy else ""


def _not_offered(  # noqa: PLR0917 - as above
    starts_at: datetime,
    offered: Sequence[Slot],
    timetable: Timetable,
    exceptions: Sequence[DayException],
    calendar: Calendar,
    day: date,
) -> str:
    closed = next((one for one in exceptions if one.day == day and one.kind == "closed"), None)
    if closed is not None and not offered:
        return f"{day:%d.%m.%Y} приёма нет: {closed.reason}."
    if words := _not_open(starts_at, calendar, day):
        return words
    if not offered:
        return f"Специалист не принимает {_ON_DAYS[day.weekday()]}."
    local = starts_at.astimezone(calendar.zone)
    hours = windows(timetable, exceptions, calendar, day)
    inside = [one for one in hours if one.starts_at <= starts_at < one.ends_at]
    if not inside and hours[0].starts_at < starts_at < hours[-1].ends_at:
        return f"В {local:%H:%M} у специалиста перерыв. Выберите время до него или после."
    if inside and starts_at + timetable.length > inside[0].ends_at:
        ends = inside[0].ends_at.astimezone(calendar.zone)
        return f"Приём длится {timetable.slot_minutes} мин и не закончится до {ends:%H:%M}."
    times = ", ".join(f"{one.starts_at.astimezone(calendar.zone):%H:%M}" for one in offered)
    return f"В {local:%H:%M} приём не начинается. В этот день: {times}."


def _not_open(starts_at: datetime, calendar: Calendar, day: date) -> str:
    open_day = calendar.hours_of(day)
    minutes = [(hours.starts, hours.ends) for hours in open_day.intervals]
    if not minutes:
        return f"{day:%d.%m.%Y} учреждение не работает: {open_day.title}."
    local = starts_at.astimezone(calendar.zone)
    minute = local.hour * 60 + local.minute
    if any(ends <= minute < starts for (_, ends), (starts, _) in pairwise(minutes)):
        return f"В {local:%H:%M} перерыв. Выберите время до него или после."
    if not minutes[0][0] <= minute < minutes[-1][1]:
        return f"В {local:%H:%M} учреждение не работает: {_hours_words(minutes)}."
    return ""


def _hours_words(minutes: Sequence[tuple[int, int]]) -> str:
    return "часы работы " + ", ".join(f"{a // 60:02d}:{a % 60:02d}–{b // 60:02d}:{b % 60:02d}" for a, b in minutes)
