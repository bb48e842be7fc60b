"""After key 0: a talk with the operator is the reminder, and nothing else is (`crm.reminders.connected`)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from callflow.dialler.states import Disposition
from crm.call_tables import CallRecord
from crm.db import Database
from crm.dialler import by_person, following
from crm.dialler.tables import DialAttempt, DialTask
from crm.reminders import connected
from tests.integration.crm.booking import booked, employee
from tests.integration.crm.reminded import reminded
from tests.integration.crm.scenario import NOON

SECOND = timedelta(seconds=1)
PRESSED, ENDED = NOON + 40 * SECOND, NOON + 200 * SECOND


def asked(session: Session, disposition: Disposition = Disposition.HUMAN) -> DialAttempt:
    """A reminder whose robot has let the family go like this."""
    attempt_id = reminded(session, booked(session), at=NOON)
    following.settle(session, attempt_id, disposition, PRESSED, "agi")
    session.flush()
    return session.get_one(DialAttempt, attempt_id)


def connected_for(session: Session, attempt: DialAttempt, seconds: float | None) -> None:
    """The same call among the callers, answered by an operator for so long; None: by nobody."""
    session.add(
        CallRecord(
            linkedid=attempt.id,
            state="ended",
            arrived_at=PRESSED,
            answered_at=None if seconds is None else ENDED - seconds * SECOND,
            ended_at=ENDED,
        )
    )
    session.flush()


def task_of(session: Session, attempt: DialAttempt) -> DialTask:
    return session.get_one(DialTask, attempt.task_id, populate_existing=True)


def test_a_talk_with_the_operator_is_the_reminder(town: Database) -> None:
    with town.transaction() as session:
        attempt = asked(session)
        assert (task_of(session, attempt).channel, task_of(session, attempt).state) == ("human", "due")
        connected_for(session, attempt, 90)
        assert connected.after_the_call(session, attempt, ENDED)
        task = task_of(session, attempt)
        assert (task.state, task.delivered_at, task.rule) == ("delivered", ENDED, "human")
        assert not connected.after_the_call(session, attempt, ENDED)


@pytest.mark.parametrize("seconds", [None, 3])
def test_without_a_talk_a_person_calls(town: Database, seconds: float | None) -> None:
    with town.transaction() as session:
        attempt = asked(session)
        connected_for(session, attempt, seconds)
        assert not connected.after_the_call(session, attempt, ENDED)
        assert task_of(session, attempt).state == "due"


def test_a_call_that_never_came_to_the_operators_is_no_talk(town: Database) -> None:
    with town.transaction() as session:
        attempt = asked(session)
        assert not connected.after_the_call(session, attempt, ENDED)
        assert task_of(session, attempt).state == "due"


def test_only_key_zero_makes_a_talk_of_it(town: Database) -> None:
    """A machine that happened to be answered: the family has heard nothing."""
    with town.transaction() as session:
        attempt = asked(session, Disposition.MACHINE)
        connected_for(session, attempt, 90)
        assert not connected.after_the_call(session, attempt, ENDED)
        assert task_of(session, attempt).state == "due"


def test_what_the_operator_has_noted_herself_stays(town: Database) -> None:
    with town.transaction() as session:
        attempt = asked(session)
        connected_for(session, attempt, 90)
        lavrova = employee(session, "lavrova")
        by_person.take(session, attempt.task_id, lavrova, ENDED - 20 * SECOND)
        assert not connected.after_the_call(session, attempt, ENDED)
        assert task_of(session, attempt).state == "claimed"
