"""A person's call from the human list: the robot's rules hold for her, and never two at one family."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from callflow.dialler.rules import Live
from callflow.dialler.states import Channel, TaskState
from crm.db import Database
from crm.dialler import by_person, deciding, reading
from crm.dialler.access import fetch_task
from crm.dialler.tables import DiallerSettings, DialTask
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import Family
from crm.outgoing import asking
from crm.outgoing.tables import OutgoingCall
from crm.reminders import calling, human_list, next_up, talking
from crm.reminders.human_list import Outcome
from tests.integration.crm.booking import booked
from tests.integration.crm.reminded import attempt_of
from tests.integration.crm.scenario import NOON, employee
from tests.support.dialling import LIVE, robot_on, task_for

AFTERNOON = NOON + timedelta(hours=1, minutes=30)  # Thursday 13:30 in Moscow


@pytest.fixture
def task_id(town: Database) -> int:
    """A reminder in the human list, due now, for a booking of tomorrow."""
    with town.transaction() as session:
        robot_on(session, 1, NOON)
        task = task_for(session, booked(session, at=NOON + timedelta(days=1)), AFTERNOON)
        task.channel = Channel.HUMAN.value
        return task.id


def test_her_call_names_the_task_and_is_ordered_once(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        with pytest.raises(RecordsError, match="возьмите"):
            calling.call(session, task_id, lavrova, LIVE, mode="demo", at=AFTERNOON)
        by_person.take(session, task_id, lavrova, AFTERNOON)
        order = calling.call(session, task_id, lavrova, LIVE, mode="demo", at=AFTERNOON)
        assert (order.task_id, order.purpose) == (task_id, calling.PURPOSE)
        again = asking.ask(session, lavrova, number=order.number, mode="demo", at=AFTERNOON)
        assert again.id == order.id
        assert session.scalar(select(func.count()).select_from(OutgoingCall)) == 1


def test_the_hours_and_the_link_hold_for_her_too(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        night = AFTERNOON + timedelta(hours=8)
        session.get_one(DialTask, task_id).deadline = night + timedelta(days=1)
        by_person.take(session, task_id, lavrova, night)
        with pytest.raises(RecordsError, match="не время"):
            calling.call(session, task_id, lavrova, LIVE, mode="demo", at=night)
        with pytest.raises(RecordsError, match="нет связи"):
            calling.call(session, task_id, lavrova, Live(link_up=False), mode="demo", at=AFTERNOON)


def test_nobody_dials_a_number_that_the_robot_is_dialling(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task = session.get_one(DialTask, task_id)
        attempt_of(session, task, at=AFTERNOON)
        with pytest.raises(RecordsError, match="робот"):
            asking.ask(session, employee(session, "lavrova"), number=task.number, mode="demo", at=AFTERNOON)


def test_one_skipped_is_not_put_before_her_again_but_before_others(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        lavrova, zayac = employee(session, "lavrova"), employee(session, "zayac")
        by_person.take(session, task_id, lavrova, AFTERNOON)
        by_person.give_back(session, task_id, "занята", lavrova, AFTERNOON)
        assert next_up.next_up(session, lavrova, AFTERNOON, LIVE, mode="demo") is None
        others = next_up.next_up(session, zayac, AFTERNOON, LIVE, mode="demo")
        assert others is not None
        assert others.task.id == task_id
        later = AFTERNOON + by_person.PASSED_OVER_FOR
        assert next_up.next_up(session, lavrova, later, LIVE, mode="demo") is not None


def test_told_in_a_talk_ends_the_robots_task_too_but_not_a_live_call(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        task = session.get_one(DialTask, task_id)
        task.channel = Channel.ROBOT.value
        family_id = task.family_id
        assert [one.id for one, _ in talking.of_family(session, family_id, lavrova, AFTERNOON)] == [task_id]
        task.state = TaskState.CALLING.value
        assert talking.of_family(session, family_id, lavrova, AFTERNOON) == []
        with pytest.raises(RecordsError, match="звонит робот или коллега"):
            talking.told(session, task_id, lavrova, AFTERNOON)
        task.state = TaskState.DUE.value
        session.flush()
        assert talking.told(session, task_id, lavrova, AFTERNOON).state == TaskState.DELIVERED
        assert talking.told(session, task_id, lavrova, AFTERNOON).state == TaskState.DELIVERED


def test_a_restricted_card_is_in_no_list_and_no_count(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        session.get_one(Family, session.get_one(DialTask, task_id).family_id).restricted = True
    with town.reading() as session:
        lavrova, head = employee(session, "lavrova"), employee(session, "roshchina")
        zone = AFTERNOON.astimezone().tzinfo
        assert zone is not None
        for viewer, seen in ((lavrova, 0), (head, 1)):
            found = reading.today(session, viewer, AFTERNOON, zone)  # type: ignore[arg-type]  # any zone will do
            assert (len(found.rows), found.counts["due"]) == (seen, seen)
            assert len(human_list.items(session, viewer, AFTERNOON)) == seen
        with pytest.raises(NotFound):
            fetch_task(session, task_id, lavrova)
        for impossible in (-1, 0, 2**63, 2**80):
            with pytest.raises(NotFound):
                fetch_task(session, impossible, head)


def test_the_head_decides_upon_what_she_saw(town: Database) -> None:
    ground = "договор с оператором № 17"
    with town.transaction() as session:
        session.query(DiallerSettings).delete()
        head = employee(session, "roshchina")
        before = deciding.decided_of(session, 1)
        assert (before.robot_on, before.legal, before.version) == (False, False, 0)
        wanted = {"robot_on": True, "legal": True, "legal_ground": ground}
        with pytest.raises(Incomplete) as refused:
            deciding.decide(session, 1, deciding.Decided(robot_on=True), head, AFTERNOON)
        assert list(refused.value.fields) == ["legal"]
        with pytest.raises(Incomplete) as refused:
            deciding.decide(session, 1, deciding.Decided(**wanted, lines=4), head, AFTERNOON)
        assert list(refused.value.fields) == ["lines"]
        after = deciding.decide(session, 1, deciding.Decided(**wanted), head, AFTERNOON)
        assert (after.version, after.latest) == (1, {"3": 18 * 60})
        assert deciding.ticked_by(session, 1) == (head, AFTERNOON)
        assert deciding.decide(session, 1, after, head, AFTERNOON + timedelta(minutes=1)) == after
        with pytest.raises(StaleVersion):
            deciding.decide(session, 1, deciding.Decided(**wanted, attempts=3), head, AFTERNOON)
        with pytest.raises(NotFound):
            deciding.decide(session, 99, deciding.Decided(), head, AFTERNOON)


def test_a_busy_list_of_outcomes_has_seven_keys() -> None:
    assert len(list(Outcome)) == 7
