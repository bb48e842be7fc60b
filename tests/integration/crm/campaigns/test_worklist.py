"""The dispatcher's list: one family after another, every outcome, nobody twice, and callers always first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from callflow.dialler.rules import Answer, Rule
from callflow.dialler.states import TaskState
from callflow.outgoing import OrderState
from crm import calls, presence
from crm.campaigns import running, spoken_by_person, worklist
from crm.campaigns.outcomes import Outcome
from crm.campaigns.tables import PLANNED, CampaignTarget
from crm.db import Database
from crm.dialler import refusals
from crm.dialler.tables import DialTask
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family, Person
from crm.measures.tables import FamilyTold
from crm.missed.tables import MissedCall
from crm.outgoing.tables import OutgoingCall
from crm.presence import PresenceState
from crm.specialists.tables import CallDisposition, CallFinish
from tests.integration.crm.campaigns.made import AFTERNOON, FRIDAY, launched, plan, targets, tasks
from tests.integration.crm.scenario import arrived, employee, identified, play, waiting

MINUTE = timedelta(minutes=1)


@pytest.fixture
def campaign_id(town: Database) -> int:
    found = launched(town)
    plan(town)
    return found


def take(town: Database, login: str = "lavrova", at=AFTERNOON) -> int:
    """The next family of her list; the task."""
    with town.transaction() as session:
        item = worklist.take_next(session, employee(session, login), at, mode="demo")
        assert item is not None
        return item.task.id


def states(town: Database, task_id: int) -> tuple[str, str]:
    with town.reading() as session:
        task = session.get_one(DialTask, task_id)
        return task.state, worklist.target_of(session, task).state


def test_each_gets_another_family_and_keeps_hers(town: Database, campaign_id: int) -> None:
    hers, his = take(town), take(town, "zayac")
    assert hers != his
    assert take(town) == hers
    with town.transaction() as session:
        with pytest.raises(RecordsError, match="коллега"):
            worklist.finish(session, hers, Outcome.TOLD, "", employee(session, "zayac"), AFTERNOON)
        (left,) = worklist.left(session, employee(session, "zayac"), AFTERNOON)
        assert (left.campaign.id, left.now) == (campaign_id, 3)


def test_dispatchers_who_press_at_once_take_different_families(town: Database, campaign_id: int) -> None:
    logins = ["lavrova", "zayac", "roshchina"]
    for _ in range(3):
        with ThreadPoolExecutor(3) as pool:
            taken = list(pool.map(lambda login: take(town, login), logins))
        assert len(set(taken)) == 3
        with town.transaction() as session:
            for login, task_id in zip(logins, taken, strict=True):
                worklist.skip(session, task_id, "проверка", employee(session, login), AFTERNOON)
            for task in tasks(session, campaign_id):  # nobody remembers what was passed over
                task.state = TaskState.DUE.value
        with town.transaction() as session:
            session.execute(worklist.by_person.DialEvent.__table__.delete())


@pytest.mark.parametrize(
    ("outcome", "ends_as", "told"),
    [
        (Outcome.TOLD, TaskState.DELIVERED, "told"),
        (Outcome.HELP, TaskState.DELIVERED, "told"),
        (Outcome.REFUSED, TaskState.DECLINED, "refused"),
        (Outcome.WRONG_NUMBER, TaskState.BAD_NUMBER, ""),
        (Outcome.DO_NOT_CALL, TaskState.OPTED_OUT, ""),
    ],
)
def test_an_outcome_is_kept_at_once(
    town: Database, campaign_id: int, outcome: Outcome, ends_as: TaskState, told: str
) -> None:
    task_id = take(town)
    for _ in range(2):  # the same key pressed twice is once
        with town.transaction() as session:
            worklist.finish(session, task_id, outcome, "всё поняли", employee(session, "lavrova"), AFTERNOON)
    assert states(town, task_id) == (ends_as.value, outcome.value)
    with town.reading() as session:
        task = session.get_one(DialTask, task_id)
        known = refusals.of(session, task.number, task.person_id)
        mine = select(FamilyTold).where(FamilyTold.topic == f"campaign-{campaign_id}")
        said = session.scalars(mine).all()
        target = worklist.target_of(session, task)
        assert (target.note, target.text_version) == ("всё поняли", 1 if told else None)
    assert [(one.outcome, one.family_id) for one in said] == ([(told, task.family_id)] if told else [])
    assert known.everything == (outcome is Outcome.DO_NOT_CALL)
    assert known.wrong_person == (outcome is Outcome.WRONG_NUMBER)
    assert take(town) != task_id


def test_later_comes_back_at_its_time_and_first_of_all(town: Database, campaign_id: int) -> None:
    task_id = take(town)
    in_an_hour = AFTERNOON + 60 * MINUTE
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        for wrong in (None, AFTERNOON, AFTERNOON + timedelta(days=60)):
            with pytest.raises(Incomplete):
                worklist.finish(session, task_id, Outcome.LATER, "", lavrova, AFTERNOON, call_at=wrong)
        worklist.finish(session, task_id, Outcome.LATER, "", lavrova, AFTERNOON, call_at=in_an_hour)
    assert states(town, task_id) == (TaskState.DUE.value, PLANNED)
    assert take(town, "zayac") != task_id
    assert take(town, at=in_an_hour) == task_id


def test_who_did_not_answer_is_tried_on_another_day_and_then_no_more(town: Database, campaign_id: int) -> None:
    task_id = take(town)
    with town.transaction() as session:
        worklist.finish(session, task_id, Outcome.NOT_REACHED, "", employee(session, "lavrova"), AFTERNOON)
        assert session.get_one(DialTask, task_id).due_at == FRIDAY - 30 * MINUTE
    assert states(town, task_id) == (TaskState.DUE.value, PLANNED)
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        worklist.by_person.take(session, task_id, lavrova, FRIDAY)
        worklist.finish(session, task_id, Outcome.NOT_REACHED, "", lavrova, FRIDAY)
    assert states(town, task_id) == (TaskState.UNREACHABLE.value, Outcome.NOT_REACHED.value)


def test_skipping_wants_a_reason_and_the_next_comes(town: Database, campaign_id: int) -> None:
    task_id = take(town)
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        with pytest.raises(Incomplete):
            worklist.skip(session, task_id, " ", lavrova, AFTERNOON)
        worklist.skip(session, task_id, "знакомая семья", lavrova, AFTERNOON)
    assert take(town) != task_id
    assert take(town, "zayac") == task_id


def test_a_caller_who_waits_is_first(town: Database, campaign_id: int) -> None:
    task_id = take(town)
    with town.transaction() as session:
        play(session, [arrived(at=AFTERNOON), identified("+79071234567"), waiting()])
        assert calls.waiting(session, [1])
        lavrova = employee(session, "lavrova")
        item = worklist.held(session, lavrova)
        assert item is not None
        verdict = worklist.may_call(session, item, lavrova, AFTERNOON, mode="demo")
        assert (verdict.answer, verdict.rule) == (Answer.WAIT, Rule.QUEUE_WAITS)
        with pytest.raises(RecordsError, match="ждёт звонящий"):
            worklist.call(session, task_id, lavrova, mode="demo", at=AFTERNOON)
        assert session.scalars(select(OutgoingCall)).all() == []


def test_a_call_is_ordered_once_and_its_wrap_up_ends_with_the_outcome(town: Database, campaign_id: int) -> None:
    task_id = take(town)
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        presence.set_ready(session, lavrova.id, AFTERNOON)
        order = worklist.call(session, task_id, lavrova, mode="demo", at=AFTERNOON)
        assert (order.task_id, order.family_id) == (task_id, session.get_one(DialTask, task_id).family_id)
        again = worklist.call(session, task_id, lavrova, mode="demo", at=AFTERNOON)
        assert again.id == order.id
        order.state = OrderState.TALKING.value
        session.flush()
        with pytest.raises(RecordsError, match="Разговор ещё идёт"):
            worklist.finish(session, task_id, Outcome.TOLD, "", lavrova, AFTERNOON)
        order.state, order.live, order.result = OrderState.ENDED.value, False, "answered"
        presence.start_wrapup(session, lavrova.id, order.call_id, AFTERNOON, own_call=True)
        worklist.finish(session, task_id, Outcome.TOLD, "", lavrova, AFTERNOON)
        now = session.get_one(presence.Presence, lavrova.id)
        assert now.state == PresenceState.READY
        done = session.get_one(CallFinish, order.call_id)
        assert session.get_one(CallDisposition, done.disposition_id).code == "listed"


def test_help_keeps_the_wrap_up_for_the_row_of_the_journal(town: Database, campaign_id: int) -> None:
    task_id = take(town)
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        presence.set_ready(session, lavrova.id, AFTERNOON)
        order = worklist.call(session, task_id, lavrova, mode="demo", at=AFTERNOON)
        order.state, order.live, order.result = OrderState.ENDED.value, False, "answered"
        presence.start_wrapup(session, lavrova.id, order.call_id, AFTERNOON, own_call=True)
        worklist.finish(session, task_id, Outcome.HELP, "", lavrova, AFTERNOON)
        assert session.get_one(presence.Presence, lavrova.id).state == PresenceState.WRAPUP


def test_do_not_call_during_the_campaign_stops_the_next_call(town: Database, campaign_id: int) -> None:
    task_id = take(town)
    with town.transaction() as session:
        task = session.get_one(DialTask, task_id)
        session.get_one(Person, task.person_id).do_not_call = True
    with town.transaction() as session, pytest.raises(RecordsError, match="просила не звонить"):
        worklist.call(session, task_id, employee(session, "lavrova"), mode="demo", at=AFTERNOON)


def test_a_family_that_may_be_called_comes_before_one_that_may_not(town: Database, campaign_id: int) -> None:
    seen = []
    with town.transaction() as session:
        planned = tasks(session, campaign_id)
        session.get_one(Family, planned[0].family_id).contact_from = "17:00"
        promised = planned[4]
        assert session.scalars(select(MissedCall).where(MissedCall.family_id == promised.family_id)).one().promised_for
        lavrova = employee(session, "lavrova")
        while (item := worklist.take_next(session, lavrova, AFTERNOON, mode="demo")) is not None:
            seen.append(item.task.id)
            worklist.finish(session, item.task.id, Outcome.TOLD, "", lavrova, AFTERNOON)
        assert seen == [one.id for one in (*planned[1:4], planned[0], promised)]


def test_a_paused_campaign_leaves_the_list(town: Database, campaign_id: int) -> None:
    task_id = take(town)
    with town.transaction() as session:
        running.pause(session, campaign_id, "проверяем", employee(session, "roshchina"), AFTERNOON)
        lavrova = employee(session, "lavrova")
        assert worklist.held(session, lavrova) is None
        assert worklist.take_next(session, lavrova, AFTERNOON, mode="demo") is None
        with pytest.raises(RecordsError, match="на паузе"):
            worklist.call(session, task_id, lavrova, mode="demo", at=AFTERNOON)
        running.resume(session, campaign_id, employee(session, "roshchina"), AFTERNOON)
        item = worklist.held(session, lavrova)
        assert item is not None
        assert item.task.id == task_id


def test_what_was_said_before_a_stop_is_kept(town: Database, campaign_id: int) -> None:
    task_id = take(town)
    with town.transaction() as session:
        running.stop(session, campaign_id, "меру отменили", employee(session, "roshchina"), AFTERNOON)
    with town.transaction() as session:
        with pytest.raises(RecordsError):
            worklist.finish(session, task_id, Outcome.TOLD, "", employee(session, "zayac"), AFTERNOON)
        worklist.finish(session, task_id, Outcome.TOLD, "", employee(session, "lavrova"), AFTERNOON)
    assert states(town, task_id) == (TaskState.CANCELLED.value, Outcome.TOLD.value)


def test_a_restricted_family_is_for_those_entitled(town: Database, campaign_id: int) -> None:
    with town.transaction() as session:
        first = tasks(session, campaign_id)[0]
        session.get_one(Family, first.family_id).restricted = True
        session.flush()
        with pytest.raises(NotFound):
            worklist.finish(session, first.id, Outcome.TOLD, "", employee(session, "lavrova"), AFTERNOON)
        (mine,) = worklist.left(session, employee(session, "lavrova"), AFTERNOON)
        (all_of_them,) = worklist.left(session, employee(session, "roshchina"), AFTERNOON)
    assert (mine.now, all_of_them.now) == (4, 5)
    assert take(town) != first.id


def test_the_script_has_the_names_and_says_nothing_to_a_stranger(town: Database, campaign_id: int) -> None:
    take(town)
    with town.reading() as session:
        lavrova = employee(session, "lavrova")
        item = worklist.held(session, lavrova)
        assert item is not None
        assert item.person is not None
        words = spoken_by_person.words_of(session, item, lavrova, AFTERNOON)
    assert item.person.name in words.hello
    assert "Лаврова" in words.hello
    assert "+7" in words.matter
    assert "{" not in words.matter
    assert "встрече" not in words.machine + words.stranger


def test_every_family_of_the_campaign_is_taken_once(town: Database, campaign_id: int) -> None:
    seen = []
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        while (item := worklist.take_next(session, lavrova, AFTERNOON, mode="demo")) is not None:
            seen.append(item.family.id)
            worklist.finish(session, item.task.id, Outcome.TOLD, "", lavrova, AFTERNOON)
        found = targets(session, campaign_id)
        assert sorted(seen) == sorted(one for one in found if found[one].state == Outcome.TOLD)
        assert len(seen) == len(set(seen)) == 5
        assert session.scalars(select(CampaignTarget.id).where(CampaignTarget.state == PLANNED)).all() == []
