"""Booking a time: one wins, whoever comes at the same moment reads who was first (domain.md §11 check 10; S29).

Every booking of a specialist locks his timetable's row, looks what is taken, and writes; the unique index on the time
stands behind it. What becomes of an appointment afterwards: `crm.appointments.steps`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.appointments import linking, waiting_offers
from crm.appointments.access import BOOKERS
from crm.appointments.holding import lock, own_hold
from crm.appointments.refusals import refuse_taken
from crm.appointments.slots import slot_at, why_not
from crm.appointments.tables import MODES, PLANNED, Appointment, AppointmentEvent
from crm.audit import Actor, write
from crm.base import fetch
from crm.call_tables import CallRecord
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import ACTIVE, Person
from crm.journal_tables import JournalEntry, of_call
from crm.staff import Employee, Role
from crm.visibility import seen_family


@dataclass(frozen=True)
class Wanted:
    """What the operator and the applicant agreed. `starts_at` aware; `mode` a key of MODES.

    `remote_explained`: «о дистанционном формате проинформирован» (A-29); `long_support`: A-26.
    """

    employee_id: int
    starts_at: datetime
    mode: str = "office"
    applicant_name: str = ""
    topic: str = ""
    family_id: int | None = None
    person_id: int | None = None
    remote_explained: bool = False
    long_support: bool = False
    call_id: int | None = None
    entry_id: int | None = None


def book(
    session: Session,
    wanted: Wanted,
    employee: Employee,
    at: datetime,
    *,
    hold_id: int | None = None,
    form_key: str = "",
    ip: str = "",
) -> Appointment:
    """Book the time; the same form (`form_key`) sent again returns the appointment that it made.

    `hold_id` is the booker's own hold, given up by this; one whose five minutes are over does not matter while the time
    is free. Raises `refusals.SlotTaken` with who was first and what is free next, RecordsError for a time that cannot
    be (B77), Incomplete by field, NotFound for a family or a call that the booker may not know.
    """
    if employee.role not in BOOKERS:
        raise NotFound("Такого времени нет.")
    lock(session, wanted.employee_id)
    made = _made_by(session, form_key, employee)
    if made is not None:
        return made
    applicant = _checked(session, wanted, employee)
    row = place(session, wanted, applicant, employee, at, hold_id=hold_id)
    row.form_key = form_key or None
    entry = _entry(session, wanted, employee)
    row.call_id, row.entry_id = wanted.call_id, entry.id if entry else None
    note_event(session, row, employee, at)
    if hold_id is not None:
        waiting_offers.booked(session, hold_id, row, employee, at)
    linking.booked(session, row, employee, at, ip=ip)
    log(session, "appointment.book", row, employee, at, ip)
    return row


def place(
    session: Session,
    wanted: Wanted,
    applicant: str,
    employee: Employee,
    at: datetime,
    *,
    hold_id: int | None = None,
    moving: Appointment | None = None,
) -> Appointment:
    """Write the row of a time that is free; the caller has locked the timetable. Raises SlotTaken, RecordsError.

    `moving` is the appointment that gives its own time up for this one.
    """
    mine = _live_own_hold(session, hold_id, employee, at)
    reason = why_not(
        session,
        wanted.employee_id,
        wanted.starts_at,
        at,
        but_hold=mine,
        but_appointment=moving.id if moving else None,
    )
    slot = slot_at(session, wanted.employee_id, wanted.starts_at)
    if reason or slot is None:
        refuse_taken(session, wanted.employee_id, wanted.starts_at, at, reason)
        raise RecordsError(reason)
    if wanted.mode not in slot.modes:
        known = ", ".join(MODES[one] for one in slot.modes if one in MODES)
        raise Incomplete({"mode": f"В это время приём только {known}."})
    if hold_id is not None and mine is not None:
        own_hold(session, hold_id, employee, at).released_at = at
    if moving is not None:
        session.flush()  # the old row leaves the unique index before the new one enters it
    row = Appointment(
        employee_id=wanted.employee_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        mode=wanted.mode,
        room=slot.room if wanted.mode == "office" else "",
        state=PLANNED,
        state_at=at,
        family_id=wanted.family_id,
        person_id=wanted.person_id,
        applicant_name=applicant,
        topic=clean_line(wanted.topic, 200),
        remote_explained=wanted.remote_explained,
        long_support=wanted.long_support,
        booked_by_id=employee.id,
        booked_at=at,
    )
    session.add(row)
    session.flush()
    return row


def note_event(session: Session, row: Appointment, employee: Employee, at: datetime) -> None:
    """One line of the appointment's history."""
    session.add(AppointmentEvent(appointment_id=row.id, at=at, employee_id=employee.id, state=row.state))
    session.flush()


def log(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, action: str, row: Appointment, employee: Employee, at: datetime, ip: str, **details: object
) -> None:
    """Write the audit entry of an appointment: ids and codes only."""
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="appointment",
        subject_id=row.id,
        family_id=row.family_id,
        details={"specialist": row.employee_id, **details},
        at=at,
    )


def _made_by(session: Session, form_key: str, employee: Employee) -> Appointment | None:
    """What this form has booked already. Raises NotFound for somebody else's form."""
    if not form_key:
        return None
    row = session.scalars(select(Appointment).where(Appointment.form_key == form_key)).one_or_none()
    if row is not None and row.booked_by_id != employee.id:
        raise NotFound("Такой записи на приём нет.")
    return row


def _live_own_hold(session: Session, hold_id: int | None, employee: Employee, at: datetime) -> int | None:
    """The hold, if it still stands; over, it helps nobody and hinders nobody."""
    if hold_id is None:
        return None
    try:
        return own_hold(session, hold_id, employee, at).id
    except NotFound:
        raise
    except RecordsError:
        return None


def _checked(session: Session, wanted: Wanted, employee: Employee) -> str:
    """The applicant's name. Raises Incomplete without one, NotFound for a card that is none of the booker's."""
    if wanted.mode not in MODES:
        raise Incomplete({"mode": "Выберите, как пройдёт приём."})
    if wanted.family_id is not None:
        family = seen_family(session, wanted.family_id, employee)
        if family is None or family.state != ACTIVE:
            raise NotFound("Такой карточки нет.")
    if wanted.person_id is not None:
        person = fetch(session, Person, wanted.person_id)
        if person is None or person.family_id != wanted.family_id or person.left_at is not None:
            raise NotFound("Такого человека нет в карточке.")
    name = clean_line(wanted.applicant_name, 200)
    if not name:
        raise Incomplete({"applicant_name": "Укажите, кто придёт на приём."})
    return name


def _entry(session: Session, wanted: Wanted, employee: Employee) -> JournalEntry | None:
    """The journal row that the booking belongs to: the named one, or the call's."""
    if wanted.call_id is not None and not took_part(session, wanted.call_id, employee):
        raise NotFound("Такого звонка нет.")
    entry = fetch(session, JournalEntry, wanted.entry_id) if wanted.entry_id is not None else None
    if entry is None and wanted.call_id is not None:
        entry = session.scalars(of_call(wanted.call_id)).one_or_none()
    if entry is None or (wanted.entry_id is not None and not linking.may_link(session, entry, employee)):
        return None
    return entry


def took_part(session: Session, call_id: int, employee: Employee) -> bool:
    """Whether the call rang at this employee's telephone or she made it; the head may book for any."""
    call = fetch(session, CallRecord, call_id)
    if call is None:
        return False
    return (
        employee.role == Role.HEAD.value
        or call.employee_id == employee.id
        or any(leg.employee_id == employee.id for leg in call.legs)
    )
