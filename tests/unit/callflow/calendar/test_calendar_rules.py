"""What a service's own hours, the director's days and a missing act make of a date."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import pytest

from callflow.calendar import (
    DayKind,
    EffectiveWeek,
    Interval,
    LineState,
    Moment,
    NeverOpen,
    Override,
    ServiceCalendar,
    production,
)

MOSCOW = ZoneInfo("Europe/Moscow")
ORDINARY = (Interval(480, 720), Interval(780, 1020))
WEEK = dict.fromkeys(range(5), ORDINARY)
WEDNESDAY = date(2026, 11, 18)


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = MOSCOW) -> datetime:
    """A local moment."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


# --- nobody has set hours


def test_without_hours_the_line_is_always_open() -> None:
    calendar = ServiceCalendar(MOSCOW, {})
    assert calendar.always_open
    assert calendar.at(at(date(2027, 1, 1), 3)) == Moment(LineState.OPEN, None, None)
    assert list(calendar.edges(at(WEDNESDAY, 0), at(date(2026, 12, 18), 0))) == []
    assert calendar.working_minutes(at(WEDNESDAY, 0), at(WEDNESDAY, 1)) == 60


def test_without_hours_working_days_are_those_of_the_state() -> None:
    calendar = ServiceCalendar(MOSCOW, [])
    assert calendar.next_working_day(date(2026, 12, 30)) == date(2027, 1, 11)
    assert calendar.is_working_day(date(2027, 2, 20))
    assert not calendar.is_working_day(date(2027, 2, 22))


def test_without_hours_a_day_can_still_be_closed() -> None:
    calendar = ServiceCalendar(MOSCOW, {}, {WEDNESDAY: Override((), "Санитарный день")})
    assert calendar.at(at(WEDNESDAY, 12)) == Moment(
        LineState.CLOSED, at(date(2026, 11, 19), 0), at(date(2026, 11, 19), 0)
    )
    assert calendar.at(at(date(2026, 11, 17), 12)).until == at(WEDNESDAY, 0)


# --- the director's days


def test_an_override_wins_over_everything() -> None:
    new_year, sanitary = date(2027, 1, 1), date(2026, 11, 20)
    calendar = ServiceCalendar(
        MOSCOW,
        WEEK,
        {new_year: Override((Interval(600, 720),), "Дежурство"), sanitary: Override((), "Санитарный день")},
    )
    assert calendar.at(at(new_year, 10)).state is LineState.OPEN
    assert calendar.is_working_day(new_year)
    closed = calendar.hours_of(sanitary)
    assert (closed.intervals, closed.kind, closed.title) == ((), DayKind.OVERRIDE, "Санитарный день")
    assert calendar.next_working_day(date(2026, 11, 19)) == date(2026, 11, 23)


def test_a_legal_term_does_not_grow_by_a_sanitary_day() -> None:
    sanitary = date(2026, 11, 20)
    calendar = ServiceCalendar(MOSCOW, {1: ORDINARY, 3: ORDINARY}, {sanitary: Override((), "Санитарный день")})
    assert calendar.counts_in_terms(sanitary)
    assert calendar.counts_in_terms(date(2026, 11, 18))  # a Wednesday on which this service is closed
    assert not calendar.counts_in_terms(date(2026, 11, 21))
    assert not calendar.counts_in_terms(date(2027, 2, 22))


# --- weeks


def test_a_new_week_holds_from_its_day_on_and_yesterday_stays_as_it_was() -> None:
    later = (Interval(540, 1080),)
    calendar = ServiceCalendar(
        MOSCOW,
        [
            EffectiveWeek(date(2026, 11, 23), (later,) * 5 + ((), ())),
            EffectiveWeek(date(2026, 1, 1), (ORDINARY,) * 5 + ((), ())),
        ],
    )
    assert calendar.hours_of(date(2026, 11, 20)).intervals == ORDINARY
    assert calendar.hours_of(date(2026, 11, 23)).intervals == later
    assert calendar.hours_of(date(2025, 11, 20)).intervals == ORDINARY  # before the first week: the first week
    assert calendar.working_minutes(at(date(2026, 11, 20), 0), at(date(2026, 11, 24), 0)) == 480 + 540


