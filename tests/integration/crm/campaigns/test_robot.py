"""A robot's campaign: only families that agreed, asked when it is planned and again at the gate, whatever is set."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from callflow.dialler.rules import Rule
from callflow.dialler.states import AttemptState, Channel, Disposition, TaskState
from callflow.dialogues.information import MESSAGE
from callflow.speech.templates import Unresolved
from crm.audit import Actor
from crm.campaigns import dry_run, editing, launching, running, script, settling
from crm.campaigns.outcomes import Outcome
from crm.campaigns.sorting import LeftOut
from crm.campaigns.tables import Campaign
from crm.consents.tables import Consent
from crm.db import Database
from crm.dialler import claiming, following, gating, refusals
from crm.dialler.tables import DialAttempt, DiallerSettings, DialTask
from crm.errors import RecordsError
from crm.family_tables import Family, Person
from crm.measures.tables import FamilyTold
from tests.integration.crm.campaigns.made import AFTERNOON, drafted, plan, targets, tasks, tried
from tests.integration.crm.scenario import NOON, employee
from tests.support.dialling import LIVE, agrees, robot_on


@pytest.fixture
def agreed(town: Database) -> int:
    """One family of the town agrees to robots, nobody else does; its id."""
    with town.transaction() as session:
        for consent in session.scalars(select(Consent).where(Consent.purpose == "auto_calls")):
            consent.withdrawn_at = NOON
        robot_on(session, 1, NOON)
        family = session.get_one(Family, 1)
        agrees(session, family.people[0], NOON)
        return family.id


def started(town: Database, **values: object) -> int:
    """A robot's campaign that was heard, tried and launched."""
    campaign_id = drafted(town, channel="robot", **values)
    with town.transaction() as session:
        running.note_heard(session, campaign_id, employee(session, "roshchina"), AFTERNOON)
    tried(town, campaign_id)
    with town.reading() as session:
        head, version = employee(session, "roshchina"), session.get_one(Campaign, campaign_id).version
    launching.launch(town, campaign_id, version, head, AFTERNOON, mode="demo")
    return campaign_id


def test_the_robot_needs_its_ground_and_an_ear(town: Database, agreed: int) -> None:
    campaign_id = drafted(town, channel="robot")
    with town.transaction() as session:
        robot_on(session, 1, NOON).legal_ticked_at = None
    said = " ".join(tried(town, campaign_id).blocks)
    assert "законное основание" in said
    assert "Прослушайте" in said
    with town.reading() as session:
        head, version = employee(session, "roshchina"), session.get_one(Campaign, campaign_id).version
    with pytest.raises(RecordsError, match="Прослушайте"):
        launching.launch(town, campaign_id, version, head, AFTERNOON, mode="demo")


def test_new_words_are_not_said_before_they_are_heard(town: Database, agreed: int) -> None:
    campaign_id = started(town)
    plan(town)
    with town.transaction() as session:
        (task,) = [one for one in tasks(session, campaign_id) if one.channel == Channel.ROBOT.value]
        assert "встрече" in script.script_of(session, task, AFTERNOON).words[MESSAGE]
        head = employee(session, "roshchina")
        editing.say_otherwise(session, campaign_id, "Приходите в воскресенье.", head, AFTERNOON)
        with pytest.raises(Unresolved):
            script.script_of(session, task, AFTERNOON)
        running.note_heard(session, campaign_id, head, AFTERNOON)
        assert "воскресенье" in script.script_of(session, task, AFTERNOON).words[MESSAGE]


def test_a_family_without_consent_is_in_no_robots_queue_whatever_the_settings(town: Database, agreed: int) -> None:
    switches = itertools.product((True, False), (True, False), (1, 50), (1, 500))
    for rest_by_people, standing, lines, per_day in switches:
        with town.transaction() as session:
            row = session.get_one(DiallerSettings, 1)
            row.lines, row.per_service_day, row.attempts, row.per_month = lines, 5000, 5, 60
        campaign_id = started(
            town, rest_by_people=rest_by_people, standing=standing, per_day=per_day, title=f"{per_day}"
        )
        plan(town)
        with town.transaction() as session:
            mine = tasks(session, campaign_id)
            assert {one.family_id for one in mine if one.channel == Channel.ROBOT.value} <= {agreed}
            if not rest_by_people:
                assert {one.family_id for one in mine} == {agreed}
                assert set(targets(session, campaign_id)) == {agreed}
            head = employee(session, "roshchina")
            running.stop(session, campaign_id, "дальше", head, AFTERNOON)


