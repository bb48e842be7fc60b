"""What a caller hears, to the letter: S-1 and S-4 of domain.md §9.2."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from callflow.calendar import EffectiveWeek, Interval, Moment, ServiceCalendar
from callflow.calendar.service_calendar import LineState
from callflow.greetings import (
    BREAK,
    CLOSED,
    DANGER,
    OPEN,
    ORDER,
    PLACES,
    Spoken,
    hours,
    next_opening,
    pieces,
    spoken,
)

MOSCOW = ZoneInfo("Europe/Moscow")
SHORT = (Interval(480, 720), Interval(780, 1020))
LONG = (Interval(480, 720), Interval(780, 1140))
WEEK = (SHORT, SHORT, SHORT, LONG, SHORT, (), ())
CALENDAR = ServiceCalendar(MOSCOW, [EffectiveWeek(date.min, WEEK)])
SERVICE = Spoken(
    named="в Семейную диспетчерскую", institution="семейный центр", zone=MOSCOW, week=WEEK, voicemail=False
)
HELLO = "Здравствуйте! Вы позвонили в Семейную диспетчерскую."
HOURS = (
    "Мы работаем с понедельника по среду и в пятницу с восьми до семнадцати часов, в четверг с восьми до девятнадцати "
    "часов, перерыв с двенадцати до тринадцати часов."
)
ONE = "Чтобы специалист перезвонил вам, нажмите один."
URGENT = (
    "Если есть угроза жизни или здоровью, позвоните по номеру сто двенадцать. Детский телефон доверия: восемь "
    "восемьсот, две тысячи, сто двадцать два, круглосуточно и бесплатно."
)


def heard(moment: str, service: Spoken = SERVICE) -> str:
    at = CALENDAR.at(datetime.fromisoformat(moment).replace(tzinfo=MOSCOW))
    return spoken(at.state, service, at)


def test_on_wednesday_at_half_past_five() -> None:
    nearest = "Ближайший рабочий день — в четверг, двенадцатого ноября, с восьми часов."
    assert heard("2026-11-11T17:30") == f"{HELLO} Сейчас нерабочее время. {HOURS} {nearest} {ONE} {URGENT}"


@pytest.mark.parametrize(
    ("moment", "nearest"),
    [
        ("2026-11-13T20:00", "в понедельник, шестнадцатого ноября, с восьми часов"),
        ("2026-11-03T16:00", "в четверг, пятого ноября, с восьми часов"),
        ("2027-03-05T17:00", "в вторник, девятого марта, с восьми часов"),
        ("2026-12-30T17:00", "в понедельник, одиннадцатого января, с восьми часов"),
        ("2026-11-11T07:59", "в среду, одиннадцатого ноября, с восьми часов"),
    ],
)
def test_the_next_opening_is_the_real_one(moment: str, nearest: str) -> None:
    said = heard(moment)
    assert f"Ближайший рабочий день — {nearest.replace('в вторник', 'во вторник')}." in said


def test_in_the_break() -> None:
    break_said = "Сейчас у специалистов перерыв, с двенадцати до тринадцати часов."
    assert heard("2026-11-11T12:00") == f"{HELLO} {break_said} {HOURS} {ONE} {URGENT}"


def test_a_break_that_the_week_does_not_know_ends_when_it_ends() -> None:
    opens = datetime(2026, 11, 11, 14, 30, tzinfo=MOSCOW)
    moment = Moment(LineState.BREAK, opens, opens)
    assert (
        next_opening(BREAK, SERVICE, moment) == "Сейчас у специалистов перерыв, до четырнадцати часов тридцати минут."
    )


def test_open() -> None:
    stay = "Пожалуйста, оставайтесь на линии, специалист ответит вам в ближайшее время."
    assert heard("2026-11-11T09:00") == f"Здравствуйте! Вы позвонили в Семейную диспетчерскую, семейный центр. {stay}"


def test_a_recorded_line_says_so_before_anything_else_is_promised() -> None:
    notice = "Обращаем ваше внимание: разговор записывается. Если вы не согласны, нажмите девять."
    recorded = Spoken(named=SERVICE.named, institution="семейный центр", zone=MOSCOW, week=WEEK, notice=notice)
    said = heard("2026-11-11T09:00", recorded)
    assert said.index("разговор записывается") < said.index("Пожалуйста, оставайтесь")
    assert said.count("Здравствуйте") == 1
    assert pieces(SERVICE)["notice"] == ""


@pytest.mark.parametrize("kind", [BREAK, CLOSED])
@pytest.mark.parametrize("choice", [True, False])
def test_112_and_the_childrens_helpline_are_always_said(kind: str, choice: bool) -> None:
    service = Spoken(named="к нам", institution="", zone=MOSCOW, callback=choice, voicemail=choice)
    said = spoken(kind, service, Moment(LineState(kind), None, None))
    assert DANGER in said
    assert ("нажмите один" in said, "нажмите два" in said) == (choice, choice)


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="no such state"):
        spoken("asleep", SERVICE, CALENDAR.at(datetime(2026, 1, 1, tzinfo=MOSCOW)))


def test_every_piece_of_every_state_is_made() -> None:
    made = {*pieces(SERVICE), "next"}
    assert {name for names in ORDER.values() for name in names} <= made
    assert OPEN in ORDER


def test_hours_of_other_weeks() -> None:
    whole = (Interval(0, 1440),)
    assert hours([whole] * 7) == "Мы работаем с понедельника по воскресенье круглосуточно."
    assert hours([()] * 7) == ""
    odd = ((Interval(540, 780), Interval(840, 1080)), (), (Interval(600, 750),), (), (), (), ())
    assert hours(odd) == (
        "Мы работаем в понедельник с девяти до восемнадцати часов, в среду с десяти часов до двенадцати часов тридцати "
        "минут, перерыв в понедельник с тринадцати до четырнадцати часов."
    )


def test_the_head_words_what_is_said_and_ours_stands_in_for_what_cannot_be_filled() -> None:
    texts = {
        "closed_now": "Мы уже закрылись.",
        "closed_hello": "Это {в службу}, каб. 5.",
        "closed_hours": "С {чего-то}.",
    }
    service = Spoken(named="Семейная диспетчерская", institution="", zone=MOSCOW, week=WEEK, texts=texts)
    said = heard("2026-11-11T17:30", service)
    assert said.startswith("Это Семейная диспетчерская, кабинет пять. Мы уже закрылись. Мы работаем с понедельника")
    assert DANGER in said


def test_a_place_in_line_is_named_with_what_may_be_done() -> None:
    said = pieces(SERVICE)
    assert said["place-3"] == (
        "Ваше место в очереди – третье. Пожалуйста, оставайтесь на линии. Если вам неудобно ждать, нажмите один: "
        "мы перезвоним вам, ваше место в очереди сохранится."
    )
    assert said["place-more"].startswith("Перед вами в очереди больше десяти звонков.")
    assert len({said[f"place-{nth}"] for nth in range(1, PLACES + 1)}) == PLACES
    assert "нажмите" not in pieces(replace(SERVICE, callback=False))["place-1"]


def test_where_no_place_is_told_none_is_spoken() -> None:
    assert not [name for name in pieces(replace(SERVICE, position=False)) if name.startswith("place")]
