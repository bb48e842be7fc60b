"""A rating entered on a real telephone's keys (domain.md §9.2 S-8, §9.3): what the family hears, what column 8 says.

Figures are pressed as people press them: at once, slowly, with and without the #.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callflow.dialogues.steps import NEXT_KEY_SECONDS
from crm.journal_tables import JournalEntry
from crm.ratings import by_phone, reports
from crm.ratings.efficiency import Efficiency, quarter_of
from tests.support.asking_robot import ASKED, HELLO, Asking
from tests.support.talking_robot import LIMIT
from tests.support.wait import wait_for

AGAIN = ["survey_again", "survey_ask"]
pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("patient_start")]


@pytest.fixture
def robot(robot_of: Callable[[type[Asking]], Asking]) -> Asking:
    return robot_of(Asking)


SCORES = [
    ("1", 0.2, 1),  # and nothing for three seconds
    ("10", 0.2, 10),
    ("10", 1.5, 10),
    ("10#", 0.2, 10),
    ("9#", 0.2, 9),
]


@pytest.mark.parametrize(("keys", "pause", "score"), SCORES, ids=["1", "10", "slow 10", "10#", "9#"])
def test_a_score_is_repeated_confirmed_and_stands_in_column_8(
    robot: Asking, keys: str, pause: float, score: int
) -> None:
    call = robot.asked()
    robot.enter(call, keys, pause=pause)
    robot.press(call, f"echo:{score} 1")
    robot.over(call)
    assert robot.heard(call) == [*ASKED, f"echo:{score}", "survey_thanks"]
    assert robot.column_8() == ("closed", str(score))
    assert robot.given() == [("score", score, "robot")]
    assert robot.ended() == ("delivered", "delivered")
    assert robot.subjects() == ["rated"]
    story = " ".join(f"{what} {detail}" for what, detail in robot.story() if what not in ("key 1", "ended"))
    assert "echo:" not in story, "whoever reads the story learns no score"
    assert not [detail for what, detail in robot.story() if what.startswith("key ") and detail != "who"]


def test_ten_entered_too_slowly_is_heard_as_one_and_mended(robot: Asking) -> None:
    """The worst mistake there is: the echo shows it, and 2 begins anew."""
    call = robot.asked()
    robot.enter(call, "1")
    robot.press(call, "echo:1 2")
    robot.until(call, "survey_ask")
    robot.enter(call, "10#")
    robot.press(call, "echo:10 1")
    robot.over(call)
    assert robot.heard(call) == [*ASKED, "echo:1", "survey_ask", "echo:10", "survey_thanks"]
    assert robot.column_8() == ("closed", "10")


@pytest.mark.parametrize("keys", ["0", "11", "19#"])
def test_what_is_no_score_is_asked_again(robot: Asking, keys: str) -> None:
    call = robot.asked()
    robot.enter(call, keys)
    robot.until(call, "survey_again")
    robot.until(call, "survey_ask")
    robot.enter(call, "8")
    robot.press(call, "echo:8 1")
    robot.over(call)
    assert robot.heard(call) == [*ASKED, *AGAIN, "echo:8", "survey_thanks"]
    assert robot.column_8() == ("closed", "8")


def test_the_star_is_a_refusal_in_column_8(robot: Asking) -> None:
    call = robot.asked()
    robot.enter(call, "*")
    robot.over(call)
    assert robot.heard(call) == [*ASKED, "survey_refused"]
    assert robot.column_8() == ("closed", "отказ от оценки")
    assert robot.given() == [("refused", None, "robot")]


def test_silence_gets_no_score_and_a_person_asks(robot: Asking) -> None:
    call = robot.asked()
    robot.over(call)
    assert robot.heard(call) == [*ASKED, *AGAIN, *AGAIN, "survey_none", "call_back", "bye"]
    assert robot.column_8() == ("survey", "")
    assert robot.given() == []
    assert robot.ended() == ("human", "human")


def test_a_telephone_put_down_before_the_score_is_confirmed_is_no_score(robot: Asking) -> None:
    call = robot.asked()
    robot.enter(call, "7")
    robot.until(call, "echo:7")
    robot.network.hang_up(call)
    robot.over(call)
    assert robot.column_8() == ("survey", "")
    assert robot.given() == []
    assert robot.ended() == ("hung_up", "human")
    with robot.records.transaction() as session:
        by_phone.settle(session, robot.attempt().news_at)
    assert [outcome for outcome, _, _ in robot.given()] == ["missed"], "one of the two attempts"


def test_whoever_does_not_say_that_it_is_he_hears_nothing_of_the_case(robot: Asking) -> None:
    call = robot.call()
    robot.press(call, "who 2")
    robot.over(call)
    assert robot.heard(call) == [*HELLO, "wrong_person"]
    assert robot.column_8() == ("survey", "")
    silent = robot.call()
    robot.over(silent)
    assert robot.heard(silent) == [*HELLO, "machine"]


def test_where_the_score_is_entered_nought_calls_nobody_and_in_the_echo_it_does(robot: Asking) -> None:
    call = robot.asked()
    robot.enter(call, "6")
    robot.press(call, "echo:6 0")
    wait_for(lambda: not robot.attempt().live, LIMIT, f"the attempt to end: {robot.story()}")
    assert robot.ended() == ("human", "human")
    assert robot.column_8() == ("survey", "")
    wait_for(lambda: b"State: human" in robot.tap.raw, LIMIT, "the dialplan's word")
    robot.exchange.reset()


def test_k_of_the_quarter_changes_as_the_score_says(robot: Asking) -> None:
    call = robot.asked()
    quarter = _quarter(robot)
    before = quarter()
    robot.enter(call, "10#")
    robot.press(call, "echo:10 1")
    robot.over(call)
    after = quarter()
    assert (after.total - before.total, after.raters - before.raters) == (10, 1)
    assert after.k is not None
    assert after.k * after.raters == after.total * 10


def _quarter(robot: Asking) -> Callable[[], Efficiency]:
    def read() -> Efficiency:
        with robot.records.reading() as session:
            service = reports.service_of(session, session.get_one(JournalEntry, robot.entry_id).service_id)
            year, quarter = quarter_of(robot.attempt().sending_at, reports.zone_of(service))
            return reports.report(session, service.id, year, quarter).efficiency

    return read


assert max(pause for _, pause, _ in SCORES) < NEXT_KEY_SECONDS
