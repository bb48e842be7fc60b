"""What a family does not want, or knows by now, is not offered again: by no robot, list, campaign or standing campaign,
wherever it was said (A-18, issue 6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from callflow.dialler import window
from callflow.dialler.rules import Rule
from callflow.dialler.states import Channel, TaskState
from crm.campaigns import launching, planning, settling, worklist
from crm.campaigns.outcomes import GONE, Outcome
from crm.campaigns.running import note_heard
from crm.campaigns.sorting import LeftOut
from crm.campaigns.tables import PLANNED, Campaign
from crm.db import Database
from crm.dialler import claiming, gating
from crm.dialler.tables import DialTask
from crm.errors import RecordsError
from crm.family_tables import Family, FamilyStatus
from crm.measures import telling
from crm.measures.tables import SupportMeasure
from tests.integration.crm.campaigns import made
from tests.integration.crm.campaigns.made import AFTERNOON, FRIDAY, plan, targets, tasks, tried
from tests.integration.crm.scenario import NOON, employee
from tests.support.dialling import LIVE, agrees, robot_on
from tests.support.open_window import always

SAYINGS = ["refused", "told", "has"]


@pytest.fixture
def measure_id(town: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    """A measure of which nobody was told; family 1 agrees to robots."""
    monkeypatch.setattr(window, "spans", always)
    with town.transaction() as session:
        robot_on(session, 1, NOON)
        agrees(session, session.get_one(Family, 1).people[0], NOON)
        row = SupportMeasure(title="Участок", created_at=NOON, changed_at=NOON)
        session.add(row)
        session.flush()
        return row.id


def about(measure_id: int) -> dict[str, object]:
    return {"kind": "measure", "measure_id": measure_id, "text": "{мера}", "conditions": made.LARGE, "per_day": 100}


def launched(town: Database, measure_id: int, **values: object) -> int:
    """A campaign about it, heard where the robot calls."""
    campaign_id = made.drafted(town, **{**about(measure_id), **values})
    with town.transaction() as session:
        if session.get_one(Campaign, campaign_id).channel == "robot":
            note_heard(session, campaign_id, employee(session, "roshchina"), AFTERNOON)
    tried(town, campaign_id)
    with town.reading() as session:
        head, version = employee(session, "roshchina"), session.get_one(Campaign, campaign_id).version
    launching.launch(town, campaign_id, version, head, AFTERNOON, mode="demo")
    return campaign_id


def said(town: Database, measure_id: int, family_id: int = 1, outcome: str = "refused") -> None:
    """In a talk about something else."""
    with town.transaction() as session:
        telling.tell_in_talk(session, family_id, measure_id, outcome, "", employee(session, "zayac"), AFTERNOON)


def task_of(town: Database, campaign_id: int, family_id: int = 1) -> DialTask:
    with town.reading() as session:
        return next(one for one in tasks(session, campaign_id) if one.family_id == family_id)


@pytest.mark.parametrize("outcome", SAYINGS)
@pytest.mark.parametrize("channel", ["human", "robot"])
def test_a_campaign_begun_afterwards_leaves_it_out(town: Database, measure_id: int, channel: str, outcome: str) -> None:
    said(town, measure_id, outcome=outcome)
    found = tried(town, made.drafted(town, channel=channel, **about(measure_id)))
    assert found.left_out[LeftOut.TOLD].count == 1
    campaign_id = launched(town, measure_id, channel=channel, title="Ещё")
    with town.reading() as session:
        assert 1 not in targets(session, campaign_id)


@pytest.mark.parametrize("outcome", SAYINGS)
def test_the_robots_call_that_was_planned_is_not_made(town: Database, measure_id: int, outcome: str) -> None:
    """The worker has it already: the gate has the last word."""
    campaign_id = launched(town, measure_id, channel="robot")
    plan(town)
    task = task_of(town, campaign_id)
    assert task.channel == Channel.ROBOT
    with town.transaction() as session:
        assert claiming.claim_one(session, task.id, "worker", AFTERNOON) is not None
    said(town, measure_id, outcome=outcome)
    with town.transaction() as session:
        gated = gating.gate(session, task.id, "worker", AFTERNOON, LIVE, mode="demo", prompts={})
        assert gated.attempt is None
        assert gated.verdict is not None
        assert gated.verdict.rule is Rule.GONE
    with town.transaction() as session:
        settling.settle(session, AFTERNOON)
    with town.reading() as session:
        assert session.get_one(DialTask, task.id).state == TaskState.CANCELLED
        assert targets(session, campaign_id)[1].state == GONE


@pytest.mark.parametrize("channel", ["human", "robot"])
def test_a_call_that_nobody_has_begun_is_taken_back(town: Database, measure_id: int, channel: str) -> None:
    campaign_id = launched(town, measure_id, channel=channel)
    plan(town)
    said(town, measure_id)
    with town.transaction() as session:
        settling.settle(session, AFTERNOON)
        settling.settle(session, AFTERNOON)
    with town.reading() as session:
        row = targets(session, campaign_id)[1]
        assert (row.state, row.note) == (GONE, LeftOut.TOLD.title)
        others = [one.state for family_id, one in targets(session, campaign_id).items() if family_id != 1]
        assert set(others) == {PLANNED}, "everybody else is called as before"
    assert task_of(town, campaign_id).state == TaskState.CANCELLED


def test_people_are_not_offered_it_from_that_moment_on(town: Database, measure_id: int) -> None:
    campaign_id = launched(town, measure_id)
    plan(town)
    said(town, measure_id)
    offered = set()
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        while (
            item := worklist.take_next(session, lavrova, AFTERNOON, mode="demo", campaign_id=campaign_id)
        ) is not None:
            assert item.task.id not in offered
            offered.add(item.task.id)
            worklist.finish(session, item.task.id, Outcome.TOLD, "", lavrova, AFTERNOON)
        families = {session.get_one(DialTask, one).family_id for one in offered}
        assert len(families) > 3
        assert 1 not in families


def test_who_holds_it_may_not_call_and_ends_it(town: Database, measure_id: int) -> None:
    """The family calls by itself and speaks with a colleague, while its card is on her screen."""
    campaign_id = launched(town, measure_id)
    plan(town)
    task = task_of(town, campaign_id)
    with town.transaction() as session:
        session.execute(update(DialTask).where(DialTask.id != task.id).values(due_at=FRIDAY))
        lavrova = employee(session, "lavrova")
        item = worklist.take_next(session, lavrova, AFTERNOON, mode="demo", campaign_id=campaign_id)
        assert item is not None
        assert item.task.id == task.id
    said(town, measure_id)
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        with pytest.raises(RecordsError, match="больше не о чем"):
            worklist.call(session, task.id, lavrova, mode="demo", at=AFTERNOON)
        settling.settle(session, AFTERNOON)
        assert worklist.held(session, lavrova) is not None, "what is on her screen stays there"
        worklist.finish(session, task.id, Outcome.REFUSED, "", lavrova, AFTERNOON)
        assert targets(session, campaign_id)[1].state == Outcome.REFUSED.value


def test_a_standing_campaign_does_not_take_it_in(town: Database, measure_id: int) -> None:
    """The family begins to be entitled to it after it has said that it does not want it."""
    with town.transaction() as session:
        session.execute(delete(FamilyStatus).where(FamilyStatus.family_id == 1))
    campaign_id = launched(town, measure_id, standing=True)
    with town.reading() as session:
        assert 1 not in targets(session, campaign_id)
    said(town, measure_id)
    with town.transaction() as session:
        session.add(FamilyStatus(family_id=1, type="многодетная", valid_from=NOON.date()))
    with town.transaction() as session:
        planning.recount(session, FRIDAY, mode="demo")
        planning.recount(session, FRIDAY + timedelta(days=1), mode="demo")
    with town.reading() as session:
        assert 1 not in targets(session, campaign_id)
        assert session.scalars(select(DialTask).where(DialTask.kind == "campaign", DialTask.family_id == 1)).all() == []


def test_another_measure_is_offered_as_ever(town: Database, measure_id: int) -> None:
    with town.transaction() as session:
        other = SupportMeasure(title="Пособие", created_at=NOON, changed_at=NOON)
        session.add(other)
        session.flush()
        other_id = other.id
    campaign_id = launched(town, other_id, channel="robot")
    plan(town)
    said(town, measure_id)
    with town.transaction() as session:
        settling.settle(session, AFTERNOON)
        assert targets(session, campaign_id)[1].state == PLANNED
        task_id = task_of(town, campaign_id).id
        claiming.claim_one(session, task_id, "worker", AFTERNOON)
        assert gating.gate(session, task_id, "worker", AFTERNOON, LIVE, mode="demo", prompts={}).attempt is not None
