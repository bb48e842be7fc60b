"""A booking of the demo's family, and an attempt of the robot that has it on the line: for tests of reminder calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.appointments.tables import Appointment
from crm.audit import AuditEvent
from crm.dialler.tables import DialAttempt, DialEvent, DialSubject, DialTask
from crm.family_tables import Person
from crm.institution import Service

NUMBER = "+79070000101"


def task_of(session: Session, *rows: Appointment, at: datetime, number: str = NUMBER) -> DialTask:
    """A task that is being called, about these bookings of one family."""
    first = rows[0]
    person = session.get_one(Person, first.person_id)
    phone = next(iter(person.active_phones), None)
    task = DialTask(
        service_id=session.scalars(select(Service.id).order_by(Service.id)).first(),
        family_id=first.family_id,
        person_id=first.person_id,
        phone_id=phone.id if phone else None,
        number=number,
        channel="robot",
        state="calling",
        state_at=at,
        due_at=at,
        deadline=at + timedelta(days=1),
        planned_at=at,
        stretches=[],
    )
    session.add(task)
    session.flush()
    session.add_all(DialSubject(task_id=task.id, appointment_id=row.id, occasion="day_before") for row in rows)
    session.flush()
    return task


def attempt_of(session: Session, task: DialTask, *, at: datetime, state: str = "ringing") -> DialAttempt:
    """One order of the task, on the line."""
    attempt = DialAttempt(
        id=f"att-{uuid4().hex}",
        task_id=task.id,
        n=1,
        family_id=task.family_id,
        person_id=task.person_id,
        number=task.number,
        state=state,
        live=True,
        sending_at=at,
        not_after=at + timedelta(seconds=10),
        news_at=at,
        prompts={},
    )
    session.add(attempt)
    session.flush()
    return attempt


def reminded(session: Session, *rows: Appointment, at: datetime, number: str = NUMBER, state: str = "answered") -> str:
    """An attempt about these bookings; its id."""
    return attempt_of(session, task_of(session, *rows, at=at, number=number), at=at, state=state).id


def story(session: Session, attempt_id: str) -> list[tuple[str, str]]:
    """The lines of the attempt's story."""
    rows = select(DialEvent).where(DialEvent.attempt_id == attempt_id).order_by(DialEvent.id)
    return [(row.what, row.detail) for row in session.scalars(rows)]


def logged(session: Session, action: str) -> list[AuditEvent]:
    """The entries of the audit log with this action, oldest first."""
    return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.seq)))
