"""Laws of a transfer: any words, in any order, twice, late, or missing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from callflow.transfer import Kind, State, Transfer, Word, apply

WORDS = st.lists(st.tuples(st.sampled_from(list(Word)), st.sampled_from(["", "NOANSWER", "BUSY", "LEFT", "?"])))
BEGINNINGS = st.sampled_from([State.REQUESTED, State.SENT, State.FAILED])


def told(transfer: Transfer, words: list[tuple[Word, str]]) -> list[Transfer]:
    steps = [transfer]
    for word, detail in words:
        steps.append(apply(steps[-1], word, detail))
    return steps


@given(st.sampled_from(list(Kind)), BEGINNINGS, WORDS)
def test_the_table_is_total_and_ends_are_never_left(kind: Kind, state: State, words: list[tuple[Word, str]]) -> None:
    steps = told(Transfer(kind, state), words)
    for before, after in pairwise(steps):
        assert after.kind is kind
        if before.state.is_over:
            assert after == before


@given(st.sampled_from(list(Kind)), BEGINNINGS, WORDS)
def test_every_word_said_twice_changes_nothing(kind: Kind, state: State, words: list[tuple[Word, str]]) -> None:
    twice = [one for pair in words for one in (pair, pair)]
    assert told(Transfer(kind, state), words)[-1] == told(Transfer(kind, state), twice)[-1]


@given(st.sampled_from(list(Kind)), BEGINNINGS, WORDS)
def test_somebody_always_has_the_caller(kind: Kind, state: State, words: list[tuple[Word, str]]) -> None:
    """The operator (her talk goes on, or he was brought back to her), the specialist, or nobody because he left."""
    last = told(Transfer(kind, state), words)[-1]
    has_specialist = last.specialist_talks
    has_operator = last.state in (State.RETURNED, State.FAILED) or last.holds_talk
    is_ringing_blind = kind is Kind.BLIND and last.state.is_open
    assert has_specialist + has_operator + is_ringing_blind + (last.state is State.GONE) == 1


@given(st.sampled_from(list(Kind)), WORDS)
def test_the_operator_is_released_once_and_for_all(kind: Kind, words: list[tuple[Word, str]]) -> None:
    freed = [one.operator_is_free for one in told(Transfer(kind), words)]
    assert freed == sorted(freed)


@given(st.sampled_from(list(Kind)), WORDS)
def test_a_reason_belongs_to_a_return_alone(kind: Kind, words: list[tuple[Word, str]]) -> None:
    last = told(Transfer(kind), words)[-1]
    assert (last.reason is not None) == (last.state is State.RETURNED)
