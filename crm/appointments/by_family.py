"""What a family itself does with its booking by a key, in a call of the robot (domain.md §9.2 S-3).

The steps are those of `crm.appointments.steps`, but no employee does them: the history has nobody's name, the audit log
says «робот» and which attempt, and the reasons say «семья, клавишей». The caller of these verbs has proved that the
family was asked about this booking (`crm.reminders.answers`).
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.appointments import linking, waiting_offers
from crm.appointments.access import NOT_THERE
from crm.appointments.booking import Wanted, place
from crm.appointments.holding import keep_for_list
from crm.appointments.linking import BY_KEY, ROBOT
from crm.appointments.slots import why_not
from crm.appointments.tables import (
    AHEAD,
    CANCELLED,
    CONFIRMED,
    MOVED,
    STATES,
    Appointment,
    AppointmentEvent,
    SlotHold,
)
from crm.audit import Actor, write
from crm.base import fetch
from crm.dialler.withdrawing import withdraw
from crm.errors import NotFound, RecordsError
from crm.staff import Employee


def confirm(session: Session, appointment_id: int, attempt_id: str, at: datetime) -> Appointment:
    """The family says that it will come; confirmed already, nothing changes. Raises RecordsError where it cannot."""
    row = _held(session, appointment_id)
    if row.state == CONFIRMED:
        return row
    _still_ahead(row, CONFIRMED, at)
    _become(session, row, CONFIRMED, at)
    linking.confirmed_by_key(session, row, at)
    _log(session, "appointment.step", row, attempt_id, at, state=CONFIRMED)
    return row


def cancel(session: Session, appointment_id: int, attempt_id: str, at: datetime) -> Appointment:
    """The family does not come: the time is free and offered to whoever waits for one. Cancelled already: nothing.

    Raises RecordsError where it has come to another end.
    """
    row = _held(session, appointment_id)
    if row.state == CANCELLED:
        return row
    _still_ahead(row, CANCELLED, at)
    row.cancelled_by = "family"
    _become(session, row, CANCELLED, at, BY_KEY)
    linking.left_by_key(session, row, at)
    _log(session, "appointment.step", row, attempt_id, at, state=CANCELLED, whose="family_side")
    waiting_offers.offer(session, row.employee_id, row.starts_at, at)
    return row


def check_ahead(session: Session, appointment_id: int, at: datetime) -> None:
    """Raise RecordsError where the booking cannot be moved any more; the caller has locked the timetable."""
    row = fetch(session, Appointment, appointment_id, lock=True)
    if row is None:
        raise NotFound(NOT_THERE)
    _still_ahead(row, MOVED, at)


def keep(  # noqa: PLR0917 - whose time, which, for whom, until when, now
    session: Session, row: Appointment, starts_at: datetime, until: datetime, attempt_id: str, at: datetime
) -> SlotHold | None:
    """Keep a free time of the same specialist while it is read out; None where somebody was faster."""
    if why_not(session, row.employee_id, starts_at, at):
        return None
    hold = keep_for_list(session, row.employee_id, starts_at, until, at)
    hold.family_id = row.family_id
    session.flush()
    details = {"attempt": attempt_id}
    write(session, Actor(None, ROBOT), "slot.hold", subject="slot_hold", subject_id=hold.id, details=details, at=at)
    return hold


def give_back(session: Session, hold_id: int, at: datetime) -> None:
    """The kept time is anybody's again; given back already, or booked: nothing changes."""
    hold = fetch(session, SlotHold, hold_id, lock=True)
    if hold is not None and hold.released_at is None:
        hold.released_at = min(at, hold.until)
        session.flush()
        write(session, Actor(None, ROBOT), "slot.release", subject="slot_hold", subject_id=hold.id, at=at)


def move(session: Session, appointment_id: int, hold_id: int, attempt_id: str, at: datetime) -> Appointment:
    """To the kept time, with the same specialist and in the same way; the new booking is returned.

    Moved there already: the booking that it became. Raises RecordsError (SlotTaken too) where the time or the booking
    is no longer as it was.
    """
    hold = fetch(session, SlotHold, hold_id)
    row = _held(session, appointment_id)
    if hold is None or hold.employee_id != row.employee_id:
        raise NotFound("Такого времени не предлагали.")
    successor = session.scalars(select(Appointment).where(Appointment.moved_from_id == row.id)).one_or_none()
    if successor is not None and successor.starts_at == hold.starts_at:
        return successor
    _still_ahead(row, MOVED, at)
    session.refresh(hold, with_for_update=True)
    if hold.released_at is None:
        hold.released_at = at  # ours: it must not stand in the way of its own booking
        session.flush()
    # Who booked the family once has booked it: nobody of the office has chosen the new time.
    booker = session.get_one(Employee, row.booked_by_id)
    row.state = MOVED
    wanted = Wanted(
        employee_id=row.employee_id,
        starts_at=hold.starts_at,
        mode=row.mode,
        topic=row.topic,
        family_id=row.family_id,
        person_id=row.person_id,
        remote_explained=row.remote_explained,
        long_support=row.long_support,
    )
    new = place(session, wanted, row.applicant_name, booker, at, moving=row)
    new.moved_from_id, new.call_id, new.entry_id = row.id, row.call_id, row.entry_id
    _become(session, row, MOVED, at, BY_KEY)
    session.add(AppointmentEvent(appointment_id=new.id, at=at, employee_id=None, state=new.state))
    session.flush()
    linking.left_by_key(session, row, at)
    linking.booked_by_key(session, new, at)
    _log(session, "appointment.move", row, attempt_id, at, successor=new.id)
    if row.starts_at > at:
        waiting_offers.offer(session, row.employee_id, row.starts_at, at)
    return new


def _held(session: Session, appointment_id: int) -> Appointment:
    """The appointment, locked after its specialist's timetable, as a booking does it: nobody waits crosswise."""
    known = fetch(session, Appointment, appointment_id)
    if known is None:
        raise NotFound(NOT_THERE)
    waiting_offers.lock_quietly(session, known.employee_id)
    return fetch(session, Appointment, appointment_id, lock=True) or known


def _still_ahead(row: Appointment, state: str, at: datetime) -> None:
    if row.state not in AHEAD or row.starts_at <= at:
        raise RecordsError(f"Запись уже в состоянии «{STATES[row.state]}»: «{STATES[state]}» отметить нельзя.")


def _become(session: Session, row: Appointment, state: str, at: datetime, reason: str = "") -> None:
    row.state, row.state_at, row.state_reason = state, at, reason
    row.version += 1
    session.add(AppointmentEvent(appointment_id=row.id, at=at, employee_id=None, state=state))
    session.flush()
    withdraw(session, row.id, STATES[state], at, source=ROBOT)


def _log(session: Session, action: str, row: Appointment, attempt_id: str, at: datetime, **details: object) -> None:
    write(
        session,
        Actor(None, ROBOT),
        action,
        subject="appointment",
        subject_id=row.id,
        family_id=row.family_id,
        details={"specialist": row.employee_id, "attempt": attempt_id, **details},
        at=at,
    )
