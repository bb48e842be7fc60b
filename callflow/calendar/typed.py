"""Hours as people type them: «8:00–12:00, 13:00–17:00», «8-17, перерыв 12-13», «с 8.00 до 17.00», nothing. Pure."""

import re
from itertools import pairwise
from typing import Final

from callflow.calendar.hours import MINUTES_OF_DAY, Interval, joined
from callflow.calendar.words import clock

_TIME = r"(?<!\d)(\d{1,2})(?:[:.](\d{2}))?(?!\d)"
_INTERVAL = re.compile(rf"(?:с\s*)?{_TIME}\s*(?:-|–|—|до)\s*{_TIME}")
_BETWEEN = re.compile(r"[\s,;:и]*")
_CLOSED: Final = frozenset({"", "-", "–", "—", "закрыто", "выходной", "нет"})
EXAMPLE: Final = "например 8:00–12:00, 13:00–17:00"


def read_intervals(text: str) -> tuple[Interval, ...]:
    """The hours of one day; () for a day off. Raises ValueError with a Russian sentence."""
    said = text.strip().casefold().rstrip(".")
    if said in _CLOSED:
        return ()
    worked, _, breaks = said.partition("перерыв")
    hours = _several(worked)
    if not hours:
        raise ValueError(f"Укажите часы, {EXAMPLE}.")
    for rest in _several(breaks) if breaks else ():
        hours = _without(hours, rest)
    return hours


def _several(text: str) -> tuple[Interval, ...]:
    place, found = 0, []
    for match in _INTERVAL.finditer(text):
        if not _BETWEEN.fullmatch(text, place, match.start()):
            raise ValueError(f"Не удалось прочитать часы. Напишите, {EXAMPLE}.")
        first, end = _minute(match[1], match[2]), _minute(match[3], match[4])
        if first >= end:
            raise ValueError(f"Конец раньше начала: {clock(first)}–{clock(end)}.")
        found.append(Interval(first, end))
        place = match.end()
    if not _BETWEEN.fullmatch(text, place):
        raise ValueError(f"Не удалось прочитать часы. Напишите, {EXAMPLE}.")
    for one, after in pairwise(sorted(found)):
        if after.starts < one.ends:
            raise ValueError(f"Часы пересекаются: {clock(after.starts)} раньше, чем {clock(one.ends)}.")
    return joined(found)


def _minute(hour: str, minute: str | None) -> int:
    value = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or value > MINUTES_OF_DAY:
        raise ValueError(f"Нет такого времени: {hour}:{minute or '00'}.")
    return value


def _without(hours: tuple[Interval, ...], rest: Interval) -> tuple[Interval, ...]:
    around = next((one for one in hours if one.starts < rest.starts and rest.ends < one.ends), None)
    if around is None:
        raise ValueError(f"Перерыв {clock(rest.starts)}–{clock(rest.ends)} не внутри рабочих часов.")
    halves = (Interval(around.starts, rest.starts), Interval(rest.ends, around.ends))
    return joined([one for one in hours if one != around] + list(halves))
