"""What is to be done next about a tip, whose it is, and whether words tell who told us."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.calendar import EffectiveWeek, Interval, Override, ServiceCalendar
from crm.tips import clock
from crm.tips.rules import Next, Step, is_adult, key_of, names_somebody, what_next
from crm.tips.script import script

MOSCOW = ZoneInfo("Europe/Moscow")

AT = datetime(2026, 11, 11, 13, 55, tzinfo=UTC)
FIRST, REACH, VISIT = (AT + timedelta(minutes=minutes) for minutes in (15, 120, 1000))


def test_three_attempts_then_a_letter_then_a_visit():
    assert what_next(0, FIRST, REACH) == Next(Step.CALL, FIRST)
    assert what_next(1, FIRST, REACH) == Next(Step.CALL, REACH)
    assert what_next(2, FIRST, REACH) == Next(Step.CALL, REACH)
    assert what_next(3, FIRST, REACH) == Next(Step.LETTER, REACH), "an attempt stops nothing"
    assert what_next(9, FIRST, REACH, is_written=True) == Next(Step.VISIT, REACH)
    assert what_next(3, FIRST, REACH, is_written=True, visit_due_at=VISIT) == Next(Step.MEET, VISIT)
    assert what_next(0, FIRST, REACH, is_ended=True) == Next(Step.DONE, None)


def test_late_is_on_the_minute():
    step = what_next(0, FIRST, REACH)
    assert not step.is_late(FIRST - timedelta(seconds=1))
    assert step.is_late(FIRST)
    assert not Next(Step.DONE, None).is_late(REACH)


@pytest.mark.parametrize(("text", "name", "phone", "family", "expected"), [
    ("Соседка Болтунова говорит", "Болтунова Зинаида", "", "", True),
    ("со слов Болтуновой", "Болтунова Зинаида Петровна", "", "", True),
    ("со слов БОЛТУНОВОЙ З.", "Болтунова Зинаида", "", "", True),
    ("дети Болтуновых одни", "Болтунова Зинаида", "", "Болтуновы", False),
    ("соседи говорят", "Болтунова Зинаида", "", "", False),
    ("мать Мария", "Мария", "", "", False),
    ("перезвонить 8 (907) 000-99-71", "", "+7 907 000-99-71", "", True),
    ("третий день", "", "3", "", False),
    ("", "", "", "", False),
])  # fmt: skip
def test_words_that_tell_who_told_us(text, name, phone, family, expected):
    assert names_somebody(text, name, phone, family) is expected


def test_whose_a_tip_is():
    assert key_of(1, 7, ["+79070000101"]) == "1:family:7"
    assert key_of(1, None, ["+79070000102", "+79070000101"]) == "1:number:+79070000101"
    assert key_of(1, None, []) is None


def test_who_is_of_age():
    today = date(2026, 11, 11)
    assert is_adult(date(2008, 11, 11), today)
    assert not is_adult(date(2008, 11, 12), today)
    assert is_adult(None, today), "whoever's birthday nobody knows may be"


WEEK = tuple(
    (Interval(480, 720), Interval(780, 1140 if weekday == 3 else 1020)) if weekday < 5 else () for weekday in range(7)
)
CALENDAR = ServiceCalendar(MOSCOW, [EffectiveWeek(date(2026, 1, 1), WEEK, 60)], {date(2026, 11, 13): Override((), "")})


def local(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=MOSCOW).astimezone(UTC)


@pytest.mark.parametrize(("told", "first", "reach"), [
    ((11, 16, 55), (12, 8, 10), (12, 9, 55)),  # check 6: Wednesday 16:55 goes on at 8:00 on Thursday, not at 13:00
    ((11, 11, 50), (11, 13, 5), (11, 14, 50)),  # the break does not count
    ((11, 12, 30), (11, 13, 15), (11, 15, 0)),
    ((11, 21, 0), (12, 8, 15), (12, 10, 0)),  # outside of hours: the first open minutes
    ((12, 18, 50), (16, 8, 5), (16, 9, 50)),  # Friday is off, then the weekend
])  # fmt: skip
def test_the_clock_runs_in_open_time_only(told, first, reach):
    assert clock.deadlines(CALENDAR, local(*told)) == (local(*first), local(*reach))


def test_a_visit_is_due_by_the_end_of_its_day():
    assert clock.end_of(CALENDAR, date(2026, 11, 12)) == local(12, 19, 0)
    assert clock.end_of(CALENDAR, date(2026, 11, 13)) == local(14, 0, 0), "a day without hours"


def test_the_script_names_nobody_it_does_not_know():
    known = script(employee="Лаврова Нина", service="Служба", institution="Центр", person="Мария Ивановна", number="+7")
    assert "Мария Ивановна" in known.hello
    assert "+7" in known.bye
    unknown = script(employee="Лаврова Нина", service="Служба", institution="Центр", person="", number="")
    assert "мамой или папой" in unknown.hello
    assert "сообщить не могу" in unknown.asked_who
