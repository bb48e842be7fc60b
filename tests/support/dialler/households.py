"""What families do and what is done with their bookings, and the list of reminders that people make."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, TaskState
from crm.appointments.tables import AHEAD, CANCELLED, PLANNED, Appointment
from crm.dialler import by_person, refusals, withdrawing
from crm.dialler.tables import REMINDER, DialSubject, DialTask
from crm.errors import RecordsError
from crm.family_tables import Phone
from crm.reminders import human_list, next_up
from tests.support.dialler.invariants import Ban
from tests.support.dialling import LIVE

if TYPE_CHECKING:
    from tests.support.dialler.world import World


def owe(
    world: World,
    session: Session,
    family: int,
    kind: str,
    *,
    priority: int = 5,
    by_people: bool = False,
    days: float = 7,
) -> DialTask:
    """A call of this kind to this family, due now, until so many days from now; it is about nothing yet."""
    person_id, phone_id, number = world.whom(family)
    channel = Channel.HUMAN if by_people else Channel.ROBOT
    task = DialTask(
        kind=kind,
        service_id=1,
        family_id=world.family_id(family),
        person_id=person_id,
        phone_id=phone_id,
        number=number,
        channel=channel.value,
        state=TaskState.DUE.value,
        state_at=world.now,
        priority=priority,
        due_at=world.now,
        deadline=world.now + timedelta(days=days),
        planned_at=world.now,
    )
    session.add(task)
    session.flush()
    return task


def remind(world: World, family: int, in_hours: int, *, by_people: bool = False) -> None:
    """A booking of this family, and its task, due now."""
    world.booked += 1
    starts = world.now + timedelta(hours=in_hours, microseconds=world.booked)  # one specialist, one time once
    with world.database.transaction() as session:
        row = Appointment(
            employee_id=world.place.specialist,
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            state=PLANNED,
            state_at=world.now,
            family_id=world.family_id(family),
            person_id=world.whom(family)[0],
            booked_by_id=world.employee.id,
            booked_at=world.now,
        )
        session.add(row)
        task = owe(world, session, family, REMINDER, by_people=by_people)
        task.deadline = starts - timedelta(minutes=60)
        session.add(DialSubject(task_id=task.id, appointment_id=row.id, occasion="reminder"))


def call_off(world: World, place: int) -> None:
    """A booking is cancelled, or moved, as `crm.appointments.steps` leaves it."""
    with world.database.transaction() as session:
        ahead = session.scalars(
            select(Appointment)
            .join(DialSubject)
            .where(Appointment.state.in_(AHEAD), Appointment.starts_at > world.ours)
            .order_by(Appointment.id)
        ).all()
        if not ahead:
            return
        row = ahead[place % len(ahead)]
        tasks = frozenset(session.scalars(select(DialSubject.task_id).where(DialSubject.appointment_id == row.id)))
        row.state, row.state_at = CANCELLED, world.ours
        session.flush()
        withdrawing.withdraw(session, row.id, "отменили", world.ours, source="person")
    world.bans.append(Ban(world.now, "cancelled", task_ids=tasks))


def refuse(world: World, family: int, everything: bool) -> None:
    """The family wants no robot, or no call at all."""
    person_id, _, number = world.whom(family)
    with world.database.transaction() as session:
        refusals.refuse(
            session, number, person_id, refusals.ALL if everything else refusals.ROBOT, "talk", world.ours,
            by=human_list.Actor.of(world.employee), employee_id=world.employee.id,
        )  # fmt: skip
    world.bans.append(Ban(world.now, "refused", number=number, robots_only=not everything))


def change_number(world: World, family: int) -> None:
    """The card has another number from now on."""
    person_id, phone_id, number = world.whom(family)
    other = f"{number[:-1]}{(int(number[-1]) + 5) % 10}"
    with world.database.transaction() as session:
        session.execute(update(Phone).where(Phone.id == phone_id).values(number=other, raw=other))
    world.families[family % len(world.families)] = (person_id, phone_id, other)


def work_the_list(world: World, outcome: human_list.Outcome) -> None:
    """A person takes the next reminder of the human list and ends it, by another telephone."""
    with suppress(RecordsError), world.database.transaction() as session:
        item = next_up.next_up(session, world.employee, world.ours, LIVE, mode="demo")
        if item is not None:
            by_person.take(session, item.task.id, world.employee, world.ours)
            human_list.finish(session, item.task.id, outcome, "", world.employee, world.ours)
