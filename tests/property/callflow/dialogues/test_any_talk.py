"""Whatever a family presses, whenever it hangs up, whatever fails: a talk ends, says nothing too early, acts once."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from callflow.dialogues.outcome import End, Told
from callflow.dialogues.script import NEUTRAL
from callflow.dialogues.steps import (
    Action,
    Ask,
    Do,
    Done,
    Hangup,
    Heard,
    Human,
    HungUp,
    Key,
    Result,
    Say,
    Silence,
)
from tests.unit.callflow.dialogues.talks import MOVED, OFFERED, drive, script

MILLISECONDS = st.integers(0, 1200)
HEARD: st.SearchStrategy[Heard | str] = st.one_of(
    st.sampled_from("1111111234567890*#->"),
    st.builds(Key, MILLISECONDS, MILLISECONDS, st.sampled_from("123490")),
    st.builds(HungUp, MILLISECONDS, MILLISECONDS),
    st.builds(Silence, MILLISECONDS, MILLISECONDS),
    st.builds(Done, MILLISECONDS, MILLISECONDS),
)
CHANGES = (Action.CONFIRM, Action.CANCEL, Action.MOVE)
SETTLED = {Action.CONFIRM: Told.CONFIRMED, Action.CANCEL: Told.CANCELLED, Action.MOVE: Told.MOVED}
STEPS_OF_A_BOOKING = 40


@settings(max_examples=2000, deadline=None)
@given(
    st.integers(1, 3),
    st.lists(HEARD, max_size=60),
    st.lists(st.sampled_from([Result.DONE, Result.DONE, Result.DONE, Result.GONE, Result.FAULT]), max_size=20),
    st.booleans(),
)
def test_any_talk(count: int, heard: list[Heard | str], results: list[Result], human_now: bool) -> None:
    replies = iter(results)
    done: list[tuple[Do, Result]] = []

    def act(step: Do) -> Done:
        result = next(replies, Result.DONE)
        done.append((step, result))
        if result is not Result.DONE:
            return Done(result=result)
        pieces = {Action.OFFERS: OFFERED, Action.MOVE: MOVED}.get(step.action, ())
        return Done(pieces=pieces, count=2 if step.action is Action.OFFERS else 0)

    told = drive(script(*range(7, 7 + count), human_now=human_now), heard, act)

    # It ends.
    assert told.outcome is not None
    assert len(told.steps) <= 10 + STEPS_OF_A_BOOKING * count

    # Nothing of a booking before somebody has said that it is he (I13).
    identified = _identified_at(told.steps, heard)
    for place, step in enumerate(told.steps):
        if isinstance(step, Say | Ask) and place <= identified:
            assert set(step.pieces) <= set(NEUTRAL)

    # Nothing is done twice; of one booking, one thing at most is done.
    succeeded = Counter((step.action, step.booking) for step, result in done if result is Result.DONE)
    for (action, booking), times in succeeded.items():
        assert times == 1, (action, booking)
    changed = Counter(step.booking for step, result in done if step.action in CHANGES and result is Result.DONE)
    assert not [booking for booking, times in changed.items() if times > 1]

    # A time is given away only after «вы уверены?» and 1.
    for place, step in enumerate(told.steps):
        if isinstance(step, Do) and step.action is Action.CANCEL:
            assert told.steps[place - 1] == Ask(("sure",), "109")

    # What the outcome says is what was done.
    for step, result in done:
        if step.action in CHANGES and result is Result.DONE:
            assert told.outcome.told[step.booking] is SETTLED[step.action]
    for booking, what in told.outcome.told.items():
        if what in SETTLED.values():
            assert booking in changed
    ended = [step for step, _ in done if step.action in (Action.REFUSE_ROBOT, Action.WRONG_PERSON)]
    assert len(ended) <= 1
    if any(result is Result.FAULT for _, result in done):
        assert told.outcome.end is End.TROUBLE
        assert "trouble" in told.said

    # Nobody is left in the air: the last step hangs up, hands over, or is where the telephone was put down.
    assert isinstance(told.steps[-1], Hangup | Human | Say | Ask)
    assert not [step for step in told.steps[:-1] if isinstance(step, Hangup | Human)]


def _identified_at(steps: list[object], heard: list[Heard | str]) -> int:
    """The place of the question that was answered with 1; beyond the last step if none was."""
    answers = iter(heard)
    for place, step in enumerate(steps):
        if not isinstance(step, Ask):
            continue
        word = next(answers, "x")
        key = word.key if isinstance(word, Key) else word
        if key == "1":
            return place
        if "who" not in step.pieces:
            break
    return len(steps)
