"""The table of a transfer, row by row; the laws over any words stand in tests/property."""

import pytest

from callflow.transfer import Kind, Reason, State, Transfer, Word, apply

TABLE = {
    Word.RINGING: {State.REQUESTED: State.RINGING, State.SENT: State.RINGING, State.FAILED: State.RINGING},
    Word.ANSWERED: {
        State.REQUESTED: State.CONSULTING,
        State.SENT: State.CONSULTING,
        State.FAILED: State.CONSULTING,
        State.RINGING: State.CONSULTING,
    },
    Word.JOINED: dict.fromkeys(
        (State.REQUESTED, State.SENT, State.FAILED, State.RINGING, State.CONSULTING), State.JOINED
    ),
}
OVER = (State.COMPLETED, State.RETURNED, State.GONE)
NOT_OVER = tuple(state for state in State if state not in OVER)
ENDS = {
    Word.COMPLETED: State.COMPLETED,
    Word.OPERATOR_LEFT: State.COMPLETED,
    Word.SPECIALIST_LEFT: State.RETURNED,
    Word.BACK: State.RETURNED,
    Word.RETURNED: State.RETURNED,
    Word.GONE: State.GONE,
}


@pytest.mark.parametrize("word", [Word.RINGING, Word.ANSWERED, Word.JOINED])
@pytest.mark.parametrize("state", list(State))
def test_a_word_moves_a_transfer_only_forward(word: Word, state: State) -> None:
    assert apply(Transfer(Kind.ATTENDED, state), word).state is TABLE[word].get(state, state)


@pytest.mark.parametrize("word", list(ENDS))
@pytest.mark.parametrize("state", list(State))
def test_an_end_is_an_end(word: Word, state: State) -> None:
    assert apply(Transfer(Kind.ATTENDED, state), word).state is (state if state in OVER else ENDS[word])


@pytest.mark.parametrize("state", [State.REQUESTED, State.SENT, State.RINGING])
def test_who_answers_a_blind_transfer_has_the_caller(state: State) -> None:
    assert apply(Transfer(Kind.BLIND, state), Word.ANSWERED).state is State.COMPLETED


@pytest.mark.parametrize(
    ("word", "detail", "reason"),
    [
        (Word.BACK, "NOANSWER", Reason.NO_ANSWER),
        (Word.BACK, "BUSY", Reason.BUSY),
        (Word.BACK, "NOPHONE", Reason.NO_PHONE),
        (Word.BACK, "CHANUNAVAIL", Reason.UNREACHABLE),
        (Word.BACK, "LEFT", Reason.LEFT),
        (Word.RETURNED, "OPERATORGONE", Reason.OPERATOR_LEFT),
        (Word.RETURNED, "", Reason.UNREACHABLE),
        (Word.SPECIALIST_LEFT, "", Reason.LEFT),
    ],
)
def test_a_returned_caller_comes_with_a_reason(word: Word, detail: str, reason: Reason) -> None:
    assert apply(Transfer(Kind.ATTENDED, State.RINGING), word, detail).reason is reason
    assert reason.title


@pytest.mark.parametrize(("kind", "states"), [
    (Kind.BLIND, ()),
    (Kind.ATTENDED, (State.REQUESTED, State.SENT, State.RINGING, State.CONSULTING, State.JOINED)),
])  # fmt: skip
def test_the_operators_talk_goes_on_while_she_consults(kind: Kind, states: tuple[State, ...]) -> None:
    assert tuple(state for state in State if Transfer(kind, state).holds_talk) == states
