"""The hours of one service: what a caller meets at an instant, when that changes, and how much working time is between.

Every answer comes from one stream of edges, so that the state, the greeting, the clock of a missed call and the table
of the dialplan cannot disagree. Instants are aware and come back in UTC; days are the institution's.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Final

from callflow.calendar import day_rules, production
from callflow.calendar.hours import WEEKDAYS, DayHours, EffectiveWeek, Interval, Override
from callflow.calendar.instants import instant_of
from callflow.calendar.moment import LineState, Moment, NeverOpen

DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
FARTHEST: Final = timedelta(days=400)
"""How far an opening is looked for: nobody plans hours that begin later."""
_NO_OVERRIDES: Mapping[date, Override] = MappingProxyType({})

Span = tuple[datetime, datetime]
WeekHours = Mapping[int, Sequence[Interval]]


class ServiceCalendar:
    """One service's hours.

    `week`: the weeks that hold from a date on, or one week for ever (0 Monday … 6 Sunday → intervals). The first holds
    for the time before it too. Without any the service is open round the clock, holidays included: who has not been
    told the hours must not turn callers away. `overrides` win over everything. `shorten_minutes` goes with a week given
    as a mapping. `confirmed_years`: a person has said that this year's transfers are in. Holds no clock and no session.
    """

    def __init__(
        self,
        zone: tzinfo,
        week: WeekHours | Sequence[EffectiveWeek],
        overrides: Mapping[date, Override] = _NO_OVERRIDES,
        shorten_minutes: int = 60,
        *,
        confirmed_years: frozenset[int] = frozenset(),
    ) -> None:
        if isinstance(week, Mapping):
            days = tuple(tuple(week.get(weekday, ())) for weekday in range(WEEKDAYS))
            week = [EffectiveWeek(date.min, days, shorten_minutes)] if any(days) else []
        self.zone = zone
        self.weeks = tuple(sorted(week, key=lambda one: one.starts_on))
        self.overrides = dict(overrides)
        self.confirmed_years = confirmed_years
        self._hours: dict[date, DayHours] = {}
        self._spans: dict[date, tuple[Span, ...]] = {}

    @property
    def always_open(self) -> bool:
        """Whether nobody has set hours for this service yet."""
        return not self.weeks

    # --- days

    def week_on(self, day: date) -> EffectiveWeek:
        """The week that holds on this date; the first one for earlier dates. Only where hours are set (IndexError)."""
        return day_rules.week_on(day, self.weeks)

    def hours_of(self, day: date) -> DayHours:
        """The hours of a date and why it has them."""
        known = self._hours.get(day)
        if known is None:
            known = self._hours[day] = day_rules.hours_on(day, self.weeks, self.overrides)
        return known

    def is_working_day(self, day: date) -> bool:
        """Whether somebody is at work on this date; without hours of its own, as the state works."""
        if self.always_open and day not in self.overrides:
            return not production.is_day_off(day)
        return bool(self.hours_of(day).intervals)

    def counts_in_terms(self, day: date) -> bool:
        """Whether the date counts in a term that a law gives in «рабочие дни»: the state or the service works on it.

        A term must not grow because the office has its sanitary day, or is open three days a week.
        """
        return not production.is_day_off(day) or self.is_working_day(day)

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`. Raises NeverOpen."""
        return self.after_working_days(day, 1)

    def after_working_days(self, start: date, count: int) -> date:
        """The `count`-th working day after `start`, which is not counted itself. Raises NeverOpen."""
        day, found = start, start
        while count > 0:
            day += DAY
            if self.is_working_day(day):
                count, found = count - 1, day
            elif day - found > FARTHEST:
                raise NeverOpen(f"no working day for {FARTHEST.days} days after {found}")
        return day

    def transfers_known(self, year: int) -> bool:
        """Whether the days that the Government moves in `year` are known, or a person has confirmed them."""
        return year in self.confirmed_years or production.transfers_known(year)

    # --- instants

    def at(self, moment: datetime) -> Moment:
        """What a caller meets at this instant, until when, and when it opens again. Raises ValueError if naive."""
        if self.always_open and not self.overrides:
            _day_of(moment, self.zone)
            return Moment(LineState.OPEN, None, None)
        state, until = LineState.CLOSED, None
        first = _day_of(moment, self.zone) - DAY
        for instant, becomes in self._changes(first, first + FARTHEST):
            if instant <= moment:
                state = becomes
                continue
            until = until or instant
            if state is LineState.OPEN:
                return Moment(state, until, None)
            if becomes is LineState.OPEN:
                return Moment(state, until, instant)
        return Moment(state, until, None)

    def edges(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, Moment]]:
        """Every change of state in [since, until), with what begins there."""
        first, last = _day_of(since, self.zone) - DAY, _day_of(until, self.zone) + DAY
        if self.always_open and not self.overrides:
            return
        for instant, _ in self._changes(first, last):
            if instant >= until:
                return
            if instant >= since:
                yield instant, self.at(instant)

    def working_minutes(self, start: datetime, end: datetime) -> float:
        """Minutes of open time in [start, end); negative where `end` is the earlier one."""
        if end < start:
            return -self.working_minutes(end, start)
        total = timedelta()
        day, last = _day_of(start, self.zone) - DAY, _day_of(end, self.zone) + DAY
        while day <= last:
            for opens, closes in self._open_spans(day):
                if opens < end and closes > start:
                    total += min(closes, end) - max(opens, start)
            day += DAY
        return total / MINUTE

    def add_working_minutes(self, start: datetime, minutes: float) -> datetime:
        """The first instant at which `minutes` of open time have passed since `start`; a negative number goes back.

        Half an hour from 16:30 of a day that ends at 17:00 is 17:00; from 16:55, 25 minutes into the next open time.
        Raises NeverOpen.
        """
        left = timedelta(minutes=abs(minutes))
        if not left:
            return start.astimezone(UTC)
        forward = minutes > 0
        day = _day_of(start, self.zone) - (DAY if forward else -DAY)
        idle = timedelta()
        while idle <= FARTHEST:
            spans = self._open_spans(day)
            for opens, closes in spans if forward else reversed(spans):
                begins, ends = (max(opens, start), closes) if forward else (opens, min(closes, start))
                if ends <= begins:
                    continue
                if left <= ends - begins:
                    return begins + left if forward else ends - left
                left -= ends - begins
            idle = timedelta() if spans else idle + DAY
            day += DAY if forward else -DAY
        raise NeverOpen(f"no open time for {FARTHEST.days} days")

    # --- how

    def _open_spans(self, day: date) -> tuple[Span, ...]:
        known = self._spans.get(day)
        if known is None:
            spans = (
                (instant_of(day, one.starts, self.zone), instant_of(day, one.ends, self.zone))
                for one in self.hours_of(day).intervals
            )
            known = self._spans[day] = tuple(span for span in spans if span[0] < span[1])
        return known

    def _changes(self, first: date, last: date) -> Iterator[tuple[datetime, LineState]]:
        """The changes of the days `first` … `last` in order; before the first the line is closed. Open time that goes
        on over midnight has no edge there."""
        closes: datetime | None = None
        day = first
        while day <= last:
            for place, (opens, ends) in enumerate(self._open_spans(day)):
                if opens != closes:
                    if closes is not None:
                        yield closes, LineState.BREAK if place else LineState.CLOSED
                    yield opens, LineState.OPEN
                closes = ends
            day += DAY
        if closes is not None and closes < instant_of(day, 0, self.zone):
            yield closes, LineState.CLOSED


def _day_of(moment: datetime, zone: tzinfo) -> date:
    if moment.utcoffset() is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(zone).date()
