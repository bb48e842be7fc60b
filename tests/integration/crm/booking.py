"""A small timetable and the words of a booking, for the tests of `crm.appointments`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.appointments import booking
from crm.appointments.booking import Wanted
from crm.appointments.slots import nearest
from crm.appointments.tables import Appointment
from crm.family_tables import Family
from tests.integration.crm.scenario import NOON, employee

__all__ = ["NOON", "booked", "employee", "free_time", "of_family", "wanted"]


def free_time(session: Session, login: str = "vorobey", at: datetime = NOON, number: int = 0) -> datetime:
    """The next free time of this specialist."""
    who = employee(session, login)
    return nearest(session, [who.id], at, number + 1)[who.id][number].starts_at


def of_family(session: Session, number: int) -> Family:
    """The demo's family of this number."""
    return session.scalars(select(Family).where(Family.card_number == f"С-{number:05d}")).one()


def wanted(session: Session, login: str, starts_at: datetime, family: int | None = 1, **more: object) -> Wanted:
    """A booking with this specialist for a family's first person; without `family` for somebody without a card."""
    card = of_family(session, family) if family else None
    return Wanted(
        employee_id=employee(session, login).id,
        starts_at=starts_at,
        applicant_name="Кузнецова Елена",
        family_id=card.id if card else None,
        person_id=card.people[0].id if card else None,
        **more,  # type: ignore[arg-type]
    )


def booked(
    session: Session, login: str = "vorobey", number: int = 0, by: str = "lavrova", at: datetime = NOON, **more: object
) -> Appointment:
    """The next free time, booked."""
    what = wanted(session, login, free_time(session, login, at, number), **more)  # type: ignore[arg-type]
    return booking.book(session, what, employee(session, by), at)
