"""The rating by keys, path by path (domain.md §9.2 S-8, §9.3)."""

from __future__ import annotations

import pytest

from callflow.dialler.states import Disposition
from callflow.dialogues.outcome import End, Told
from callflow.dialogues.script import NEUTRAL
from callflow.dialogues.steps import Action, Ask, Do, Result
from callflow.dialogues.survey import PIECES, Script, echo
from tests.unit.callflow.dialogues.talks import drive, question, refusing

D = Disposition
ASKED = ["hello", "who", "survey_hello", "survey_ask"]
AGAIN = ["survey_again", "survey_ask"]
NONE = ["survey_none", "call_back", "bye"]

# What is heard after «who», told by «1»: keys, «-» nothing within the time, «x» the telephone put down; what is said
# after the question; the score that is kept (0: none); the disposition.
PATHS = [
    # --- one figure
    *[(f"{one}1", [f"echo:{one}", "survey_thanks"], one, D.DELIVERED) for one in range(2, 10)],
    ("1-1", ["echo:1", "survey_thanks"], 1, D.DELIVERED),
    ("1#1", ["echo:1", "survey_thanks"], 1, D.DELIVERED),
    ("7#1", ["echo:7", "survey_thanks"], 7, D.DELIVERED),
    # --- ten
    ("101", ["echo:10", "survey_thanks"], 10, D.DELIVERED),
    ("10#1", ["echo:10", "survey_thanks"], 10, D.DELIVERED),
    # --- a one with a nought that came too late is seen in the echo and mended
    ("1-2101", ["echo:1", "survey_ask", "echo:10", "survey_thanks"], 10, D.DELIVERED),
    # --- no score: «не удалось распознать», twice, then a person
    ("0-81", [*AGAIN, "echo:8", "survey_thanks"], 8, D.DELIVERED),
    ("0081", [*AGAIN, "echo:8", "survey_thanks"], 8, D.DELIVERED),
    ("0#81", [*AGAIN, "echo:8", "survey_thanks"], 8, D.DELIVERED),
    ("0581", [*AGAIN, "echo:8", "survey_thanks"], 8, D.DELIVERED),
    *[(f"1{one}91", [*AGAIN, "echo:9", "survey_thanks"], 9, D.DELIVERED) for one in range(1, 10)],
    ("11#91", [*AGAIN, "echo:9", "survey_thanks"], 9, D.DELIVERED),
    ("-91", [*AGAIN, "echo:9", "survey_thanks"], 9, D.DELIVERED),
    ("#-91", [*AGAIN, "echo:9", "survey_thanks"], 9, D.DELIVERED),
    ("0-1131", [*AGAIN, *AGAIN, "echo:3", "survey_thanks"], 3, D.DELIVERED),
    ("---", [*AGAIN, *AGAIN, *NONE], 0, D.HUMAN),
    ("0-110-", [*AGAIN, *AGAIN, *NONE], 0, D.HUMAN),
    # --- the refusal
    ("*", ["survey_refused"], 0, D.DELIVERED),
    ("1*", ["survey_refused"], 0, D.DELIVERED),
    ("0-*", [*AGAIN, "survey_refused"], 0, D.DELIVERED),
    # --- the telephone put down before the score is confirmed
    ("x", [], 0, D.HUNG_UP),
    ("1x", [], 0, D.HUNG_UP),
    ("5x", ["echo:5"], 0, D.HUNG_UP),
    ("10x", ["echo:10"], 0, D.HUNG_UP),
    ("52x", ["echo:5", "survey_ask"], 0, D.HUNG_UP),
    ("-x", AGAIN, 0, D.HUNG_UP),
    # --- the echo: another key is explained once, silence is asked once more, then a person
    ("5-1", ["echo:5", "echo:5", "survey_thanks"], 5, D.DELIVERED),
    ("571", ["echo:5", "again", "echo:5", "survey_thanks"], 5, D.DELIVERED),
    ("5--", ["echo:5", "echo:5", *NONE], 0, D.HUMAN),
    ("577", ["echo:5", "again", "echo:5", *NONE], 0, D.HUMAN),
    ("5*1", ["echo:5", "again", "echo:5", "survey_thanks"], 5, D.DELIVERED),
    ("52525252", ["echo:5", *["survey_ask", "echo:5"] * 3, *NONE], 0, D.HUMAN),
    ("50", ["echo:5", "wait_human"], 0, D.HUMAN),
    ("59", ["echo:5", "refused"], 0, D.OPTED_OUT),
]


