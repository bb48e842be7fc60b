"""A task of the outbound engine in the demo town's records, without planning: for tests of what follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Live
from callflow.dialler.states import Channel, TaskState
from crm.appointments.tables import Appointment
from crm.consents.tables import Consent
from crm.consents.texts import current
from crm.dialler.tables import DiallerSettings, DialSubject, DialTask
from crm.family_tables import Person, Phone
from crm.staff import Employee

BOOT = "2026-11-12 08:00:00"
LIVE = Live(link_up=True, boot_id=BOOT)
"""An exchange that does nothing else."""


def robot_on(session: Session, service_id: int, at: datetime, **values: object) -> DiallerSettings:
    """The robot may call for this service; `values` replace what the row holds."""
    row = session.get(DiallerSettings, service_id) or DiallerSettings(service_id=service_id, changed_at=at)
    row.robot_on, row.legal_ground, row.legal_ticked_at = True, "согласие семьи", at
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def agrees(session: Session, person: Person, at: datetime) -> None:
    """This person allows robot calls to every telephone."""
    taken_by = session.scalars(select(Employee.id).order_by(Employee.id)).first()
    text_id = current(session, "auto_calls").id
    session.add(
        Consent(
            family_id=person.family_id,
            person_id=person.id,
            purpose="auto_calls",
            given=True,
            form="oral",
            text_id=text_id,
            at=at,
            taken_by_id=taken_by,
        )
    )
    for phone in person.active_phones:
        phone.robot_allowed = True
    session.flush()


def task_for(session: Session, appointment: Appointment, at: datetime, *, service_id: int = 1) -> DialTask:
    """A task of the robot's that is due at `at` about this booking."""
    person = session.get_one(Person, appointment.person_id)
    phone = session.scalars(select(Phone).where(Phone.person_id == person.id, Phone.removed_at.is_(None))).first()
    task = DialTask(
        service_id=service_id,
        family_id=appointment.family_id,
        person_id=person.id,
        phone_id=phone.id if phone else None,
        number=phone.number if phone else "",
        channel=Channel.ROBOT.value,
        state=TaskState.DUE.value,
        state_at=at,
        due_at=at,
        deadline=appointment.starts_at - timedelta(minutes=30),
        planned_at=at,
    )
    session.add(task)
    session.flush()
    session.add(DialSubject(task_id=task.id, appointment_id=appointment.id, occasion="day_before"))
    session.flush()
    session.refresh(task)
    return task
