"""Every path of the reminder dialogue (domain.md §9.2 S-3, S-7; reliability.md I12, I13)."""

from __future__ import annotations

import pytest

from callflow.dialler.states import Disposition
from callflow.dialogues.outcome import End, Told
from callflow.dialogues.script import PIECES, Booking, Script
from callflow.dialogues.steps import Action, Ask, Do, Done, HungUp, Key, Result, Say
from tests.unit.callflow.dialogues.talks import drive, refusing, script

D = Disposition
HELLO = ["hello", "who"]
WORDS = "booking:7"

# What is heard; what is said in turn; what is done; how it ends; the attempt's disposition.
# «>» plays a booking's words to their end, «-» is silence, «x» a telephone put down (see talks.drive).
ONE_BOOKING = [
    # --- who is there
    ("x", HELLO, [], End.GONE, D.HUNG_UP),
    ("2", [*HELLO, "wrong_person"], ["wrong_person"], End.WRONG_PERSON, D.WRONG_PERSON),
    ("9", [*HELLO, "refused"], ["refuse_robot"], End.OPTED_OUT, D.OPTED_OUT),
    ("0", [*HELLO, "wait_human"], [], End.HUMAN, D.HUMAN),
    ("--", [*HELLO, "who", "machine"], [], End.MACHINE, D.MACHINE),
    ("-x", [*HELLO, "who"], [], End.GONE, D.HUNG_UP),
    ("7x", [*HELLO, "again", "who"], [], End.GONE, D.HUNG_UP),
    ("77", [*HELLO, "again", "who", "machine"], [], End.UNCLEAR, D.HUNG_UP),
    ("*-3", [*HELLO, "again", "who", "who", "machine"], [], End.UNCLEAR, D.HUNG_UP),
    ("-8-", [*HELLO, "who", "again", "who", "machine"], [], End.MACHINE, D.MACHINE),
    ("-2", [*HELLO, "who", "wrong_person"], ["wrong_person"], End.WRONG_PERSON, D.WRONG_PERSON),
    ("52", [*HELLO, "again", "who", "wrong_person"], ["wrong_person"], End.WRONG_PERSON, D.WRONG_PERSON),
    # --- the booking, and 1
    ("1>1", [*HELLO, WORDS, "keys", "confirmed", "bye"], ["confirm"], End.BYE, D.CONFIRMED),
    ("11", [*HELLO, WORDS, "confirmed", "bye"], ["confirm"], End.BYE, D.CONFIRMED),
    ("-1>1", [*HELLO, "who", WORDS, "keys", "confirmed", "bye"], ["confirm"], End.BYE, D.CONFIRMED),
    # --- silence, wrong keys, a telephone put down
    ("1>x", [*HELLO, WORDS, "keys"], [], End.GONE, D.DELIVERED),
    ("1x", [*HELLO, WORDS], [], End.GONE, D.HUNG_UP),
    ("1>--", [*HELLO, WORDS, "keys", "keys", "bye"], [], End.BYE, D.DELIVERED),
    ("1>-1", [*HELLO, WORDS, "keys", "keys", "confirmed", "bye"], ["confirm"], End.BYE, D.CONFIRMED),
    ("1>5-1", [*HELLO, WORDS, "keys", "again", "keys", "keys", "confirmed", "bye"], ["confirm"], End.BYE, D.CONFIRMED),
    ("1>55", [*HELLO, WORDS, "keys", "again", "keys", "bye"], [], End.BYE, D.DELIVERED),
    # --- 4: once more, three times at most
    ("1>4>1", [*HELLO, WORDS, "keys", WORDS, "keys", "confirmed", "bye"], ["confirm"], End.BYE, D.CONFIRMED),
    ("1>4>4>4>x", [*HELLO, *[WORDS, "keys"] * 4], [], End.GONE, D.DELIVERED),
    ("1>4>4>4>4x", [*HELLO, *[WORDS, "keys"] * 4, "again", "keys"], [], End.GONE, D.DELIVERED),
    ("14444x", [*HELLO, *[WORDS] * 4, "again", "keys"], [], End.GONE, D.HUNG_UP),
    # --- 0 and 9
    ("1>0", [*HELLO, WORDS, "keys", "wait_human"], [], End.HUMAN, D.HUMAN),
    ("10", [*HELLO, WORDS, "wait_human"], [], End.HUMAN, D.HUMAN),
    ("1>9", [*HELLO, WORDS, "keys", "refused"], ["refuse_robot"], End.OPTED_OUT, D.OPTED_OUT),
    ("19", [*HELLO, WORDS, "refused"], ["refuse_robot"], End.OPTED_OUT, D.OPTED_OUT),
    # --- 3: asked once more before the time is given away
    ("1>31", [*HELLO, WORDS, "keys", "sure", "cancelled", "bye"], ["cancel"], End.BYE, D.DECLINED),
    ("1>3x", [*HELLO, WORDS, "keys", "sure"], [], End.GONE, D.HUMAN),
    ("1>321", [*HELLO, WORDS, "keys", "sure", "kept", "keys", "confirmed", "bye"], ["confirm"], End.BYE, D.CONFIRMED),
    ("1>3-x", [*HELLO, WORDS, "keys", "sure", "kept", "keys"], [], End.GONE, D.DELIVERED),
    ("1>39", [*HELLO, WORDS, "keys", "sure", "refused"], ["refuse_robot"], End.OPTED_OUT, D.OPTED_OUT),
    ("1>30", [*HELLO, WORDS, "keys", "sure", "wait_human"], [], End.HUMAN, D.HUMAN),
    (
        "1>3333x",
        [*HELLO, WORDS, "keys", "sure", "kept", "keys", "sure", "kept", "keys"],
        [],
        End.GONE,
        D.DELIVERED,
    ),
    # --- 2: two times read out
    ("1>21", [*HELLO, WORDS, "keys", "offered:1", "moved:1", "bye"], ["offers", "move"], End.BYE, D.MOVED),
    ("1>22", [*HELLO, WORDS, "keys", "offered:1", "moved:1", "bye"], ["offers", "move"], End.BYE, D.MOVED),
    ("1>23", [*HELLO, WORDS, "keys", "offered:1", "call_back", "bye"], ["offers", "call_back"], End.BYE, D.HUMAN),
    (
        "1>2--",
        [*HELLO, WORDS, "keys", "offered:1", "offered:1", "call_back", "bye"],
        ["offers", "call_back"],
        End.BYE,
        D.HUMAN,
    ),
    (
        "1>277",
        [*HELLO, WORDS, "keys", "offered:1", "again", "offered:1", "call_back", "bye"],
        ["offers", "call_back"],
        End.BYE,
        D.HUMAN,
    ),
    ("1>241", [*HELLO, WORDS, "keys", *["offered:1"] * 2, "moved:1", "bye"], ["offers", "move"], End.BYE, D.MOVED),
    ("1>2x", [*HELLO, WORDS, "keys", "offered:1"], ["offers"], End.GONE, D.HUMAN),
    ("1>29", [*HELLO, WORDS, "keys", "offered:1", "refused"], ["offers", "refuse_robot"], End.OPTED_OUT, D.OPTED_OUT),
    ("1>20", [*HELLO, WORDS, "keys", "offered:1", "wait_human"], ["offers"], End.HUMAN, D.HUMAN),
]


