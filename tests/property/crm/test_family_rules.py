"""The children's ages, recounted day by day on random families."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from crm.cards.family_rules import Child, birthday, children_turning, is_large, measures_until
from crm.family_tables import Person
from crm.masked import age

settings.register_profile("family-dispatch", deadline=None)
settings.load_profile("family-dispatch")

DAYS = st.dates(date(1990, 1, 1), date(2026, 12, 31))
LEAP = st.sampled_from([date(2000, 2, 29), date(2004, 2, 29), date(2008, 2, 29), date(2024, 2, 29)])
BIRTHS = DAYS | LEAP
CHILDREN = st.builds(Child, BIRTHS, st.none() | st.dates(date(2008, 1, 1), date(2050, 12, 31)))


def age_on(born: date, day: date) -> int | None:
    return age(Person(surname="", search_key="", birth_date=born), day)


@given(BIRTHS, st.integers(1, 30))
def test_on_the_birthday_the_age_is_reached_and_the_day_before_it_is_not(born: date, years: int) -> None:
    on = birthday(born, years)
    assert age_on(born, on) == years
    assert age_on(born, on - timedelta(days=1)) == years - 1


@given(st.lists(CHILDREN, max_size=7), st.randoms())
def test_the_end_of_the_measures_depends_on_the_eldest_alone(children: list[Child], chance) -> None:
    until = measures_until(children)
    assert (until is None) == (not children)
    if until is None:
        return
    oldest_birth = min(child.birth_date for child in children)
    assert birthday(oldest_birth, 18) <= until <= birthday(oldest_birth, 23)
    shuffled = list(children)
    chance.shuffle(shuffled)
    assert measures_until(shuffled) == until
    younger = Child(oldest_birth + timedelta(days=1), date(2050, 1, 1))
    assert measures_until([*children, younger]) == until


@given(BIRTHS, st.dates(date(2008, 1, 1), date(2050, 12, 31)))
def test_study_prolongs_the_measures_up_to_twenty_three(born: date, study: date) -> None:
    until = measures_until([Child(born, study)])
    of_age, limit = birthday(born, 18), birthday(born, 23)
    if study <= of_age:
        assert until == of_age
    elif study >= limit:
        assert until == limit
    else:
        assert until == study


@given(st.lists(CHILDREN, max_size=6), DAYS, st.integers(0, 1500))
def test_children_turning_are_those_whose_age_changes_within_the_days(
    children: list[Child], since: date, length: int
) -> None:
    until = since + timedelta(days=length)
    found = children_turning(children, (3, 7, 14, 18), since, until)
    expected = {
        (id(child), years)
        for child in children
        for years in (3, 7, 14, 18)
        if (age_on(child.birth_date, since - timedelta(days=1)) or 0) < years
        and age_on(child.birth_date, until) is not None
        and age_on(child.birth_date, until) >= years
    }
    assert {(id(child), years) for child, years, _ in found} == expected
    assert [on for _, _, on in found] == sorted(on for _, _, on in found)
    assert all(since <= on <= until for _, _, on in found)


@given(CHILDREN)
def test_twenty_three_matters_only_for_students(child: Child) -> None:
    on = birthday(child.birth_date, 23)
    found = children_turning([child], [23], on, on)
    studies = child.student_until is not None and child.student_until > birthday(child.birth_date, 18)
    assert bool(found) == studies


@given(st.lists(DAYS, max_size=6), DAYS)
def test_a_large_family_has_three_children_who_are_born(births: list[date], today: date) -> None:
    assert is_large(births, today) == (len([born for born in births if born <= today]) >= 3)
