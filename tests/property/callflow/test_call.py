"""The state table under any events: every order, every repetition, every gap."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from callflow import events
from callflow.call import (
    Call,
    CallClosed,
    CallState,
    Direction,
    Disposition,
    Effect,
    LegState,
    PopShown,
    PopWithdrawn,
    apply,
)
from callflow.caller_id import CallerId, CallerKind

BEGIN = datetime(2026, 11, 12, 7, 0, tzinfo=UTC)
EXTENSIONS = ("101", "102", "103")
QUEUES = ("family", "coordinator")
DURATIONS = st.floats(0, 40) | st.sampled_from([-1.0, 1e12, float("inf"), float("nan")])


def event_of(call: str) -> st.SearchStrategy[events.CallEvent]:
    extension = st.sampled_from(EXTENSIONS)
    queue = st.sampled_from(QUEUES)
    leg = st.sampled_from(["a", "b", "c", "d"])
    callers = st.sampled_from([CallerId(CallerKind.NUMBER, f"+7907000010{digit}") for digit in range(3)])
    fields: dict[type, dict[str, st.SearchStrategy[Any]]] = {
        events.CallArrived: {"did": st.sampled_from(["", "+74924800001"]), "channel": st.just("PJSIP/trunk-1")},
        events.CallerIdentified: {"caller": callers, "did": st.just("+74924800001")},
        events.CallerWaiting: {"queue": queue, "position": st.integers(1, 3)},
        events.OperatorRinging: {"leg": leg, "extension": extension, "queue": queue},
        events.OperatorDialing: {"leg": leg, "extension": extension},
        events.OperatorMissed: {"leg": leg, "extension": extension, "ring_seconds": DURATIONS},
        events.OperatorAnswered: {"leg": leg, "extension": extension, "wait_seconds": DURATIONS},
        events.OperatorReleased: {
            "leg": leg,
            "extension": extension,
            "reason": st.sampled_from(["caller", "agent", "transfer", "lost", "?"]),
            "talk_seconds": DURATIONS,
        },
        events.CallReturning: {"extension": extension},
        events.CallerGaveUp: {"waited_seconds": DURATIONS},
        events.CallHeld: {"extension": extension},
        events.CallUnheld: {"extension": extension},
        events.CallEnded: {"cause": st.integers(-1, 200)},
    }
    moments = st.integers(0, 60).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
    kinds = [st.builds(kind, call=st.just(call), at=moments, **parts) for kind, parts in fields.items()]
    # The end is rarer than the rest: most stories should have a middle.
    return st.integers(0, 4).flatmap(lambda dice: st.one_of(kinds if dice == 0 else kinds[:-1]))


EVENTS = st.lists(event_of("1"), min_size=1, max_size=25)
IN_ORDER = EVENTS.map(lambda story: sorted(story, key=lambda event: event.at))
STORIES = EVENTS | IN_ORDER


def told(story: list[events.CallEvent]) -> tuple[Call, list[tuple[Effect, ...]], list[Call]]:
    call: Call | None = None
    effects, stages = [], []
    for event in story:
        call, caused = apply(call, event)
        effects.append(caused)
        stages.append(call)
    assert call is not None
    return call, effects, stages


def assert_legal(call: Call) -> None:
    states = [leg.state for leg in call.legs]
    assert states.count(LegState.TALKING) <= 1
    assert len({leg.uniqueid for leg in call.legs}) == len(call.legs)
    assert (call.state is CallState.ENDED) == (call.ended_at is not None) == (call.disposition is not None)
    assert (call.answered_at is not None) == any(leg.answered_at for leg in call.legs)
    assert (call.disposition is Disposition.ANSWERED) == (call.ended_at is not None and call.answered_at is not None)
    assert not (call.held and call.talking_extension is None)
    if call.state in (CallState.ARRIVED, CallState.WAITING, CallState.ENDED):
        assert not {LegState.RINGING, LegState.TALKING} & set(states)
    if call.state is CallState.RINGING:
        assert LegState.RINGING in states
        assert LegState.TALKING not in states
    if call.state is CallState.TALKING:
        assert call.answered_at is not None
    for leg in call.legs:
        assert (leg.ended_at is None) == (leg.state in (LegState.RINGING, LegState.TALKING))
        assert (leg.answered_at is not None) == (leg.state in (LegState.TALKING, LegState.ENDED))
        moments = [moment for moment in (leg.rang_at, leg.answered_at, leg.ended_at) if moment is not None]
        assert moments == sorted(moments)


@given(STORIES)
def test_any_events_leave_the_call_in_a_legal_state_at_every_step(story: list[events.CallEvent]) -> None:
    for stage in told(story)[2]:
        assert_legal(stage)


@given(STORIES)
def test_a_call_of_ours_is_as_legal_and_is_never_abandoned(story: list[events.CallEvent]) -> None:
    call = Call("1", "", None, CallState.ARRIVED, None, BEGIN, direction=Direction.OUTBOUND)
    for event in story:
        call, _ = apply(call, event)
        assert_legal(call)
        assert apply(call, event) == (call, ())
        assert call.disposition is not Disposition.ABANDONED
        assert call.direction is Direction.OUTBOUND


@given(STORIES)
def test_the_same_event_again_changes_nothing_and_moves_no_screen(story: list[events.CallEvent]) -> None:
    call: Call | None = None
    for event in story:
        call, _ = apply(call, event)
        assert apply(call, event) == (call, ())


@given(STORIES, EVENTS)
def test_an_ended_call_stays_ended_as_it_was_and_moves_no_screen(
    story: list[events.CallEvent], late: list[events.CallEvent]
) -> None:
    end = events.CallEnded(call="1", at=BEGIN + timedelta(seconds=30), cause=16)
    call, _, _ = told([*story, end])
    for event in late:
        after, effects = apply(call, event)
        assert effects == ()
        assert (after.state, after.ended_at, after.cause) == (call.state, call.ended_at, call.cause)
        if call.disposition is Disposition.ANSWERED:
            assert after.disposition is Disposition.ANSWERED
        call = after


@given(STORIES)
def test_a_leg_never_goes_back(story: list[events.CallEvent]) -> None:
    order = {LegState.RINGING: 0, LegState.TALKING: 1, LegState.MISSED: 2, LegState.CANCELLED: 2, LegState.ENDED: 2}
    for before, after in pairwise(told(story)[2]):
        for leg in before.legs:
            now = after.leg(leg.uniqueid)
            assert now is not None
            assert order[now.state] >= order[leg.state]


@given(STORIES)
def test_the_effects_alone_keep_every_screen_true(story: list[events.CallEvent]) -> None:
    screens: set[str] = set()
    _, effects, stages = told(story)
    for caused, call in zip(effects, stages, strict=True):
        for effect in caused:
            match effect:
                case PopShown(extension=extension):
                    screens.add(extension)
                case PopWithdrawn(extension=extension):
                    assert extension in screens
                    screens.remove(extension)
        screens -= {call.talking_extension or ""} - set(call.ringing_extensions)
        assert screens == set(call.ringing_extensions)
    closings = [effect for caused in effects for effect in caused if isinstance(effect, CallClosed)]
    assert len(closings) == (stages[-1].state is CallState.ENDED)


@given(EVENTS, st.lists(event_of("2"), min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_interleaving_two_calls_changes_neither(
    one: list[events.CallEvent], other: list[events.CallEvent], chance: Any
) -> None:
    rest = {"1": list(one), "2": list(other)}
    calls: dict[str, Call] = {}
    while any(rest.values()):
        name = chance.choice([name for name, story in rest.items() if story])
        event = rest[name].pop(0)
        calls[event.call], _ = apply(calls.get(event.call), event)
    assert calls == {"1": told(one)[0], "2": told(other)[0]}


@settings(max_examples=200)
@given(st.data())
def test_an_honest_story_told_in_any_order_ends_the_same(data: st.DataObject) -> None:
    """The events of a real call may be read late and mixed, after a reconnect; the row must not depend on it (I17)."""
    moments = iter(range(0, 1000, 3))

    def at() -> datetime:
        return BEGIN + timedelta(seconds=next(moments))

    story: list[events.CallEvent] = [
        events.CallArrived(call="1", at=at(), did="+74924800001", channel="PJSIP/trunk-1"),
        events.CallerWaiting(call="1", at=at(), queue="family", position=1),
    ]
    for number in range(data.draw(st.integers(0, 2), label="rings that nobody took")):
        leg = {"leg": f"missed-{number}", "extension": EXTENSIONS[number]}
        story.append(events.OperatorRinging(call="1", at=at(), queue="family", **leg))
        story.append(events.OperatorMissed(call="1", at=at(), ring_seconds=3, **leg))
    leg = {"leg": "last", "extension": "103"}
    story.append(events.OperatorRinging(call="1", at=at(), queue="family", **leg))
    if data.draw(st.booleans(), label="answered"):
        story.append(events.OperatorAnswered(call="1", at=at(), wait_seconds=3, **leg))
        story.append(events.OperatorReleased(call="1", at=at(), reason="caller", talk_seconds=3, **leg))
    else:
        story.append(events.CallerGaveUp(call="1", at=at(), waited_seconds=9))
    story.append(events.CallEnded(call="1", at=at(), cause=16))

    def row(call: Call) -> tuple[object, ...]:
        legs = {leg.uniqueid: (leg.state, leg.rang_at, leg.answered_at) for leg in call.legs}
        return (
            call.state,
            call.disposition,
            call.arrived_at,
            call.answered_at,
            call.ended_at,
            call.queue,
            call.did,
            legs,
        )

    shuffled = data.draw(st.permutations(story), label="as read")
    assert row(told(shuffled)[0]) == row(told(story)[0])
