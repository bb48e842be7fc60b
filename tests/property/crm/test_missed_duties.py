"""Whatever is called and talked: no missed call without a row, no open row after a talk, one open row at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callflow.caller_id import CallerKind
from crm.missed.rules import duties, key_of

START = datetime(2026, 11, 12, 6, 0, tzinfo=UTC)
MOMENTS = st.lists(st.integers(0, 600).map(lambda number: START + timedelta(minutes=number)), max_size=25)


@given(missed=MOMENTS, talks=MOMENTS)
def test_every_missed_call_is_in_one_duty_and_ends_with_the_next_talk(missed, talks):
    found = duties(missed, talks)
    assert sorted(call for duty in found for call in duty.calls) == sorted(missed)
    assert sum(duty.closed_at is None for duty in found) <= 1
    for duty in found:
        following = [talk for talk in talks if talk >= duty.calls[0]]
        assert duty.closed_at == min(following, default=None)
        if duty.closed_at is None:
            assert all(talk < duty.calls[0] for talk in talks), "no open row after a talk"
        else:
            assert duty.calls[-1] <= duty.closed_at
    assert found == sorted(found, key=lambda duty: duty.calls[0])


@given(missed=MOMENTS, talks=MOMENTS, data=st.data())
def test_the_order_of_hearing_of_them_does_not_matter(missed, talks, data):
    shuffled = data.draw(st.permutations(missed)), data.draw(st.permutations(talks))
    assert duties(*shuffled) == duties(missed, talks)


@given(
    kind=st.sampled_from([*CallerKind, "unknown", "", "NUMBER"]),
    number=st.one_of(st.none(), st.text(max_size=20)),
    owners=st.sets(st.one_of(st.none(), st.integers(1, 5)), max_size=4),
)
def test_a_family_is_named_by_an_honest_number_of_its_own_only(kind, number, owners):
    key = key_of(family_id=None, kind=kind, number=number, owners=owners, call_id=77)
    if key.family_id is not None:
        assert (kind, owners) == (CallerKind.NUMBER, {key.family_id})
        assert number
    if key.call_id is None:
        assert kind == CallerKind.NUMBER
