"""Whatever the hours, the days that differ and the clocks of the place: edges, states and sums agree."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from callflow.calendar import EffectiveWeek, Interval, LineState, Override, ServiceCalendar, words
from callflow.calendar.instants import instant_of
from callflow.calendar.typed import read_intervals

ZONES = ("Europe/Moscow", "Europe/Berlin", "America/New_York", "Asia/Kamchatka", "Australia/Lord_Howe",
         "America/St_Johns", "Africa/Cairo", "Asia/Kathmandu")  # fmt: skip
MICROSECOND = timedelta(microseconds=1)


@st.composite
def days_hours(draw: st.DrawFn) -> tuple[Interval, ...]:
    """Up to three intervals of one day, in order, never touching."""
    cuts = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return tuple(Interval(first * 15, last * 15) for first, last in pairs)


def weeks() -> st.SearchStrategy[tuple[tuple[Interval, ...], ...]]:
    """Seven days."""
    return st.tuples(*[days_hours()] * 7)


@st.composite
def calendars(draw: st.DrawFn) -> ServiceCalendar:
    """One or two weeks that hold one after the other, days that differ, some zone."""
    starts = sorted(draw(st.sets(st.dates(date(2025, 1, 1), date(2027, 12, 31)), min_size=1, max_size=2)))
    overrides = draw(st.dictionaries(st.dates(date(2025, 1, 1), date(2027, 12, 31)), days_hours(), max_size=5))
    calendar = ServiceCalendar(
        ZoneInfo(draw(st.sampled_from(ZONES))),
        [EffectiveWeek(start, draw(weeks()), draw(st.sampled_from((0, 30, 60)))) for start in starts],
        {day: Override(hours, "иной день") for day, hours in overrides.items()},
    )
    assume(all(any(week.days) for week in calendar.weeks))
    return calendar


instants = st.datetimes(datetime(2025, 3, 1), datetime(2027, 10, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
spans = st.timedeltas(timedelta(minutes=1), timedelta(days=25))


@settings(max_examples=150)
@given(calendars(), instants, spans)
def test_edges_alternate_and_agree_with_the_state_on_both_sides(
    calendar: ServiceCalendar, since: datetime, span: timedelta
) -> None:
    before = calendar.at(since - MICROSECOND)
    for when, moment in calendar.edges(since, since + span):
        assert before.until == when
        assert moment.state != before.state
        assert moment == calendar.at(when)
        assert calendar.at(when - MICROSECOND).state == before.state
        before = moment
    assert calendar.at(since + span - MICROSECOND).state == before.state


@settings(max_examples=150)
@given(calendars(), instants)
def test_the_state_is_what_the_wall_clock_shows(calendar: ServiceCalendar, at: datetime) -> None:
    """Away from the nights in which clocks jump, a state is nothing but the local minute within the day's hours."""
    local = at.astimezone(calendar.zone)
    near = (at - timedelta(days=1), at + timedelta(days=1))
    assume(len({when.astimezone(calendar.zone).utcoffset() for when in (at, *near)}) == 1)
    hours, minute = calendar.hours_of(local.date()).intervals, local.hour * 60 + local.minute
    is_open = any(one.starts <= minute < one.ends for one in hours)
    assert (calendar.at(at).state is LineState.OPEN) == is_open


@settings(max_examples=150)
@given(calendars(), instants)
def test_the_next_opening_is_the_first_instant_that_is_open(calendar: ServiceCalendar, at: datetime) -> None:
    moment = calendar.at(at)
    if moment.state is LineState.OPEN:
        assert moment.next_open is None
    elif moment.next_open is not None:
        assert moment.next_open > at
        assert calendar.at(moment.next_open).state is LineState.OPEN
        assert calendar.working_minutes(at, moment.next_open) == 0


@settings(max_examples=150)
@given(calendars(), instants, st.floats(0.02, 20_000, allow_nan=False))
def test_adding_working_minutes_passes_exactly_that_many(
    calendar: ServiceCalendar, start: datetime, minutes: float
) -> None:
    end = calendar.add_working_minutes(start, minutes)
    assert abs(calendar.working_minutes(start, end) - minutes) < 1e-6
    assert abs(calendar.working_minutes(start, end - timedelta(milliseconds=1)) - minutes) > 1e-6  # the first such one
    back = calendar.add_working_minutes(end, -minutes)
    assert abs(calendar.working_minutes(back, end) - minutes) < 1e-6
    if calendar.at(start).state is LineState.OPEN:
        assert abs(back - start) <= timedelta(microseconds=2)


@settings(max_examples=150)
@given(calendars(), instants, spans, spans)
def test_working_minutes_add_up(
    calendar: ServiceCalendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    middle, end = start + first, start + first + second
    whole = calendar.working_minutes(start, middle) + calendar.working_minutes(middle, end)
    assert abs(calendar.working_minutes(start, end) - whole) < 1e-6
    assert calendar.working_minutes(end, start) == -calendar.working_minutes(start, end)
    assert calendar.working_minutes(start, end) <= (end - start) / timedelta(minutes=1) + 1e-6


@given(days_hours())
def test_hours_are_read_back_as_they_are_shown(intervals: tuple[Interval, ...]) -> None:
    assert read_intervals(words.day_line(intervals)) == intervals
    assert read_intervals(words.hours(intervals)) == intervals


@given(st.text(max_size=200) | st.text("0123456789-–:., споидеручв", max_size=60))
def test_whatever_is_typed_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        intervals, sentence = read_intervals(text), "Прочитано."
    except ValueError as refusal:
        intervals, sentence = (), str(refusal)
    assert sentence.endswith(".")
    assert list(intervals) == sorted(intervals)


@given(st.sampled_from(ZONES), st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(0, 1439))
def test_later_local_minutes_are_never_earlier_instants(zone: str, day: date, minute: int) -> None:
    place = ZoneInfo(zone)
    assert instant_of(day, minute, place) <= instant_of(day, minute + 1, place)
    assert instant_of(day, 1440, place) == instant_of(day + timedelta(days=1), 0, place)
    shown = instant_of(day, minute, place).astimezone(place).replace(tzinfo=None)
    assert shown >= datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - a wall clock


@given(calendars(), st.dates(date(2025, 1, 1), date(2027, 6, 30)), st.integers(1, 15))
def test_working_days_are_counted_one_by_one(calendar: ServiceCalendar, start: date, count: int) -> None:
    end = calendar.after_working_days(start, count)
    between = [start + timedelta(days=ahead) for ahead in range(1, (end - start).days + 1)]
    assert sum(calendar.is_working_day(day) for day in between) == count
    assert calendar.is_working_day(end)
