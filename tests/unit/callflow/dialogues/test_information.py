"""The message of a campaign, path by path (domain.md §9.2 S-5, S-7; reliability.md I12, I13)."""

from __future__ import annotations

import pytest

from callflow.dialler.states import Disposition
from callflow.dialogues.information import PIECES, Script
from callflow.dialogues.outcome import End, Told
from callflow.dialogues.script import NEUTRAL
from callflow.dialogues.steps import Action, Do, HungUp, Key, Result, Say
from tests.unit.callflow.dialogues.talks import drive, message, refusing

D = Disposition
HELLO = ["hello", "who"]
TOLD = [*HELLO, "info", "info_safe", "info_keys"]
QUESTION = ["info_safe", "info_keys"]

PATHS = [
    # --- who is there
    ("x", HELLO, [], D.HUNG_UP, Told.NOTHING),
    ("2", [*HELLO, "wrong_person"], ["wrong_person"], D.WRONG_PERSON, Told.NOTHING),
    ("9", [*HELLO, "refused"], ["refuse_robot"], D.OPTED_OUT, Told.NOTHING),
    ("0", [*HELLO, "wait_human"], [], D.HUMAN, Told.NOTHING),
    ("--", [*HELLO, "who", "machine"], [], D.MACHINE, Told.NOTHING),
    ("77", [*HELLO, "again", "who", "machine"], [], D.HUNG_UP, Told.NOTHING),
    # --- the message
    ("1x", [*HELLO, "info"], [], D.HUNG_UP, Told.NOTHING),
    ("1>x", TOLD, [], D.DELIVERED, Told.HEARD),
    ("1>--", [*TOLD, "info_keys", "info_bye"], [], D.DELIVERED, Told.HEARD),
    ("1>77", [*TOLD, "again", "info_keys", "info_bye"], [], D.DELIVERED, Told.HEARD),
    ("1>4>-x", [*TOLD, "info", *QUESTION, "info_keys"], [], D.DELIVERED, Told.HEARD),
    ("14>x", [*HELLO, "info", "info", *QUESTION], [], D.DELIVERED, Told.HEARD),
    ("1>4>4>4>4x", [*TOLD, *["info", *QUESTION] * 3, "again", "info_keys"], [], D.DELIVERED, Told.HEARD),
    # --- a person
    ("1>3", [*TOLD, "call_back", "info_bye"], ["call_back"], D.HUMAN, Told.WANTED),
    ("13", [*HELLO, "info", "call_back", "info_bye"], ["call_back"], D.HUMAN, Told.WANTED),
    ("1>0", [*TOLD, "wait_human"], [], D.HUMAN, Told.HEARD),
    # --- no more
    ("1>9", [*TOLD, "refused"], ["refuse_robot"], D.OPTED_OUT, Told.HEARD),
    ("19", [*HELLO, "info", "refused"], ["refuse_robot"], D.OPTED_OUT, Told.NOTHING),
]


@pytest.mark.parametrize(("heard", "said", "acts", "disposition", "told_as"), PATHS)
def test_a_message(heard: str, said: list[str], acts: list[str], disposition: Disposition, told_as: Told) -> None:
    told = drive(message(), heard)
    assert told.said == said
    assert [name for name, _, _ in told.acts] == acts
    assert told.outcome is not None
    assert told.outcome.disposition is disposition
    assert told.outcome.told == {0: told_as}


@pytest.mark.parametrize("heard", ["x", "2", "9", "0", "--", "77", "-7-", "5-2"])
def test_whoever_has_not_said_who_he_is_hears_nothing_of_the_message(heard: str) -> None:
    assert set(drive(message(), heard).said) <= set(NEUTRAL)


@pytest.mark.parametrize(
    ("played", "of", "heard"), [(800, 1000, Told.HEARD), (799, 1000, Told.NOTHING), (0, 0, Told.NOTHING)]
)
def test_told_needs_four_fifths_of_the_words(played: int, of: int, heard: Told) -> None:
    for end in (HungUp(played, of), Key(played, of, "9")):
        outcome = drive(message(), ["1", end]).outcome
        assert outcome is not None
        assert outcome.told[0] is heard


def test_the_message_can_be_cut_short() -> None:
    assert Say(("info",), "3409") in drive(message(), "1>x").steps


def test_after_hours_key_nought_is_a_call_back() -> None:
    told = drive(message(human_now=False), "1>0")
    assert (told.last, told.said[-1]) == ("Hangup", "call_back")
    assert told.acts == [("call_back", 0, 0)]
    assert told.outcome is not None
    assert told.outcome.disposition is D.HUMAN


@pytest.mark.parametrize(("heard", "action"), [("1>3", Action.CALL_BACK), ("1>9", Action.REFUSE_ROBOT)])
def test_what_was_not_kept_is_told_as_not_done(heard: str, action: Action) -> None:
    told = drive(message(), heard, refusing(action, Result.FAULT))
    assert told.said[-1] == "trouble"
    assert told.outcome is not None
    assert (told.outcome.end, told.outcome.disposition) == (End.TROUBLE, D.HUMAN)


def test_a_refusal_tells_whether_it_is_known_who_refuses() -> None:
    assert Do(Action.REFUSE_ROBOT) in drive(message(), "9").steps
    assert Do(Action.REFUSE_ROBOT, identified=True) in drive(message(), "1>9").steps


@pytest.mark.parametrize("lacking", PIECES)
def test_a_script_that_lacks_a_piece_is_none(lacking: str) -> None:
    with pytest.raises(ValueError, match=lacking):
        Script({**message().words, lacking: ""})