@pytest.mark.parametrize(
    ("heard", "said", "acts", "end", "disposition"), ONE_BOOKING, ids=lambda value: str(value)[:20]
)
def test_one_booking(heard: str, said: list[str], acts: list[str], end: End, disposition: Disposition) -> None:
    told = drive(script(), heard)
    assert told.said == said
    assert [name for name, _, _ in told.acts] == acts
    assert told.outcome is not None
    assert told.outcome.end is end
    assert told.outcome.disposition is disposition


def test_the_first_and_the_second_time_are_the_first_and_the_second() -> None:
    assert drive(script(), "1>21").acts[-1] == ("move", 7, 1)
    assert drive(script(), "1>22").acts[-1] == ("move", 7, 2)


def test_key_zero_in_open_hours_ends_in_the_hands_of_a_person_and_otherwise_in_a_call_back() -> None:
    assert drive(script(), "1>0").last == "Human"
    closed = drive(script(human_now=False), "1>0")
    assert (closed.last, closed.acts) == ("Hangup", [("call_back", 0, 0)])
    assert closed.said[-1] == "call_back"
    assert closed.outcome is not None
    assert closed.outcome.disposition is D.HUMAN


def test_every_other_end_hangs_up() -> None:
    for heard in ("2", "9", "--", "77", "11", "1>--", "1>31", "1>21", "1>23"):
        assert drive(script(), heard).last == "Hangup", heard


# --- several bookings of one family

TWO = [
    ("11>1", [("confirm", 7, 0), ("confirm", 8, 0)], {7: Told.CONFIRMED, 8: Told.CONFIRMED}, D.CONFIRMED),
    ("1131", [("confirm", 7, 0), ("cancel", 8, 0)], {7: Told.CONFIRMED, 8: Told.CANCELLED}, D.CONFIRMED),
    ("1>311", [("cancel", 7, 0), ("confirm", 8, 0)], {7: Told.CANCELLED, 8: Told.CONFIRMED}, D.CONFIRMED),
    ("11x", [("confirm", 7, 0)], {7: Told.CONFIRMED, 8: Told.NOTHING}, D.HUNG_UP),
    ("11>x", [("confirm", 7, 0)], {7: Told.CONFIRMED, 8: Told.HEARD}, D.DELIVERED),
    ("1>-->--", [], {7: Told.HEARD, 8: Told.HEARD}, D.DELIVERED),
    ("1>31>31", [("cancel", 7, 0), ("cancel", 8, 0)], {7: Told.CANCELLED, 8: Told.CANCELLED}, D.DECLINED),
    ("119", [("confirm", 7, 0), ("refuse_robot", 0, 0)], {7: Told.CONFIRMED, 8: Told.NOTHING}, D.OPTED_OUT),
    (
        "1>23>23",
        [("offers", 7, 0), ("call_back", 7, 0), ("offers", 8, 0)],
        {7: Told.WANTED, 8: Told.WANTED},
        D.HUMAN,
    ),
]


