"""Who is called by a campaign, and how many fit into a day: no setting brings a robot to a family without consent."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from callflow.dialler.states import Channel
from crm.campaigns.sorting import Candidate, LeftOut, sort
from crm.campaigns.volume import Hands, Room, room_of, take

_FLAGS = [one.name for one in fields(Candidate) if one.type in (bool, "bool")]
candidates = st.builds(
    Candidate,
    family_id=st.integers(1, 10**6),
    number=st.sampled_from(["", "+79070000101"]),
    **{name: st.booleans() for name in _FLAGS},
)
queues = st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from(list(Channel))), unique_by=lambda one: one[0])
rooms = st.builds(Room, families=st.integers(0, 50), robot=st.integers(0, 50), people=st.integers(0, 50))


@given(candidates, st.sampled_from(list(Channel)), st.booleans())
def test_without_consent_no_robot_whatever_is_set(one: Candidate, channel: Channel, rest_by_people: bool) -> None:
    for forbidden in ({"consent": False}, {"robot_refused": True}, {"restricted": True}, {"minor": True}):
        assert sort(replace(one, **forbidden), channel, rest_by_people=rest_by_people) is not Channel.ROBOT


@given(candidates, st.sampled_from(list(Channel)), st.booleans())
def test_nobody_who_must_not_be_called_is_called(one: Candidate, channel: Channel, rest_by_people: bool) -> None:
    placed = sort(one, channel, rest_by_people=rest_by_people)
    if one.told or one.elsewhere or one.do_not_call or one.bad or not one.number or not one.by_voice:
        assert isinstance(placed, LeftOut)
    if channel is Channel.HUMAN:
        assert placed is not Channel.ROBOT


@given(queues, rooms)
def test_a_day_takes_what_fits_in_the_order_of_the_queue(queue: list[tuple[int, Channel]], room: Room) -> None:
    taken = take(queue, room)
    channels = dict(queue)
    by = [channels[one] for one in taken]
    assert len(taken) <= room.families
    assert by.count(Channel.ROBOT) <= room.robot
    assert by.count(Channel.HUMAN) <= room.people
    assert taken == [one for one, _ in queue if one in set(taken)]
    left = room.less(robot=by.count(Channel.ROBOT), people=by.count(Channel.HUMAN))
    rest = [one for one in queue if one[0] not in set(taken)]
    assert take(rest, left) == [], "nobody is left for whom there was room"


@given(st.floats(0, 10_000), st.integers(1, 5000), st.integers(0, 50), st.integers(0, 5000), st.integers(0, 50))
def test_no_hands_no_calls(minutes: float, per_day: int, lines: int, robot_calls: int, people: int) -> None:
    room = room_of(minutes, per_day, Hands(lines, robot_calls, people))
    assert room.families == per_day
    assert room.robot <= robot_calls
    if not lines:
        assert room.robot == 0
    if not people:
        assert room.people == 0
