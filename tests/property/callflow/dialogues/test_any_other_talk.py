"""A message and a survey, whatever is pressed, whenever the telephone is put down, whatever fails: a talk ends, says
nothing too early, and keeps a score only after it was confirmed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callflow.dialogues.outcome import End, Told
from callflow.dialogues.script import NEUTRAL
from callflow.dialogues.steps import Action, Ask, Do, Done, Hangup, Heard, Human, HungUp, Key, Result, Say, Silence
from callflow.dialogues.survey import echo
from tests.unit.callflow.dialogues import talks

MILLISECONDS = st.integers(0, 1200)
HEARD: st.SearchStrategy[Heard | str] = st.one_of(
    st.sampled_from("1111111234567890*#->"),
    st.builds(Key, MILLISECONDS, MILLISECONDS, st.sampled_from("123490")),
    st.builds(HungUp, MILLISECONDS, MILLISECONDS),
    st.builds(Silence, MILLISECONDS, MILLISECONDS),
    st.builds(Done, MILLISECONDS, MILLISECONDS),
)
RESULTS = st.lists(st.sampled_from([Result.DONE, Result.DONE, Result.DONE, Result.GONE, Result.FAULT]), max_size=20)
MOST_STEPS = 60


@pytest.mark.parametrize("script", [talks.message, talks.question])
@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_any_talk(script: talks.Making, data: st.DataObject) -> None:
    heard = data.draw(st.lists(HEARD, max_size=60))
    replies = iter(data.draw(RESULTS))
    done: list[tuple[Do, Result]] = []

    def act(step: Do) -> Done:
        done.append((step, next(replies, Result.DONE)))
        return Done(result=done[-1][1])

    told = talks.drive(script(human_now=data.draw(st.booleans())), heard, act)

    # It ends.
    assert told.outcome is not None
    assert len(told.steps) <= MOST_STEPS

    # Nothing of the matter before somebody has said that it is he (I13).
    for place, step in enumerate(told.steps):
        if isinstance(step, Say | Ask) and not set(step.pieces) <= set(NEUTRAL):
            asked = [one for one in told.steps[:place] if isinstance(one, Ask) and "who" in one.pieces]
            assert asked, "nobody was asked who he is"
            break
    if not _identified(told.steps, heard):
        assert set(told.said) <= set(NEUTRAL)

    # A score is written once, and only after it was repeated and confirmed; a refusal only where it is asked for.
    for place, step in enumerate(told.steps):
        if isinstance(step, Do) and step.action is Action.RATE:
            before = told.steps[place - 1]
            assert isinstance(before, Ask)
            assert before.pieces[-1] == echo(step.choice)
            assert 1 <= step.choice <= 10
            assert step.identified
        if isinstance(step, Do) and step.action is Action.REFUSE_SCORE:
            assert isinstance(told.steps[place - 1], Ask)
            assert "*" in told.steps[place - 1].keys
    for action in Action:
        assert len([step for step, _ in done if step.action is action]) <= 1, action
    results = {step.action: result for step, result in done}
    assert (told.outcome.told[0] is Told.RATED) == (results.get(Action.RATE) is Result.DONE)
    assert (told.outcome.told[0] is Told.NOT_RATED) == (results.get(Action.REFUSE_SCORE) is Result.DONE)
    if Result.FAULT in results.values():
        assert told.outcome.end is End.TROUBLE
        assert "trouble" in told.said

    # Nobody is left in the air.
    assert isinstance(told.steps[-1], Hangup | Human | Say | Ask)
    assert not [step for step in told.steps[:-1] if isinstance(step, Hangup | Human)]


def _identified(steps: list[object], heard: list[Heard | str]) -> bool:
    """Whether the question who is there was answered with 1."""
    answers = iter(heard)
    for step in steps:
        if isinstance(step, Ask):
            word = next(answers, "x")
            if "who" not in step.pieces:
                return True
            if (word.key if isinstance(word, Key) else word) == "1":
                return True
    return False