def test_what_the_dry_run_says_of_those_without_consent(town: Database, agreed: int) -> None:
    campaign_id = drafted(town, channel="robot", rest_by_people=False)
    said = tried(town, campaign_id)
    assert (said.robot, said.people) == (1, 0)
    assert said.left_out[LeftOut.NO_CONSENT].count > 5
    with town.transaction() as session:
        row = session.get_one(Campaign, campaign_id)
        row.rest_by_people = True
        said = dry_run.dry_run(session, row, employee(session, "roshchina"), AFTERNOON, mode="demo")
    assert said.robot == 1
    assert said.people > 5


@pytest.mark.parametrize("how", ["key", "consent", "number"])
def test_an_opt_out_stops_the_call_that_was_due(town: Database, agreed: int, how: str) -> None:
    """Refused after the worker has taken the task, before its order: the gate has the last word."""
    campaign_id = started(town)
    plan(town)
    with town.transaction() as session:
        (task,) = [one for one in tasks(session, campaign_id) if one.channel == Channel.ROBOT.value]
        assert claiming.claim_one(session, task.id, "worker", AFTERNOON) is not None
        task_id, person = task.id, session.get_one(Person, task.person_id)
    with town.transaction() as session:
        match how:
            case "key":
                refusals.refuse(session, task.number, None, refusals.ROBOT, "key", AFTERNOON, by=Actor(None, "робот"))
            case "consent":
                for consent in session.scalars(select(Consent).where(Consent.person_id == person.id)):
                    consent.withdrawn_at = AFTERNOON
            case "number":
                for phone in session.get_one(Person, person.id).phones:
                    phone.robot_allowed = False
    with town.transaction() as session:
        gated = gating.gate(session, task_id, "worker", AFTERNOON, LIVE, mode="demo", prompts={})
        assert gated.attempt is None
        assert gated.verdict is not None
        assert gated.verdict.rule in (Rule.ROBOT_REFUSED, Rule.NO_CONSENT)
        assert session.get_one(DialTask, task_id).channel == Channel.HUMAN.value
    with town.reading() as session:
        assert session.scalars(select(DialAttempt)).all() == []


def test_do_not_call_ends_it_for_robots_and_people(town: Database, agreed: int) -> None:
    campaign_id = started(town)
    plan(town)
    with town.transaction() as session:
        (task,) = [one for one in tasks(session, campaign_id) if one.channel == Channel.ROBOT.value]
        task_id = task.id
        refusals.refuse(session, task.number, None, refusals.ALL, "talk", AFTERNOON, by=Actor(None, "робот"))
        claiming.claim_one(session, task_id, "worker", AFTERNOON)
    with town.transaction() as session:
        gating.gate(session, task_id, "worker", AFTERNOON, LIVE, mode="demo", prompts={})
        assert session.get_one(DialTask, task_id).state == TaskState.OPTED_OUT.value
        assert settling.settle(session, AFTERNOON) == 1
        assert targets(session, campaign_id)[agreed].state == Outcome.DO_NOT_CALL.value


def test_a_paused_campaign_holds_the_robot_back(town: Database, agreed: int) -> None:
    campaign_id = started(town)
    plan(town)
    with town.transaction() as session:
        (task,) = [one for one in tasks(session, campaign_id) if one.channel == Channel.ROBOT.value]
        task_id = task.id
        running.pause(session, campaign_id, "проверяем", employee(session, "roshchina"), AFTERNOON)
        claiming.claim_one(session, task_id, "worker", AFTERNOON)
    with town.transaction() as session:
        verdict = gating.gate(session, task_id, "worker", AFTERNOON, LIVE, mode="demo", prompts={}).verdict
        assert verdict is not None
        assert verdict.rule is Rule.CAMPAIGN_PAUSED
        assert session.get_one(DialTask, task_id).channel == Channel.ROBOT.value


