"""What a caller hears, to the letter: S-1 and S-4 of domain.md §9.2."""

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
    Spoken,
    hours,
    next_opening,
    pieces,
    speakable,
    spoken,
)
from callflow.spoken_numbers import agreed, cardinal, genitive, minutes_in, on_day, phone_in_words, span

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


def test_numbers_in_words() -> None:
    assert [cardinal(n) for n in (0, 11, 21, 100, 112, 999)] == [
        "ноль", "одиннадцать", "двадцать один", "сто", "сто двенадцать", "девятьсот девяносто девять",
    ]  # fmt: skip
    assert [minutes_in(n) for n in (1, 2, 11, 12, 22, 41)] == [
        "одну", "две", "одиннадцать", "двенадцать", "двадцать две", "сорок одну",
    ]  # fmt: skip
    assert (genitive(21), genitive(40), genitive(41, feminine=True)) == ("двадцати одного", "сорока", "сорока одной")
    assert [agreed(n, "балл", "балла", "баллов") for n in (1, 3, 5, 11, 21, 112)] == [
        "балл", "балла", "баллов", "баллов", "балл", "баллов",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="only"):
        cardinal(1000)


def test_dates_times_and_telephones_in_words() -> None:
    assert on_day(date(2026, 11, 21)) == "в субботу, двадцать первого ноября"
    assert on_day(date(2026, 6, 30)) == "во вторник, тридцатого июня"
    assert span(60, 120) == "с одного до двух часов"
    assert phone_in_words("+79910970168") == (
        "восемь, девятьсот девяносто один, ноль девяносто семь, ноль один, шестьдесят восемь"
    )
    assert phone_in_words("+74924800001").startswith(
        "восемь, четыреста девяносто два, четыреста восемьдесят, ноль ноль"
    )


def test_abbreviations_are_said_in_whole_words() -> None:
    assert speakable("ГКУСО «Заречинский СРЦН»") == (
        "государственное казённое учреждение социального обслуживания Заречинский социально-реабилитационный центр"
    )
