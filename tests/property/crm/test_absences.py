"""Whatever absences are accepted one after the other: at every hour who stands in is there, and is somebody else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm.specialists.absence_rules import Period, makes_a_loop, stands_in

START = datetime(2026, 11, 12, tzinfo=UTC)
HOURS = 24
people = st.integers(1, 5)


@st.composite
def asked(draw: st.DrawFn) -> Period:
    first = draw(st.integers(0, HOURS - 1))
    last = draw(st.integers(first + 1, HOURS))
    instead = draw(st.one_of(st.none(), people))
    return Period(draw(people), START + timedelta(hours=first), START + timedelta(hours=last), instead)


@given(st.lists(asked(), max_size=12))
def test_the_chain_of_substitutes_never_comes_back(wanted: list[Period]) -> None:
    accepted: list[Period] = []
    for one in wanted:
        own = [other for other in accepted if other.employee_id == one.employee_id]
        if any(other.overlaps(one.since, one.until) for other in own):
            continue
        others = [other for other in accepted if other.employee_id != one.employee_id]
        if not makes_a_loop(one, others):
            accepted.append(one)
    for hour in range(HOURS):
        at = START + timedelta(hours=hour)
        away = {one.employee_id: one for one in accepted if one.holds_at(at)}
        for person in range(1, 6):
            passed, step = {person}, away.get(person)
            while step is not None and step.substitute_id is not None:
                assert step.substitute_id not in passed, "a chain came back"
                passed.add(step.substitute_id)
                step = away.get(step.substitute_id)
            found = stands_in(person, accepted, at)
            assert found is None or (found not in away and found != person)
            assert (found is None) or person in away