def test_a_short_day_ends_sooner_by_as_much_as_its_week_says() -> None:
    eve = date(2026, 11, 3)
    assert _end_of(ServiceCalendar(MOSCOW, WEEK), eve) == 960
    assert _end_of(ServiceCalendar(MOSCOW, WEEK, {}, 30), eve) == 990
    assert _end_of(ServiceCalendar(MOSCOW, WEEK, shorten_minutes=0), eve) == 1020
    tail = {1: (Interval(480, 960), Interval(990, 1020))}
    assert ServiceCalendar(MOSCOW, tail).hours_of(eve).intervals == (Interval(480, 960),)


def test_a_working_saturday_takes_the_hours_of_the_weekday_it_replaces() -> None:
    week = {**WEEK, 0: (Interval(600, 900),)}
    saturday = ServiceCalendar(MOSCOW, week).hours_of(date(2027, 2, 20))
    assert saturday.intervals == (Interval(600, 840),)
    assert saturday.title == "рабочая суббота вместо 22.02.2027, сокращённый день"
    closed_on_mondays = ServiceCalendar(MOSCOW, dict.fromkeys((1, 2, 3, 4), ORDINARY))
    assert closed_on_mondays.hours_of(date(2027, 2, 20)).intervals == ()


def test_a_service_that_works_on_saturdays_is_shortened_before_a_sunday_holiday() -> None:
    calendar = ServiceCalendar(MOSCOW, {**WEEK, 5: (Interval(540, 780),)})
    assert calendar.hours_of(date(2026, 3, 7)).intervals == (Interval(540, 720),)
    assert calendar.hours_of(date(2026, 3, 14)).intervals == (Interval(540, 780),)


def test_round_the_clock_has_no_edge_at_midnight() -> None:
    whole = (Interval(0, 1440),)
    calendar = ServiceCalendar(MOSCOW, dict.fromkeys(range(7), whole), {date(2026, 11, 20): Override((), "Ремонт")})
    edges = list(calendar.edges(at(date(2026, 11, 16), 0), at(date(2026, 11, 23), 0)))
    assert [(when, moment.state) for when, moment in edges] == [
        (at(date(2026, 11, 20), 0), LineState.CLOSED),
        (at(date(2026, 11, 21), 0), LineState.OPEN),
    ]


def test_intervals_that_touch_have_no_break_between_them() -> None:
    calendar = ServiceCalendar(MOSCOW, {2: (Interval(480, 720), Interval(720, 1020))})
    assert calendar.at(at(WEDNESDAY, 12)).until == at(WEDNESDAY, 17)


# --- the act that is not known


@pytest.mark.parametrize(("year", "known"), [(2025, True), (2026, True), (2027, True), (2028, False), (2035, False)])
def test_a_year_without_its_act_is_said_to_be_unknown_until_somebody_confirms_it(year: int, known: bool) -> None:
    assert ServiceCalendar(MOSCOW, WEEK).transfers_known(year) is known
    assert ServiceCalendar(MOSCOW, WEEK, confirmed_years=frozenset({year})).transfers_known(year)


def test_without_an_act_a_weekend_holiday_is_still_rested_on_the_next_working_day() -> None:
    """4 November 2028 is a Saturday (ТК art. 112, part 2)."""
    calendar = ServiceCalendar(MOSCOW, WEEK)
    assert calendar.hours_of(date(2028, 11, 6)).kind is DayKind.MOVED
    assert calendar.hours_of(date(2028, 11, 7)).kind is DayKind.WORKING


@pytest.mark.parametrize(
    ("year", "short"),
    [(2024, ["02-22", "03-07", "05-08", "06-11", "11-02"]), (2025, ["03-07", "04-30", "06-11", "11-01"])],
)
def test_the_short_days_of_the_tested_years(year: int, short: list[str]) -> None:
    calendar, days = ServiceCalendar(MOSCOW, WEEK), []
    for ahead in range(366):
        hours = calendar.hours_of(date(year, 1, 1) + timedelta(days=ahead))
        if hours.intervals and hours.intervals[-1].ends == 960:
            days.append(f"{hours.day:%m-%d}")
    assert days == short


def test_the_package_still_keeps_one_country_in_one_file() -> None:
    """`production` reads it past the package's own doors, which would load two hundred countries."""
    assert (Path(holidays.__file__).parent / "countries/russia.py").is_file()
    everybody = holidays.country_holidays("RU", years=2027, language="ru")
    assert dict(production._country()(years=2027, language="ru")) == dict(everybody)


