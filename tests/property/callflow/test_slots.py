"""Whatever the timetable: free times never overlap, lie inside the hours, and avoid what is taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from callflow.calendar import Interval
from callflow.slot_refusal import refusal
from callflow.slots import Busy, DayException, Reception, Timetable, day_slots, slots

ZONES = [ZoneInfo(name) for name in ("Europe/Moscow", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe")]
FIRST = date(2026, 10, 20)
MODES = ("office", "phone")


@dataclass(frozen=True)
class Day:
    intervals: tuple[Interval, ...]
    title: str = "день"


@dataclass(frozen=True)
class Calendar:
    zone: ZoneInfo
    intervals: tuple[Interval, ...]

    def hours_of(self, day: date) -> Day:
        return Day(self.intervals if day.weekday() != 2 else ())


spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] < pair[1])
receptions = st.builds(lambda weekday, span: Reception(weekday, *span, MODES), st.integers(0, 6), spans)
timetables = st.builds(Timetable, st.lists(receptions, max_size=8).map(tuple), st.integers(10, 120), st.integers(0, 30))
exceptions = st.lists(
    st.builds(
        lambda ahead, kind, span: DayException(FIRST + timedelta(days=ahead), kind, *span, MODES),
        st.integers(0, 13),
        st.sampled_from(["closed", "hours", "extra"]),
        spans,
    ),
    max_size=4,
)
calendars = st.builds(
    Calendar, st.sampled_from(ZONES), st.sampled_from([(Interval(480, 720), Interval(780, 1020)), (Interval(0, 1440),)])
)
busy_times = st.lists(
    st.builds(
        lambda minutes, length, paused: Busy(
            datetime(2026, 10, 20, tzinfo=UTC) + timedelta(minutes=minutes),
            datetime(2026, 10, 20, tzinfo=UTC) + timedelta(minutes=minutes + length),
            paused=paused,
        ),
        st.integers(0, 20_000),
        st.integers(1, 600),
        st.booleans(),
    ),
    max_size=6,
)


@given(timetables, exceptions, calendars, busy_times, st.integers(0, 20_000))
def test_free_times_are_apart_inside_and_free(
    table: Timetable, differing: list[DayException], calendar: Calendar, busy: list[Busy], minutes: int
) -> None:
    since = datetime(2026, 10, 20, tzinfo=UTC)
    now = since + timedelta(minutes=minutes)
    found = slots(table, differing, calendar, busy, since, since + timedelta(days=14), now)
    for one, two in pairwise(found):
        assert one.ends_at + table.pause <= two.starts_at
    for one in found:
        assert one.ends_at - one.starts_at == table.length
        assert one.starts_at >= now
        for taken in busy:
            pause = table.pause if taken.paused else timedelta(0)
            assert one.ends_at + pause <= taken.starts_at or taken.ends_at + pause <= one.starts_at
        first, last = one.starts_at.astimezone(calendar.zone), one.ends_at.astimezone(calendar.zone)
        minute = first.hour * 60 + first.minute
        extra = [item for item in differing if item.day == first.date() and item.kind == "extra"]
        usual = any(hours.starts <= minute < hours.ends for hours in calendar.hours_of(first.date()).intervals)
        assert usual or any(item.starts <= minute < item.ends for item in extra)
        assert last.date() - first.date() <= timedelta(days=1)
        assert refusal(one.starts_at, table, differing, calendar, busy, now) == ""


@given(timetables, exceptions, calendars, st.integers(0, 20_000))
def test_whatever_is_not_offered_is_refused_with_a_sentence(
    table: Timetable, differing: list[DayException], calendar: Calendar, minutes: int
) -> None:
    now = datetime(2026, 10, 20, tzinfo=UTC)
    moment = now + timedelta(minutes=minutes)
    day = moment.astimezone(calendar.zone).date()
    offered = {one.starts_at for one in day_slots(table, differing, calendar, day)}
    sentence = refusal(moment, table, differing, calendar, (), now)
    assert (sentence == "") == (moment in offered)
