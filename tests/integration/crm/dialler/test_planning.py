"""From a booking to a task: when, to which telephone, once, and nothing in silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from callflow.dialler.states import Channel, TaskState
from crm.appointments import steps
from crm.appointments.tables import PLANNED, Appointment
from crm.db import Database
from crm.dialler.tables import DialSubject, DialTask
from crm.family_tables import Person
from crm.reminders import planning
from tests.integration.crm.booking import booked
from tests.integration.crm.scenario import NOON, employee
from tests.support.dialling import agrees, robot_on

MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture
def booking_id(town: Database) -> int:
    """Tuesday the 17th or later, booked on Thursday the 12th; the family agrees to robots."""
    with town.transaction() as session:
        for row in session.scalars(select(Appointment).where(Appointment.state == PLANNED)):
            row.state = "confirmed"  # the demo's own bookings stand aside
        robot_on(session, 1, NOON)
        row = booked(session, "vorobey", at=NOON + timedelta(days=4))
        row.booked_at = NOON
        agrees(session, session.get_one(Person, row.person_id), NOON)
        return row.id


def plan(town: Database, at: datetime) -> int:
    with town.transaction() as session:
        return planning.plan(session, at, mode="demo")


def tasks(town: Database) -> list[DialTask]:
    with town.reading() as session:
        return list(session.scalars(select(DialTask).order_by(DialTask.id)))


def local(moment: datetime) -> str:
    return f"{moment.astimezone(MOSCOW):%a %H:%M}"


def test_a_booking_is_promised_once_for_the_afternoon_before(town: Database, booking_id: int) -> None:
    assert plan(town, NOON) == 1
    assert plan(town, NOON + timedelta(minutes=1)) == 0
    (task,) = tasks(town)
    with town.reading() as session:
        starts = session.get_one(Appointment, booking_id).starts_at.astimezone(MOSCOW)
    assert (task.channel, task.state) == (Channel.ROBOT, TaskState.DUE)
    since, until = (datetime.fromisoformat(one).astimezone(MOSCOW) for one in task.stretches[0])
    assert since.date() < starts.date()
    assert (f"{since:%H:%M}", f"{until:%H:%M}") == ("15:00", "16:45")
    assert task.deadline == starts - timedelta(minutes=60)


def test_two_bookings_of_one_family_on_one_telephone_are_one_call(town: Database, booking_id: int) -> None:
    with town.transaction() as session:
        first = session.get_one(Appointment, booking_id)
        second = booked(session, "vorobey", at=first.starts_at)
        second.booked_at = NOON
        assert second.starts_at.date() == first.starts_at.date()
    assert plan(town, NOON) == 2
    (task,) = tasks(town)
    assert len(task.subjects) == 2


def test_who_has_just_booked_is_not_called_about_it(town: Database, booking_id: int) -> None:
    with town.transaction() as session:
        row = session.get_one(Appointment, booking_id)
        row.booked_at = row.starts_at - timedelta(hours=2)
    assert plan(town, NOON) == 0
    assert tasks(town) == []


def test_after_a_long_night_it_is_done_at_once_or_shown_as_expired(town: Database, booking_id: int) -> None:
    with town.reading() as session:
        starts = session.get_one(Appointment, booking_id).starts_at
    late = starts - timedelta(minutes=70)
    assert plan(town, late) == 1
    (task,) = tasks(town)
    assert (task.due_at, task.deadline) == (late, starts - timedelta(minutes=60))


def test_without_consent_a_person_has_it_from_the_beginning(town: Database, booking_id: int) -> None:
    with town.transaction() as session:
        row = session.get_one(Appointment, booking_id)
        for phone in session.get_one(Person, row.person_id).phones:
            phone.robot_allowed = False
    plan(town, NOON)
    (task,) = tasks(town)
    assert (task.channel, task.rule, local(task.due_at)[4:]) == (Channel.HUMAN, "no_consent", "15:00")


def test_a_booking_that_is_moved_takes_its_promise_with_it(town: Database, booking_id: int) -> None:
    plan(town, NOON)
    with town.transaction() as session:
        row = session.get_one(Appointment, booking_id)
        steps.cancel(session, row.id, row.version, "family", "передумали", employee(session, "lavrova"), NOON)
    (task,) = tasks(town)
    assert (task.state, task.rule) == (TaskState.CANCELLED, "gone")
    with town.reading() as session:
        assert session.scalars(select(DialSubject.withdrawn_reason)).all() == ["отменено"]