# --- terms and clocks


def test_the_clock_of_a_tip_at_five_to_five_goes_on_next_morning() -> None:
    """Check 6 of domain.md §11: Wednesday 16:55, the next open minutes begin on Thursday at 8:00, not at 13:00."""
    calendar = ServiceCalendar(MOSCOW, WEEK)
    assert calendar.add_working_minutes(at(WEDNESDAY, 16, 55), 30) == at(date(2026, 11, 19), 8, 25)
    assert calendar.add_working_minutes(at(WEDNESDAY, 16, 30), 30) == at(WEDNESDAY, 17)
    assert calendar.add_working_minutes(at(WEDNESDAY, 12, 10), 30) == at(WEDNESDAY, 13, 30)
    assert calendar.add_working_minutes(at(WEDNESDAY, 12, 10), 0) == at(WEDNESDAY, 12, 10)
    assert calendar.add_working_minutes(at(date(2026, 11, 19), 8, 25), -30) == at(WEDNESDAY, 16, 55)


def test_working_days_are_counted_over_holidays() -> None:
    calendar = ServiceCalendar(MOSCOW, WEEK)
    assert calendar.after_working_days(date(2026, 12, 29), 2) == date(2027, 1, 11)
    assert calendar.after_working_days(date(2026, 12, 29), 0) == date(2026, 12, 29)


def test_a_calendar_that_never_opens_says_so_instead_of_searching_for_ever() -> None:
    calendar = ServiceCalendar(MOSCOW, [EffectiveWeek(date.min, ((),) * 7)])
    assert calendar.at(at(WEDNESDAY, 12)) == Moment(LineState.CLOSED, None, None)
    with pytest.raises(NeverOpen):
        calendar.add_working_minutes(at(WEDNESDAY, 12), 5)
    with pytest.raises(NeverOpen):
        calendar.next_working_day(WEDNESDAY)


def test_an_instant_without_a_zone_is_refused() -> None:
    calendar = ServiceCalendar(MOSCOW, WEEK)
    naive = at(WEDNESDAY, 12).replace(tzinfo=None)
    for ask in (calendar.at, lambda when: calendar.add_working_minutes(when, 5)):
        with pytest.raises(ValueError, match="time zone"):
            ask(naive)


# --- clocks that jump


@pytest.mark.parametrize(
    ("zone", "day", "interval", "opens", "closes"),
    [
        # Berlin, the night in which 2:30 does not exist: 2:00 becomes 3:00 at 1:00 UTC.
        ("Europe/Berlin", date(2026, 3, 29), (150, 240), "01:00", "02:00"),
        # the night in which it comes twice: from its first time on
        ("Europe/Berlin", date(2026, 10, 25), (150, 240), "00:30", "03:00"),
        ("Asia/Kamchatka", date(2026, 11, 18), (480, 1020), "-20:00", "05:00"),
    ],
)
def test_hours_follow_the_local_clock_through_a_change(
    zone: str, day: date, interval: tuple[int, int], opens: str, closes: str
) -> None:
    calendar = ServiceCalendar(ZoneInfo(zone), {}, {day: Override((Interval(*interval),), "ночь")})
    edges = dict(calendar.edges(*_around(day)))
    found = sorted(when for when in edges if _around(day)[0] + timedelta(hours=24) < when)
    begins, ends = (_utc(day, text) for text in (opens, closes))
    assert [when for when in found if when in (begins, ends)] == [begins, ends]
    assert calendar.at(begins).state is LineState.OPEN
    assert calendar.at(begins - timedelta(microseconds=1)).state is LineState.CLOSED
    assert calendar.at(ends).state is LineState.CLOSED


def _around(day: date) -> tuple[datetime, datetime]:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return noon - timedelta(days=2), noon + timedelta(days=2)


def _utc(day: date, text: str) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if text.startswith("-"):
        midnight, text = midnight - timedelta(days=1), text[1:]
    hour, minute = text.split(":")
    return midnight + timedelta(hours=int(hour), minutes=int(minute))


def _end_of(calendar: ServiceCalendar, day: date) -> int:
    return calendar.hours_of(day).intervals[-1].ends