def called(town: Database, campaign_id: int, disposition: Disposition) -> str:
    """The robot calls the family that agreed, with this end; the attempt."""
    with town.transaction() as session:
        (task,) = [one for one in tasks(session, campaign_id) if one.channel == Channel.ROBOT.value]
        claiming.claim_one(session, task.id, "worker", AFTERNOON)
        task_id = task.id
    with town.transaction() as session:
        attempt = gating.gate(session, task_id, "worker", AFTERNOON, LIVE, mode="demo", prompts={}).attempt
        assert attempt is not None
        assert attempt.kind == "campaign"
        attempt_id = attempt.id
        following.heard(session, attempt_id, AttemptState.ANSWERED.value, "", AFTERNOON)
    with town.transaction() as session:
        following.settle(session, attempt_id, disposition, AFTERNOON + timedelta(minutes=1), "agi")
    return attempt_id


def test_who_heard_it_was_told_and_is_settled_once(town: Database, agreed: int) -> None:
    campaign_id = started(town)
    plan(town)
    called(town, campaign_id, Disposition.DELIVERED)
    for expected in (1, 0):
        with town.transaction() as session:
            assert settling.settle(session, AFTERNOON) == expected
    with town.reading() as session:
        target = targets(session, campaign_id)[agreed]
        topic = f"campaign-{campaign_id}"
        (said,) = session.scalars(select(FamilyTold).where(FamilyTold.topic == topic)).all()
    assert (target.state, target.channel, target.text_version) == (Outcome.TOLD.value, "robot", 1)
    assert (said.family_id, said.channel, said.outcome, said.target_id) == (agreed, "robot", "told", target.id)


@pytest.mark.parametrize(
    ("disposition", "rest", "state"),
    [
        (Disposition.MACHINE, True, "planned"),
        (Disposition.MACHINE, False, Outcome.NOT_REACHED.value),
        (Disposition.WRONG_PERSON, False, Outcome.WRONG_NUMBER.value),
        (Disposition.HUMAN, False, "planned"),
        (Disposition.BAD_NUMBER, True, Outcome.WRONG_NUMBER.value),
    ],
)
def test_what_becomes_of_whom_the_robot_did_not_tell(
    town: Database, agreed: int, disposition: Disposition, rest: bool, state: str
) -> None:
    campaign_id = started(town, rest_by_people=rest)
    plan(town)
    called(town, campaign_id, disposition)
    with town.transaction() as session:
        settling.settle(session, AFTERNOON)
    with town.reading() as session:
        assert targets(session, campaign_id)[agreed].state == state


def test_a_talk_that_outlived_its_campaign_was_told_all_the_same(town: Database, agreed: int) -> None:
    campaign_id = started(town)
    plan(town)
    with town.transaction() as session:
        (task,) = [one for one in tasks(session, campaign_id) if one.channel == Channel.ROBOT.value]
        claiming.claim_one(session, task.id, "worker", AFTERNOON)
        task_id = task.id
    with town.transaction() as session:
        attempt = gating.gate(session, task_id, "worker", AFTERNOON, LIVE, mode="demo", prompts={}).attempt
        assert attempt is not None
        following.answered(session, attempt.id, AFTERNOON)
        attempt_id = attempt.id
    with town.transaction() as session:
        running.stop(session, campaign_id, "меру отменили", employee(session, "roshchina"), AFTERNOON)
        assert session.get_one(DialTask, task_id).state == TaskState.CALLING.value
    with town.transaction() as session:
        following.settle(session, attempt_id, Disposition.DELIVERED, AFTERNOON, "agi")
    with town.transaction() as session:
        settling.settle(session, AFTERNOON)
        assert targets(session, campaign_id)[agreed].state == Outcome.TOLD.value
