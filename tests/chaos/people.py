"""Who is called in a chaos run: fifty families with one booking each, and what their telephones do."""

from __future__ import annotations

import random
import threading
import time
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, TaskState
from crm.appointments.tables import AHEAD, PLANNED, Appointment
from crm.dialler.tables import DialSubject, DialTask
from crm.family_tables import Family, Person, Phone
from crm.staff import Employee
from tests.support.dialler.world import TABLES
from tests.support.dialling import agrees, robot_on
from tests.support.listening_network import ListeningNetwork
from tests.support.network import Arrived, Behaviour

LISTENS = Behaviour(ring=0.4, talk=None)
BEHAVIOURS = (
    (45, LISTENS),
    (10, Behaviour(ring=0.3, talk=1.0)),
    (8, Behaviour(ring=0.3, talk=0.05)),
    (10, Behaviour(ring=0.5, status=486)),
    (12, Behaviour(ring=None)),
    (4, Behaviour(ring=0, status=404)),
    (4, Behaviour(ring=0.3, status=480)),
    (4, Behaviour(ring=0.2, status=603)),
    (3, Behaviour(ring=0, status=503)),
)
"""Weight, and what the telephone does."""
CAPS = {"per_day": 2, "per_week": 4, "per_month": 16, "per_service_day": 9000, "attempts": 2}


def number_of(place: int) -> str:
    """The telephone of a family; all of the demo's invented range."""
    return f"+7907{5000 + place:07d}"


def fill(session: Session, count: int, at: datetime, **settings: int) -> list[int]:
    """Let `count` families be reminded now, and nobody else; the tasks."""
    for table in TABLES:
        session.execute(delete(table))
    session.execute(update(Appointment).where(Appointment.state.in_(AHEAD)).values(state="done"))
    robot_on(session, 1, at, **{**CAPS, **settings})
    return [remind(session, place, at) for place in range(count)]


def remind(session: Session, place: int, at: datetime) -> int:
    """One more family with a booking tomorrow, whose reminder is due now; the task."""
    by_id = session.scalars(select(Employee.id).where(Employee.login == "roshchina")).one()
    whose = session.scalars(select(Employee.id).where(Employee.login == "vorobey")).one()
    number = number_of(place)
    family = Family(card_number=f"ХАОС-{place}", name=f"Учебная {place}", created_at=at)
    session.add(family)
    session.flush()
    person = Person(
        family_id=family.id, surname=f"Учебная-{place}", search_key=number, birth_date=at.date().replace(year=1990)
    )
    person.phones.append(Phone(number=number, robot_allowed=True))
    session.add(person)
    session.flush()
    agrees(session, person, at)
    starts = at + timedelta(hours=30, seconds=place)
    row = Appointment(
        employee_id=whose,
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        state=PLANNED,
        state_at=at,
        family_id=family.id,
        person_id=person.id,
        booked_by_id=by_id,
        booked_at=at,
    )
    session.add(row)
    session.flush()
    task = DialTask(
        service_id=1,
        family_id=family.id,
        person_id=person.id,
        phone_id=person.phones[0].id,
        number=number,
        channel=Channel.ROBOT.value,
        state=TaskState.DUE.value,
        state_at=at,
        due_at=at,
        deadline=starts - timedelta(hours=1),
        planned_at=at,
    )
    session.add(task)
    session.flush()
    session.add(DialSubject(task_id=task.id, appointment_id=row.id, occasion="day_before"))
    session.flush()
    return task.id


def remind_again(session: Session, task_id: int, at: datetime) -> int:
    """The same person has another booking; the task."""
    first = session.get_one(DialTask, task_id)
    seen = session.scalars(select(DialSubject.appointment_id).where(DialSubject.task_id == task_id)).one()
    booking = session.get_one(Appointment, seen)
    later = booking.starts_at + timedelta(days=1)
    row = Appointment(
        employee_id=booking.employee_id,
        starts_at=later,
        ends_at=later + timedelta(hours=1),
        state=PLANNED,
        state_at=at,
        family_id=booking.family_id,
        person_id=booking.person_id,
        booked_by_id=booking.booked_by_id,
        booked_at=at,
    )
    session.add(row)
    session.flush()
    task = DialTask(
        service_id=1,
        family_id=first.family_id,
        person_id=first.person_id,
        phone_id=first.phone_id,
        number=first.number,
        channel=Channel.ROBOT.value,
        state=TaskState.DUE.value,
        state_at=at,
        due_at=at,
        deadline=later - timedelta(hours=1),
        planned_at=at,
    )
    session.add(task)
    session.flush()
    session.add(DialSubject(task_id=task.id, appointment_id=row.id, occasion="day_before"))
    session.flush()
    return task.id


class People:
    """The network, and fingers: those who listen press 1, and 1 again, until the robot says good-bye."""

    def __init__(self, seed: int, count: int) -> None:
        rng = random.Random(f"people {seed}")  # noqa: S311 - to be repeated, not to be secret
        self.network = ListeningNetwork(LISTENS)
        weights = [weight for weight, _ in BEHAVIOURS]
        for place in range(count):
            self.network.numbers[number_of(place)] = rng.choices([one for _, one in BEHAVIOURS], weights)[0]
        self._silent = {number_of(place) for place in range(count) if rng.random() < 0.1}
        self._stopping = threading.Event()
        self._fingers = threading.Thread(target=self._press, daemon=True)

    def __enter__(self) -> People:
        self.network.__enter__()
        self._fingers.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._fingers.join(5)
        self.network.__exit__(None, None, None)

    def _press(self) -> None:
        pressed: dict[str, float] = {}
        while not self._stopping.wait(0.1):
            for call in self.network.live:
                last = pressed.get(call.call_id, call.answered_at)
                if self._listens(call) and time.time() - last > 1.2:
                    pressed[call.call_id] = time.time()
                    self.network.press(call, "1")

    def _listens(self, call: Arrived) -> bool:
        behaves = self.network.numbers.get(call.number)
        return bool(call.answered_at) and behaves is LISTENS and call.number not in self._silent
