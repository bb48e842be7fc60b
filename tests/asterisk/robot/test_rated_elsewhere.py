"""A case is rated elsewhere while the robot has the family on the line about it: what was written first stays, and
counts once, whatever is pressed afterwards (domain.md §1.3: one survey per case)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from crm.journal_tables import JournalEntry
from crm.ratings import by_phone, giving, reports
from crm.ratings.efficiency import Efficiency, quarter_of
from crm.staff import by_login
from tests.support.asking_robot import ASKED, Asking

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("patient_start")]


@pytest.fixture
def robot(robot_of: Callable[[type[Asking]], Asking]) -> Asking:
    return robot_of(Asking)


def rated(robot: Asking, score: int) -> None:
    """The mother's husband is at the reception desk, and says what he thinks of it."""
    at = datetime.now(UTC)
    with robot.records.transaction() as session:
        giving.give(
            session, robot.entry_id, outcome="score", score=score, channel="in_person",
            taken_by=by_login(session, "zayac"), given_at=at, at=at,
        )  # fmt: skip


def quarter(robot: Asking) -> Efficiency:
    with robot.records.reading() as session:
        service = reports.service_of(session, session.get_one(JournalEntry, robot.entry_id).service_id)
        year, number = quarter_of(robot.attempt().sending_at, reports.zone_of(service))
        return reports.report(session, service.id, year, number).efficiency


def counted_once(robot: Asking, before: Efficiency, score: int) -> None:
    assert robot.column_8() == ("closed", str(score))
    assert robot.given() == [("score", score, "in_person")]
    with robot.records.transaction() as session:
        by_phone.settle(session, robot.attempt().news_at)
    assert robot.given() == [("score", score, "in_person")], "nor does the call count as an attempt"
    after = quarter(robot)
    assert (after.total - before.total, after.raters - before.raters) == (score, 1)


def test_her_confirmed_score_does_not_overwrite_it(robot: Asking) -> None:
    call = robot.asked()
    before = quarter(robot)
    robot.enter(call, "3")
    robot.until(call, "echo:3")
    rated(robot, 9)
    robot.since = 0
    robot.press(call, "echo:3 1")
    robot.over(call)
    assert robot.heard(call) == [*ASKED, "echo:3", "bye"], "and no thanks for what was not kept"
    counted_once(robot, before, 9)
    assert robot.subjects() != ["rated"]


def test_the_same_score_twice_is_one(robot: Asking) -> None:
    call = robot.asked()
    before = quarter(robot)
    robot.enter(call, "9#")
    rated(robot, 9)
    robot.press(call, "echo:9 1")
    robot.over(call)
    counted_once(robot, before, 9)


def test_a_refusal_afterwards_changes_nothing(robot: Asking) -> None:
    call = robot.asked()
    before = quarter(robot)
    rated(robot, 9)
    robot.enter(call, "*")
    robot.over(call)
    assert robot.heard(call) == [*ASKED, "bye"]
    counted_once(robot, before, 9)
