"""Free times and refusals by a small timetable and a calendar written out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from callflow.calendar import Interval
from callflow.slot_refusal import refusal
from callflow.slots import Busy, DayException, Reception, Timetable, day_slots, is_inside, slots

MOSCOW = ZoneInfo("Europe/Moscow")
THURSDAY = date(2026, 11, 12)
NOW = datetime(2026, 11, 9, 6, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Day:
    intervals: tuple[Interval, ...]
    title: str = "рабочий день"


class Calendar:
    """Monday to Friday 8–17 with a break, Thursday until 19; 31 December off."""

    zone = MOSCOW

    def hours_of(self, day: date) -> Day:
        if (day.month, day.day) == (12, 31):
            return Day((), "выходной, перенесён")
        if day.weekday() > 4:
            return Day((), "выходной")
        return Day((Interval(480, 720), Interval(780, 1140 if day.weekday() == 3 else 1020)))


TABLE = Timetable(tuple(Reception(day, 480, 1140, ("office", "phone"), "3") for day in range(5)))


def at(day: date, text: str) -> datetime:
    hour, minute = map(int, text.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=MOSCOW).astimezone(UTC)


def times(table: Timetable, day: date = THURSDAY, *exceptions: DayException) -> list[str]:
    return [f"{one.starts_at.astimezone(MOSCOW):%H:%M}" for one in day_slots(table, exceptions, Calendar(), day)]


def why_not(text: str, day: date = THURSDAY, *taken: Busy, table: Timetable = TABLE) -> str:
    return refusal(at(day, text), table, (), Calendar(), taken, NOW)


def test_receptions_fill_the_open_hours_and_start_anew_after_the_break() -> None:
    assert times(TABLE) == ["08:00", "08:45", "09:30", "10:15", "11:00", "13:00", "13:45", "14:30", "15:15", "16:00",
                            "16:45", "17:30", "18:15"]  # fmt: skip
    assert times(TABLE, THURSDAY - timedelta(days=1))[-1] == "16:00"
    assert times(TABLE, THURSDAY + timedelta(days=2)) == []


def test_a_break_of_ones_own_and_a_pause_after_each_reception() -> None:
    table = Timetable((Reception(3, 540, 720, break_starts=600, break_ends=630),), slot_minutes=30, buffer_minutes=10)
    assert times(table) == ["09:00", "10:30", "11:10"]
    busy = Busy(at(THURSDAY, "10:30"), at(THURSDAY, "11:05"))
    since, until = at(THURSDAY, "00:00"), at(THURSDAY, "23:00")
    free = slots(table, (), Calendar(), [busy], since, until, NOW)
    assert [f"{one.starts_at.astimezone(MOSCOW):%H:%M}" for one in free] == ["09:00"]
    away = Busy(at(THURSDAY, "10:30"), at(THURSDAY, "11:05"), paused=False)
    assert len(slots(table, (), Calendar(), [away], since, until, NOW)) == 2


def test_hours_hold_between_their_dates() -> None:
    table = Timetable((Reception(3, 480, 720, valid_from=THURSDAY + timedelta(days=7)),))
    assert times(table) == []
    assert times(table, THURSDAY + timedelta(days=7)) != []
    ended = Timetable((Reception(3, 480, 720, valid_until=THURSDAY),))
    assert (times(ended) != [], times(ended, THURSDAY + timedelta(days=7))) == (True, [])


def test_exceptions_take_the_day_away_change_it_or_add_to_it() -> None:
    closed = DayException(THURSDAY, "closed", reason="учёба")
    other = DayException(THURSDAY, "hours", 600, 690, ("phone",), "9")
    saturday = DayException(THURSDAY + timedelta(days=2), "extra", 600, 690, ("office",), "1")
    assert times(TABLE, THURSDAY, closed) == []
    assert times(TABLE, THURSDAY, other) == ["10:00", "10:45"]
    assert times(TABLE, saturday.day, saturday) == ["10:00", "10:45"]
    assert day_slots(TABLE, [other], Calendar(), THURSDAY)[0].modes == ("phone",)
    early = DayException(THURSDAY, "extra", 480, 540)
    overlapping = day_slots(TABLE, [early], Calendar(), THURSDAY)
    assert all(one.ends_at <= two.starts_at for one, two in pairwise(overlapping))


@pytest.mark.parametrize(
    ("day", "text", "words"),
    [
        (date(2026, 11, 6), "09:30", "уже прошло"),
        (THURSDAY, "12:30", "перерыв"),
        (date(2026, 11, 15), "10:15", "не работает: выходной"),
        (THURSDAY, "18:30", "не закончится до 19:00"),
        (THURSDAY, "19:00", "часы работы 08:00–12:00, 13:00–19:00"),
        (date(2026, 12, 31), "10:15", "выходной, перенесён"),
        (date(2028, 11, 9), "10:15", "не больше чем на год"),
        (THURSDAY, "08:10", "В этот день: 08:00, 08:45"),
    ],
)
def test_what_cannot_be_booked_says_why(day: date, text: str, words: str) -> None:
    assert words in why_not(text, day)


def test_a_day_without_reception_and_a_taken_time_say_so() -> None:
    only_monday = Timetable((Reception(0, 480, 720),))
    assert why_not("09:30", table=only_monday) == "Специалист не принимает по четвергам."
    busy = Busy(at(THURSDAY, "09:30"), at(THURSDAY, "10:15"), "время держит Заяц П. И.")
    assert why_not("09:30", THURSDAY, busy) == "Нельзя записать: время держит Заяц П. И."
    assert why_not("08:45", THURSDAY, busy) == ""
    closed = DayException(THURSDAY, "closed", reason="учёба")
    assert "приёма нет: учёба" in refusal(at(THURSDAY, "09:30"), TABLE, [closed], Calendar(), (), NOW)


def test_a_booking_fits_or_must_be_moved() -> None:
    starts = at(THURSDAY, "09:30")
    assert is_inside(starts, starts + timedelta(minutes=45), TABLE, (), Calendar())
    assert not is_inside(at(THURSDAY, "11:30"), at(THURSDAY, "12:15"), TABLE, (), Calendar())


def test_the_night_of_the_clock_change_neither_doubles_nor_stretches_a_reception() -> None:
    class Berlin(Calendar):
        zone = ZoneInfo("Europe/Berlin")

        def hours_of(self, day: date) -> Day:  # noqa: ARG002
            return Day((Interval(0, 1440),))

    whole = Timetable((Reception(6, 0, 300),))
    spring = day_slots(whole, (), Berlin(), date(2027, 3, 28))
    autumn = day_slots(whole, (), Berlin(), date(2026, 10, 25))
    assert (len(spring), len(autumn)) == (5, 8)
    for found in (spring, autumn):
        assert {one.ends_at - one.starts_at for one in found} == {timedelta(minutes=45)}
        assert all(one.ends_at <= two.starts_at for one, two in pairwise(found))
