"""Reminders that people make: one person per family, every end told, the booking follows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callflow.dialler.rules import Answer, Rule
from callflow.dialler.states import Channel, TaskState
from crm.appointments import steps
from crm.appointments.tables import Appointment
from crm.db import Database
from crm.dialler import by_person, claiming, gating, refusals, switches
from crm.dialler.tables import DialTask
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family, Person
from crm.reminders import human_list, next_up, why
from crm.reminders.human_list import Outcome
from tests.integration.crm.booking import booked
from tests.integration.crm.scenario import NOON, employee
from tests.support.dialling import LIVE, agrees, robot_on, task_for

AFTERNOON = NOON + timedelta(hours=1, minutes=30)  # Thursday 13:30 in Moscow


@pytest.fixture
def task_id(town: Database) -> int:
    """A reminder in the human list, due now, for a booking of tomorrow."""
    with town.transaction() as session:
        robot_on(session, 1, NOON)
        task = task_for(session, booked(session, at=NOON + timedelta(days=1)), AFTERNOON)
        task.channel = Channel.HUMAN.value
        return task.id


def state(town: Database, task_id: int) -> tuple[str, str]:
    with town.reading() as session:
        task = session.get_one(DialTask, task_id)
        row = session.get_one(Appointment, task.subjects[0].appointment_id)
        return task.state, row.state


def test_one_person_has_it_and_the_next_gets_another(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        lavrova, zayac = employee(session, "lavrova"), employee(session, "zayac")
        offered = next_up.next_up(session, lavrova, AFTERNOON, LIVE, mode="demo")
        assert offered is not None
        assert offered.task.id == task_id
        by_person.take(session, task_id, lavrova, AFTERNOON)
        assert next_up.next_up(session, zayac, AFTERNOON, LIVE, mode="demo") is None
        with pytest.raises(RecordsError, match="коллега"):
            by_person.take(session, task_id, zayac, AFTERNOON)
        with pytest.raises(RecordsError, match="коллега"):
            human_list.finish(session, task_id, Outcome.TOLD, "", zayac, AFTERNOON)
        again = next_up.next_up(session, lavrova, AFTERNOON, LIVE, mode="demo")
        assert again is not None
        assert again.mine


@pytest.mark.parametrize(
    ("outcome", "task_state", "booking"),
    [
        (Outcome.CONFIRMED, TaskState.CONFIRMED, "confirmed"),
        (Outcome.TOLD, TaskState.DELIVERED, "planned"),
        (Outcome.DECLINED, TaskState.DECLINED, "cancelled"),
        (Outcome.WRONG_NUMBER, TaskState.BAD_NUMBER, "planned"),
        (Outcome.DO_NOT_CALL, TaskState.OPTED_OUT, "planned"),
        (Outcome.NO_ANSWER, TaskState.DUE, "planned"),
    ],
)
def test_an_outcome_ends_it_and_the_booking_follows(
    town: Database, task_id: int, outcome: Outcome, task_state: TaskState, booking: str
) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        by_person.take(session, task_id, lavrova, AFTERNOON)
        human_list.finish(session, task_id, outcome, "", lavrova, AFTERNOON)
    assert state(town, task_id) == (task_state, booking)
    with town.reading() as session:
        task = session.get_one(DialTask, task_id)
        known = refusals.of(session, task.number, task.person_id)
    assert known.everything == (outcome is Outcome.DO_NOT_CALL)
    assert known.wrong_person == (outcome is Outcome.WRONG_NUMBER)


def test_whoever_may_be_called_is_next_before_the_more_urgent_who_may_not(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        other = task_for(session, booked(session, family=3, at=NOON + timedelta(days=2)), AFTERNOON)
        other.channel = Channel.HUMAN.value
        urgent = session.get_one(DialTask, task_id)
        session.get_one(Family, urgent.family_id).contact_from = "17:00"
        session.flush()
        assert [one.task.id for one in human_list.items(session, lavrova, AFTERNOON)] == [task_id, other.id]
        first = next_up.next_up(session, lavrova, AFTERNOON, LIVE, mode="demo")
        assert first is not None
        assert first.task.id == other.id
        at_five = AFTERNOON + timedelta(hours=3, minutes=30)
        then = next_up.next_up(session, lavrova, at_five, LIVE, mode="demo")
        assert then is not None
        assert then.task.id == task_id


def test_later_needs_a_time_before_the_booking_and_skipping_a_reason(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        by_person.take(session, task_id, lavrova, AFTERNOON)
        for wrong in (None, AFTERNOON, AFTERNOON + timedelta(days=20)):
            with pytest.raises(Incomplete):
                human_list.finish(session, task_id, Outcome.LATER, "", lavrova, AFTERNOON, call_at=wrong)
        with pytest.raises(Incomplete):
            by_person.give_back(session, task_id, " ", lavrova, AFTERNOON)
        in_an_hour = AFTERNOON + timedelta(hours=1)
        human_list.finish(session, task_id, Outcome.LATER, "", lavrova, AFTERNOON, call_at=in_an_hour)
        assert next_up.next_up(session, lavrova, AFTERNOON, LIVE, mode="demo") is None
        assert next_up.next_up(session, lavrova, in_an_hour, LIVE, mode="demo") is not None


def test_the_red_button_is_not_hers_and_do_not_call_is(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        switches.stop(session, employee(session, "roshchina"), AFTERNOON)
        task = session.get_one(DialTask, task_id)
        verdict, number = by_person.may_call(session, task, AFTERNOON, LIVE, mode="demo")
        assert (verdict.answer, number) == (Answer.GO, task.number)
        session.get_one(Person, task.person_id).do_not_call = True
        verdict, _ = by_person.may_call(session, task, AFTERNOON, LIVE, mode="demo")
        assert verdict.rule is Rule.DO_NOT_CALL
        with pytest.raises(RecordsError, match="просила не звонить"):
            by_person.refuse_to_call(verdict)


def test_while_a_person_has_one_task_the_robot_leaves_the_family_alone(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        other = task_for(session, booked(session, "durnovo", at=NOON + timedelta(days=1)), AFTERNOON)
        agrees(session, session.get_one(Person, other.person_id), NOON)
        by_person.take(session, task_id, employee(session, "lavrova"), AFTERNOON)
        claimed = claiming.claim(session, "worker", AFTERNOON)
        assert claimed is not None
        verdict = gating.gate(session, claimed.id, "worker", AFTERNOON, LIVE, mode="demo", prompts={}).verdict
        assert verdict is not None
        assert verdict.rule is Rule.COLLEAGUE


def test_a_restricted_family_is_for_those_entitled(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task = session.get_one(DialTask, task_id)
        session.get_one(Family, task.family_id).restricted = True
        lavrova = employee(session, "lavrova")
        assert human_list.items(session, lavrova, AFTERNOON) == []
        with pytest.raises(NotFound):
            by_person.take(session, task_id, lavrova, AFTERNOON)
        assert len(human_list.items(session, employee(session, "roshchina"), AFTERNOON)) == 1


def test_a_booking_changed_elsewhere_closes_the_task_under_her_hands(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        task = by_person.take(session, task_id, lavrova, AFTERNOON)
        row = session.get_one(Appointment, task.subjects[0].appointment_id)
        steps.cancel(session, row.id, row.version, "service", "болезнь", employee(session, "roshchina"), AFTERNOON)
        with pytest.raises(RecordsError, match="уже закрыто"):
            human_list.finish(session, task_id, Outcome.TOLD, "", lavrova, AFTERNOON)


def test_why_names_the_time_or_the_rule(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task = session.get_one(DialTask, task_id)
        family = session.get_one(Family, task.family_id)
        (line,) = why.of_family(session, family, AFTERNOON, LIVE, mode="demo")
        assert (line.next_at, line.rule) == (AFTERNOON, None)
        (line,) = why.of_family(session, family, AFTERNOON + timedelta(hours=7), LIVE, mode="demo")
        assert line.rule is Rule.HOURS
        assert line.next_at is not None
        assert "позже" in line.words
