"""Hours and states as the pages say them: «Пн–Ср, Пт 08:00–17:00; Чт 08:00–19:00; перерыв 12:00–13:00»."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Final

from callflow.calendar.hours import Interval
from callflow.calendar.moment import LineState, Moment

WEEKDAYS: Final = ("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс")
_ON = ("в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье")
_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_STATES = {LineState.OPEN: "Открыто", LineState.BREAK: "Перерыв", LineState.CLOSED: "Нерабочее время"}


def clock(minute: int) -> str:
    """480 → «08:00», 1440 → «24:00»."""
    return f"{minute // 60:02}:{minute % 60:02}"


def hours(intervals: Sequence[Interval]) -> str:
    """«08:00–12:00, 13:00–17:00»; without intervals «закрыто»."""
    return ", ".join(f"{clock(one.starts)}–{clock(one.ends)}" for one in intervals) or "закрыто"


def day_line(intervals: Sequence[Interval]) -> str:
    """«08:00–17:00, перерыв 12:00–13:00»; without intervals «закрыто»."""
    if not intervals:
        return "закрыто"
    breaks = _breaks(intervals)
    return f"{_whole(intervals)}, перерыв {', '.join(breaks)}" if breaks else _whole(intervals)


def week(days: Sequence[Sequence[Interval]]) -> str:
    """A week in one line: days with the same hours together, a break that all share once, closed days not named."""
    worked = [intervals for intervals in days if intervals]
    breaks = {tuple(_breaks(intervals)) for intervals in worked}
    shared = next(iter(breaks)) if len(breaks) == 1 else ()
    groups: dict[str, list[int]] = {}
    for weekday, intervals in enumerate(days):
        if intervals:
            said = _whole(intervals) if shared else day_line(intervals)
            groups.setdefault(said, []).append(weekday)
    parts = [f"{_named(weekdays)} {said}" for said, weekdays in groups.items()]
    if shared:
        parts.append(f"перерыв {', '.join(shared)}")
    return "; ".join(parts) or "закрыто"


def when(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """«сегодня в 13:00», «завтра в 08:00», «в понедельник 9 марта в 08:00»; another year is named."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    hour = f"в {clock(local.hour * 60 + local.minute)}"
    ahead = (local.date() - today).days
    if ahead in (0, 1):
        return f"{('сегодня', 'завтра')[ahead]} {hour}"
    year = "" if local.year == today.year else f" {local.year} года"
    return f"{_ON[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}{year} {hour}"


def state_sentence(moment: Moment, now: datetime, zone: tzinfo) -> str:
    """«Открыто до 17:00.», «Перерыв до 13:00.», «Нерабочее время. Откроется завтра в 08:00.»."""
    said = _STATES[moment.state]
    if moment.state is LineState.CLOSED:
        opens = f" Откроется {when(moment.next_open, now, zone)}." if moment.next_open else ""
        return f"{said}.{opens}"
    if moment.until is None:
        return f"{said} круглосуточно."
    until = moment.until.astimezone(zone)
    same_day = until.date() == now.astimezone(zone).date()
    return f"{said} до {clock(until.hour * 60 + until.minute) if same_day else when(moment.until, now, zone)}."


def _whole(intervals: Sequence[Interval]) -> str:
    return f"{clock(intervals[0].starts)}–{clock(intervals[-1].ends)}"


def _breaks(intervals: Sequence[Interval]) -> list[str]:
    return [f"{clock(one.ends)}–{clock(after.starts)}" for one, after in pairwise(intervals)]


def _named(weekdays: Sequence[int]) -> str:
    """[0, 1, 2, 4] → «Пн–Ср, Пт»."""
    runs: list[list[int]] = []
    for weekday in weekdays:
        if runs and weekday == runs[-1][-1] + 1:
            runs[-1].append(weekday)
        else:
            runs.append([weekday])
    return ", ".join(
        WEEKDAYS[run[0]] + (f"{'–' if len(run) > 2 else ', '}{WEEKDAYS[run[-1]]}" if len(run) > 1 else "")
        for run in runs
    )
