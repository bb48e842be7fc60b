"""A campaign's message said by the robot (domain.md §9.2 S-5, S-7) by a real call: what the family hears, what its key
does to the campaign, to the family's consent and to the list of people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.campaigns import settling
from crm.campaigns.tables import PLANNED, RUNNING, Campaign, CampaignTarget, CampaignText
from crm.dialler import refusals
from crm.dialler.tables import CAMPAIGN, DialSubject, DialTask
from crm.measures.tables import FamilyTold
from tests.integration.crm.booking import of_family
from tests.support.network import Arrived
from tests.support.talking_robot import ANNA, LIMIT, TalkingRobot
from tests.support.wait import wait_for

HELLO = ["hello", "who"]
TOLD = [*HELLO, "info", "info_safe", "info_keys"]
TEXT = "Мы сообщаем о новой мере поддержки: земельный участок для многодетных семей."
pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("patient_start")]


@dataclass
class Telling(TalkingRobot):
    """Tells Anna of a measure."""

    target_id: int = 0

    def call(self) -> Arrived:
        """A campaign that runs, with Anna's family planned for today, and the call."""

        def make(session: Session, at: datetime) -> DialTask:
            family = of_family(session, 1)
            campaign = Campaign(
                service_id=1,
                title="Участки",
                kind="free",
                channel="robot",
                starts_on=at.date(),
                ends_on=at.date() + timedelta(days=30),
                state=RUNNING,
                state_at=at,
                heard_at=at,
                heard_version=1,
                created_at=at,
            )
            session.add(campaign)
            session.flush()
            session.add(CampaignText(campaign_id=campaign.id, version=1, text=TEXT, created_at=at))
            target = CampaignTarget(
                campaign_id=campaign.id,
                family_id=family.id,
                counted_as=family.id,
                channel="robot",
                state=PLANNED,
                state_at=at,
                added_at=at,
            )
            session.add(target)
            task = DialTask(
                kind=CAMPAIGN,
                service_id=1,
                family_id=family.id,
                person_id=family.people[0].id,
                number=ANNA,
                channel="robot",
                state="calling",
                state_at=at,
                priority=9,
                due_at=at,
                deadline=at + timedelta(days=1),
                planned_at=at,
            )
            session.add(task)
            session.flush()
            session.add(DialSubject(task_id=task.id, target_id=target.id, occasion="campaign"))
            session.flush()
            self.target_id = target.id
            return task

        return self.ring(make)

    def settle(self) -> str:
        """What the ticker's next look makes of it: the family's state in the campaign."""
        with self.records.transaction() as session:
            settling.settle(session, self.attempt().news_at)
        return self.target()

    def target(self) -> str:
        with self.records.reading() as session:
            return session.get_one(CampaignTarget, self.target_id).state

    def told(self) -> list[tuple[str, str]]:
        """What the family was told by this campaign."""
        with self.records.reading() as session:
            rows = select(FamilyTold).where(FamilyTold.target_id == self.target_id)
            return [(row.outcome, row.channel) for row in session.scalars(rows)]


@pytest.fixture
def robot(robot_of: Callable[[type[Telling]], Telling]) -> Telling:
    return robot_of(Telling)


def test_whoever_hears_it_was_told(robot: Telling) -> None:
    call = robot.call()
    robot.press(call, "who 1")
    robot.over(call)
    assert robot.heard(call) == [*TOLD, "info_keys", "info_bye"] or robot.heard(call) == [*TOLD, "info_bye"]
    assert robot.ended() == ("delivered", "delivered")
    assert robot.subjects() == ["heard"]
    assert robot.target() == "told"
    assert robot.told() == [("told", "robot")]
    said = [what for what, _ in robot.story()]
    assert said.index("identified") < said.index("played")


def test_a_telephone_put_down_in_the_middle_was_not_told(robot: Telling) -> None:
    call = robot.call()
    robot.press(call, "who 1")
    robot.until(call, "info")
    robot.network.hang_up(call)
    robot.over(call)
    assert robot.ended() == ("hung_up", "human")
    assert robot.told() == []
    assert robot.target() == PLANNED


def test_key_four_says_it_once_more(robot: Telling) -> None:
    call = robot.call()
    robot.press(call, "who 1", "info_keys 4")
    robot.until(call, "info")
    robot.until(call, "info_keys")
    robot.network.hang_up(call)
    robot.over(call)
    assert robot.heard(call)[: len(TOLD) + 2] == [*TOLD, "info", "info_safe"]
    assert robot.target() == "told"


def test_key_three_is_a_call_back_by_a_person(robot: Telling) -> None:
    call = robot.call()
    robot.press(call, "who 1", "info_keys 3")
    robot.over(call)
    assert robot.heard(call) == [*TOLD, "call_back", "info_bye"]
    assert robot.ended() == ("human", "human")
    assert ("call_back", "") in robot.story()
    assert robot.settle() == PLANNED, "a person is still to talk with them"


def test_key_zero_connects_with_the_operators(robot: Telling) -> None:
    call = robot.call()
    robot.press(call, "who 1", "info_keys 0")
    wait_for(lambda: not robot.attempt().live, LIMIT, f"the attempt to end: {robot.story()}")
    assert robot.ended() == ("human", "human")
    wait_for(lambda: b"State: human" in robot.tap.raw, LIMIT, "the dialplan's word")
    assert robot.settle() == PLANNED
    robot.exchange.reset()


def test_key_nine_ends_robot_calls_and_what_was_heard_was_told(robot: Telling) -> None:
    call = robot.call()
    robot.press(call, "who 1", "info_keys 9")
    robot.over(call)
    assert robot.heard(call) == [*TOLD, "refused"]
    assert robot.ended()[0] == "opted_out"
    assert robot.target() == "told", "nobody has to tell it again"
    with robot.records.reading() as session:
        assert refusals.of(session, ANNA, None).robot


def test_key_nine_before_the_message_leaves_it_to_a_person(robot: Telling) -> None:
    call = robot.call()
    robot.press(call, "hello 9")
    robot.over(call)
    assert robot.heard(call) == ["hello", "refused"]
    assert robot.ended() == ("opted_out", "human")
    assert robot.told() == []


def test_a_machine_hears_the_neutral_text_and_a_stranger_an_apology(robot: Telling) -> None:
    call = robot.call()
    robot.over(call)
    assert robot.heard(call) == [*HELLO, "machine"]
    assert robot.ended() == ("machine", "human")
    assert robot.told() == []
    other = robot.call()
    robot.press(other, "who 2")
    robot.over(other)
    assert robot.heard(other) == [*HELLO, "wrong_person"]