@pytest.mark.parametrize(("heard", "said", "score", "disposition"), PATHS)
def test_a_rating(heard: str, said: list[str], score: int, disposition: Disposition) -> None:
    told = drive(question(), f"1{heard}")
    assert told.said == [*ASKED, *said]
    assert [choice for name, _, choice in told.acts if name == "rate"] == ([score] if score else [])
    assert ("refuse_score", 0, 0) in told.acts or "survey_refused" not in told.said
    assert told.outcome is not None
    assert told.outcome.disposition is disposition
    kept = Told.NOT_RATED if "survey_refused" in told.said else Told.RATED
    assert (told.outcome.told[0] is kept) == (bool(score) or kept is Told.NOT_RATED)


BEFORE = [
    ("x", End.GONE, D.HUNG_UP),
    ("2", End.WRONG_PERSON, D.WRONG_PERSON),
    ("9", End.OPTED_OUT, D.OPTED_OUT),
    ("0", End.HUMAN, D.HUMAN),
    ("--", End.MACHINE, D.MACHINE),
    ("77", End.UNCLEAR, D.HUNG_UP),
]


@pytest.mark.parametrize(("heard", "end", "disposition"), BEFORE)
def test_whoever_has_not_said_who_he_is_hears_nothing_of_the_case(
    heard: str, end: End, disposition: Disposition
) -> None:
    told = drive(question(), heard)
    assert set(told.said) <= set(NEUTRAL)
    assert told.outcome is not None
    assert (told.outcome.end, told.outcome.disposition) == (end, disposition)
    assert told.outcome.told == {0: Told.NOTHING}


def test_the_first_figure_is_waited_for_seven_seconds_and_the_second_three() -> None:
    asks = [one for one in drive(question(), "1101").steps if isinstance(one, Ask)]
    assert [(one.wait_seconds, bool(one.pieces)) for one in asks] == [
        (7.0, True),
        (7.0, True),
        (3.0, False),
        (7.0, True),
    ]


def test_nobody_waits_for_a_second_figure_after_two_to_nine() -> None:
    for figure in "23456789":
        told = drive(question(), f"1{figure}1")
        assert len([one for one in told.steps if isinstance(one, Ask)]) == 3


def test_where_the_score_is_entered_nought_and_nine_are_figures() -> None:
    assert drive(question(), "191").acts == [("rate", 0, 9)]
    assert drive(question(), "1101").acts == [("rate", 0, 10)]


def test_a_score_is_kept_by_one_who_has_said_who_he_is() -> None:
    assert Do(Action.RATE, 0, 7, identified=True) in drive(question(), "171").steps


def test_after_hours_the_nought_of_the_echo_is_a_call_back() -> None:
    told = drive(question(human_now=False), "150")
    assert told.said[-1] == "call_back"
    assert told.acts == [("call_back", 0, 0)]


@pytest.mark.parametrize("action", [Action.RATE, Action.REFUSE_SCORE, Action.CALL_BACK])
def test_what_the_records_did_not_take_is_told_as_not_done(action: Action) -> None:
    heard = {Action.RATE: "171", Action.REFUSE_SCORE: "1*", Action.CALL_BACK: "1---"}[action]
    told = drive(question(), heard, refusing(action, Result.FAULT))
    assert told.said[-1] == "trouble"
    assert told.outcome is not None
    assert (told.outcome.end, told.outcome.disposition) == (End.TROUBLE, D.HUMAN)
    assert told.outcome.told[0] is Told.WANTED


@pytest.mark.parametrize(("heard", "action"), [("171", Action.RATE), ("1*", Action.REFUSE_SCORE)])
def test_a_case_that_waits_for_no_rating_any_more_ends_with_good_bye(heard: str, action: Action) -> None:
    told = drive(question(), heard, refusing(action, Result.GONE))
    assert told.said[-1] == "bye"
    assert told.outcome is not None
    assert told.outcome.told[0] is Told.HEARD
    assert told.outcome.disposition is D.DELIVERED


@pytest.mark.parametrize("lacking", PIECES)
def test_a_script_that_lacks_a_piece_is_none(lacking: str) -> None:
    with pytest.raises(ValueError, match=lacking):
        Script({**question().words, lacking: " "})


def test_every_score_has_its_echo() -> None:
    assert [one for one in PIECES if one.startswith("echo:")] == [echo(score) for score in range(1, 11)]
