"""Who books, who sees which appointment, and what of it the others see: «занято» (domain.md §2.6, §4.3)."""

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlalchemy.orm import Session

from crm.appointments.tables import Appointment
from crm.base import fetch
from crm.errors import NotFound
from crm.staff import Employee, Role
from crm.visibility import family_seen_by, seen_family, sees_families

BOOKERS = frozenset({Role.DISPATCHER.value, Role.COORDINATOR.value, Role.HEAD.value})
"""Who books and moves; a specialist marks what became of his own receptions; the director reads."""

MANAGERS = frozenset({Role.HEAD.value, Role.DIRECTOR.value})
"""Who changes anybody's timetable; a specialist changes his own."""

NOT_THERE = "Такой записи на приём нет."


def shown_to(viewer: Employee) -> ColumnElement[bool]:
    """The condition on `Appointment` for lists and counts: a restricted family's is not even counted for the others,
    a specialist's list has his own only.
    """
    if not sees_families(viewer):
        return false()
    own = Appointment.employee_id == viewer.id if viewer.role == Role.SPECIALIST.value else true()
    known = or_(Appointment.family_id.is_(None), family_seen_by(viewer, Appointment.family_id))
    return and_(own, known)


def fetch_appointment(session: Session, appointment_id: int, viewer: Employee, *, lock: bool = False) -> Appointment:
    """The appointment. Raises NotFound for one that this viewer may not know; nothing of it is locked then."""
    row = fetch(session, Appointment, appointment_id)
    if row is None or not may_see(session, row, viewer):
        raise NotFound(NOT_THERE)
    return fetch(session, Appointment, appointment_id, lock=True) or row if lock else row


def may_see(session: Session, row: Appointment, viewer: Employee) -> bool:
    """Whether this viewer may know who is booked."""
    if not sees_families(viewer) or (viewer.role == Role.SPECIALIST.value and row.employee_id != viewer.id):
        return False
    return row.family_id is None or seen_family(session, row.family_id, viewer) is not None


def may_change(row: Appointment, employee: Employee) -> bool:
    """Whether this employee may say what became of it."""
    return employee.role in BOOKERS or (employee.role == Role.SPECIALIST.value and row.employee_id == employee.id)


def may_edit_timetable(employee: Employee, employee_id: int) -> bool:
    """The head and the director every timetable, a specialist his own."""
    return employee.active and (
        employee.role in MANAGERS or (employee.role == Role.SPECIALIST.value and employee.id == employee_id)
    )
