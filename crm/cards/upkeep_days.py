"""Which birth dates reach an age within a span of days: the lists ask by range of birth date, which has an index.

Pure; all dates are the institution's local ones.
"""

from datetime import date, timedelta

from crm.cards.family_rules import birthday

_DAY = timedelta(days=1)


def born_between(age: int, since: date, until: date) -> tuple[date, date]:
    """Return the first and the last birth date whose `age`-th birthday lies from `since` to `until`, both included.

    Who was born on 29 February comes of age on 1 March of a common year (`family_rules.birthday`).
    """
    first, last = _years_before(since, age, leap_day=3), _years_before(until, age, leap_day=2)
    if birthday(first - _DAY, age) >= since:
        first -= _DAY
    if birthday(last + _DAY, age) <= until:
        last += _DAY
    return first, last


def year_before(day: date) -> date:
    """Return the same day of last year: whoever was confirmed on it or earlier is due (B-5)."""
    return _years_before(day, 1, leap_day=2)


def _years_before(day: date, years: int, *, leap_day: int) -> date:
    """The same day so many years ago; 29 February becomes 28 February or 1 March (`leap_day`: the month)."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, leap_day, 28 if leap_day == 2 else 1)
