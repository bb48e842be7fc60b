"""The range of birth dates is exactly those whose birthday lies in the span."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm.cards.family_rules import birthday
from crm.cards.upkeep_days import born_between, year_before

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31)) | st.sampled_from(
    [date(2024, 2, 29), date(2028, 2, 29), date(2026, 2, 28), date(2026, 3, 1), date(2027, 3, 1), date(2028, 3, 1)]
)
AGES = st.sampled_from([3, 7, 14, 18, 23])


@given(AGES, DAYS, st.integers(0, 400))
def test_both_ends_are_exact(age, since, length):
    until = since + timedelta(days=length)
    first, last = born_between(age, since, until)
    day = timedelta(days=1)
    assert first > last or (since <= birthday(first, age) and birthday(last, age) <= until)
    assert birthday(first - day, age) < since
    assert birthday(last + day, age) > until


@given(AGES, DAYS, st.integers(0, 30), st.dates(date(1960, 1, 1), date(2090, 12, 31)))
def test_a_birth_date_is_in_the_range_when_its_birthday_is_in_the_span(age, since, length, born):
    until = since + timedelta(days=length)
    first, last = born_between(age, since, until)
    assert (first <= born <= last) == (since <= birthday(born, age) <= until)


@given(DAYS)
def test_a_year_before_is_a_year_before(day):
    before = year_before(day)
    assert before.year == day.year - 1
    assert 364 <= (day - before).days <= 366
