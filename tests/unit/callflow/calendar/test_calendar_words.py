"""Hours as people type and read them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.calendar import Interval, LineState, Moment, words
from callflow.calendar.typed import read_intervals

MOSCOW = ZoneInfo("Europe/Moscow")
WITH_BREAK = (Interval(480, 720), Interval(780, 1020))


@pytest.mark.parametrize(
    ("text", "intervals"),
    [
        ("8:00–12:00, 13:00–17:00", WITH_BREAK),
        ("8-12 13-17", WITH_BREAK),
        ("с 8.00 до 12.00 и с 13.00 до 17.00", WITH_BREAK),
        ("8:00–17:00, перерыв 12:00–13:00", WITH_BREAK),
        ("8-17; Перерыв: 12—13.", WITH_BREAK),
        ("13:00-17:00; 8:00-12:00", WITH_BREAK),
        ("8-12, 12-17", (Interval(480, 1020),)),
        ("0-24", (Interval(0, 1440),)),
        ("  ", ()),
        ("закрыто", ()),
        ("—", ()),
    ],
)
def test_hours_are_read_as_people_type_them(text: str, intervals: tuple[Interval, ...]) -> None:
    assert read_intervals(text) == intervals


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("утром", "Не удалось прочитать"),
        ("8-17 и ещё немного", "Не удалось прочитать"),
        ("примерно 8-17", "Не удалось прочитать"),
        ("17-8", "Конец раньше начала"),
        ("8-8", "Конец раньше начала"),
        ("8-25", "Нет такого времени"),
        ("8:75-17", "Нет такого времени"),
        ("24:30-24:40", "Нет такого времени"),
        ("8-13, 12-17", "Часы пересекаются"),
        ("8-17, перерыв 17-18", "не внутри рабочих часов"),
        ("8-17, перерыв скоро", "Не удалось прочитать"),
        ("перерыв 12-13", "Укажите часы"),
        ("=8-17", "Не удалось прочитать"),
        ("8-17" * 40, "Не удалось прочитать"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_intervals(text)


def test_a_day_is_read_back_as_it_is_shown() -> None:
    for intervals in ((), WITH_BREAK, (Interval(0, 1440),), (Interval(1, 2), Interval(3, 4), Interval(5, 6))):
        assert read_intervals(words.day_line(intervals)) == intervals
        assert read_intervals(words.hours(intervals)) == intervals


def test_a_week_is_said_in_one_line() -> None:
    thursday = (Interval(480, 720), Interval(780, 1140))
    days = (WITH_BREAK, WITH_BREAK, WITH_BREAK, thursday, WITH_BREAK, (), ())
    assert words.week(days) == ("Пн–Ср, Пт 08:00–17:00; Чт 08:00–19:00; перерыв 12:00–13:00")
    assert words.week((WITH_BREAK, (Interval(480, 720),), *days[5:], (), (), ())) == (
        "Пн 08:00–17:00, перерыв 12:00–13:00; Вт 08:00–12:00"
    )
    assert words.week(((Interval(0, 60),), (Interval(0, 60),), (), (), (), (), ())) == "Пн, Вт 00:00–01:00"
    assert words.week(((),) * 7) == "закрыто"


@pytest.mark.parametrize(
    ("state", "hours_ahead", "sentence"),
    [
        (LineState.OPEN, 3, "Открыто до 15:00."),
        (LineState.OPEN, 26, "Открыто до завтра в 14:00."),
        (LineState.OPEN, None, "Открыто круглосуточно."),
        (LineState.BREAK, 1, "Перерыв до 13:00."),
        (LineState.CLOSED, 20, "Нерабочее время. Откроется завтра в 08:00."),
        (LineState.CLOSED, 68, "Нерабочее время. Откроется в субботу 21 ноября в 08:00."),
        (LineState.CLOSED, 24 * 54 - 4, "Нерабочее время. Откроется в понедельник 11 января 2027 года в 08:00."),
        (LineState.CLOSED, None, "Нерабочее время."),
    ],
)
def test_a_state_is_said_in_a_sentence(state: LineState, hours_ahead: int | None, sentence: str) -> None:
    now = datetime(2026, 11, 18, 12, tzinfo=MOSCOW)
    until = None if hours_ahead is None else now + timedelta(hours=hours_ahead)
    moment = Moment(state, until, None if state is LineState.OPEN else until)
    assert words.state_sentence(moment, now, MOSCOW) == sentence