@pytest.mark.parametrize(("heard", "acts", "told", "disposition"), TWO)
def test_each_booking_has_words_and_keys_of_its_own(
    heard: str, acts: list[tuple[str, int, int]], told: dict[int, Told], disposition: Disposition
) -> None:
    talk = drive(script(7, 8), heard)
    assert talk.acts == acts
    assert talk.outcome is not None
    assert dict(talk.outcome.told) == told
    assert talk.outcome.disposition is disposition


# --- what goes wrong

FAULTS = [
    ("2", Action.WRONG_PERSON),
    ("9", Action.REFUSE_ROBOT),
    ("11", Action.CONFIRM),
    ("131", Action.CANCEL),
    ("12", Action.OFFERS),
    ("121", Action.MOVE),
    ("123", Action.CALL_BACK),
]


@pytest.mark.parametrize(("heard", "action"), FAULTS)
def test_what_was_not_kept_is_told_as_not_done_and_goes_to_a_person(heard: str, action: Action) -> None:
    told = drive(script(), heard, refusing(action, Result.FAULT))
    assert told.said[-1] == "trouble"
    assert told.last == "Hangup"
    assert told.outcome is not None
    assert (told.outcome.end, told.outcome.disposition) == (End.TROUBLE, D.HUMAN)


@pytest.mark.parametrize(
    ("heard", "action"), [("11", Action.CONFIRM), ("131", Action.CANCEL), ("121", Action.MOVE), ("12", Action.OFFERS)]
)
def test_a_booking_that_is_no_longer_as_it_was_is_left_to_a_person(heard: str, action: Action) -> None:
    told = drive(script(), heard, refusing(action, Result.GONE))
    assert told.said[-2:] == ["call_back", "bye"]
    assert told.acts[-1] == ("call_back", 7, 0)
    assert told.outcome is not None
    assert told.outcome.disposition is D.HUMAN


def test_where_no_time_is_free_nothing_is_offered() -> None:
    told = drive(script(), "12", lambda _: Done(count=0))
    assert told.said[-2:] == ["call_back", "bye"]


def test_the_second_of_one_time_is_a_wrong_key() -> None:
    one = {Action.OFFERS: Done(pieces=("offered:1",), count=1)}
    told = drive(script(), "122", lambda step: one.get(step.action, Done()))
    assert "move" not in [name for name, _, _ in told.acts]
    assert told.said[-3:] == ["offered:1", "again", "offered:1"]


def test_hanging_up_during_the_last_word_takes_nothing_back() -> None:
    talk = drive(script(), ["1", "1"])
    assert talk.outcome is not None
    assert talk.outcome.told[7] is Told.CONFIRMED


# --- delivered only on evidence (I12)


@pytest.mark.parametrize(
    ("played", "of", "disposition"),
    [
        (800, 1000, D.DELIVERED),
        (799, 1000, D.HUNG_UP),
        (1000, 1000, D.DELIVERED),
        (0, 0, D.HUNG_UP),
        (1000, 0, D.HUNG_UP),
    ],
)
def test_delivered_needs_four_fifths_of_the_words(played: int, of: int, disposition: Disposition) -> None:
    told = drive(script(), ["1", HungUp(played, of)])
    assert told.outcome is not None
    assert told.outcome.disposition is disposition


def test_words_cut_short_by_a_key_that_means_nothing_more_were_not_heard() -> None:
    told = drive(script(), ["1", Key(100, 1000, "4"), "x"])
    assert told.outcome is not None
    assert told.outcome.disposition is D.HUNG_UP


# --- steps as the runner gets them


def test_questions_wait_seven_seconds_and_the_booking_can_be_cut_short() -> None:
    steps = drive(script(), "1>1").steps
    asks = [step for step in steps if isinstance(step, Ask)]
    assert {step.wait_seconds for step in asks} == {7.0}
    assert Say(("booking:7",), "123409") in steps


@pytest.mark.parametrize("lacking", [*PIECES, "booking:7"])
def test_a_script_that_lacks_a_piece_is_none(lacking: str) -> None:
    words = dict(script().words)
    words[lacking] = " "
    with pytest.raises(ValueError, match=lacking):
        Script(words, (Booking(7),))


def test_a_script_needs_a_booking_and_each_once() -> None:
    words = script().words
    with pytest.raises(ValueError, match="booking"):
        Script(words, ())
    with pytest.raises(ValueError, match="twice"):
        Script(words, (Booking(7), Booking(7)))


def test_a_booking_may_have_words_of_its_own_for_the_keys() -> None:
    own = Script({**script(7, 8).words, "keys:8": "Если вам удобно, нажмите один."}, script(7, 8).bookings)
    assert [piece for piece in drive(own, "1>1>1").said if piece.startswith("keys")] == ["keys", "keys:8"]


def test_a_refusal_tells_whether_it_is_known_who_refuses() -> None:
    before, after = drive(script(), "9").steps, drive(script(), "19").steps
    assert Do(Action.REFUSE_ROBOT) in before
    assert Do(Action.REFUSE_ROBOT, identified=True) in after
