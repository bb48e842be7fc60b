"""An appointment from «запланировано» to its end: confirmed, took place, missed, called off, moved (domain.md §5.3).

Every verb takes the version that the page showed; the same step again changes nothing. A time that is given back is
offered to whoever waits for it.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.appointments import linking, waiting_offers
from crm.appointments.access import BOOKERS, NOT_THERE, fetch_appointment, may_change
from crm.appointments.booking import Wanted, log, note_event, place
from crm.appointments.holding import lock
from crm.appointments.tables import (
    AHEAD,
    CANCELLED,
    CONFIRMED,
    DONE,
    MOVED,
    NO_SHOW,
    STATES,
    Appointment,
)
from crm.dialler.withdrawing import withdraw
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.staff import Employee

CANCELLED_BY = {"family": "семья", "service": "служба"}


def confirm(
    session: Session, appointment_id: int, version: int, employee: Employee, at: datetime, *, ip: str = ""
) -> Appointment:
    """The family says that it will come."""
    return _step(session, appointment_id, version, CONFIRMED, employee, at, ip=ip)


def done(
    session: Session, appointment_id: int, version: int, employee: Employee, at: datetime, *, ip: str = ""
) -> Appointment:
    """It took place. Raises RecordsError before its time."""
    return _step(session, appointment_id, version, DONE, employee, at, ip=ip)


def no_show(
    session: Session, appointment_id: int, version: int, employee: Employee, at: datetime, *, ip: str = ""
) -> Appointment:
    """Nobody came. Raises RecordsError before its time."""
    return _step(session, appointment_id, version, NO_SHOW, employee, at, ip=ip)


def cancel(  # noqa: PLR0917 - which, by whom, why, when: as in every verb
    session: Session,
    appointment_id: int,
    version: int,
    cancelled_by: str,
    reason: str,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> Appointment:
    """Called off by the family or by us, always with a reason; the time is free again. Raises Incomplete."""
    why = clean_text(reason, 1000)
    wrong = {} if cancelled_by in CANCELLED_BY else {"cancelled_by": "Отметьте, кто отменил."}
    if not why:
        wrong["reason"] = "Укажите причину."
    if wrong:
        raise Incomplete(wrong)
    row = _step(session, appointment_id, version, CANCELLED, employee, at, reason=why, by=cancelled_by, ip=ip)
    if row.starts_at > at and row.state_at == at:
        waiting_offers.offer(session, row.employee_id, row.starts_at, at)
    return row


def move(  # noqa: PLR0917 - which, to where, why, when: as in every verb
    session: Session,
    appointment_id: int,
    version: int,
    starts_at: datetime,
    reason: str,
    employee: Employee,
    at: datetime,
    *,
    employee_id: int | None = None,
    mode: str = "",
    hold_id: int | None = None,
    ip: str = "",
) -> Appointment:
    """To another time, or another specialist: the old one stays in the history, the new one is returned.

    Moved there already (the form sent twice): the appointment that it became. Raises SlotTaken, RecordsError,
    Incomplete as `booking.book`; StaleVersion; NotFound.
    """
    row = _seen(session, appointment_id, employee, bookers=True)
    target = employee_id or row.employee_id
    for one in sorted({row.employee_id, target}):
        lock(session, one) if one == target else waiting_offers.lock_quietly(session, one)
    row = _seen(session, appointment_id, employee, bookers=True, locked=True)
    successor = session.scalars(select(Appointment).where(Appointment.moved_from_id == row.id)).one_or_none()
    if successor is not None and (successor.employee_id, successor.starts_at) == (target, starts_at):
        return successor
    _check(row, version, MOVED)
    row.state = MOVED
    wanted = Wanted(
        employee_id=target,
        starts_at=starts_at,
        mode=mode or row.mode,
        topic=row.topic,
        family_id=row.family_id,
        person_id=row.person_id,
        remote_explained=row.remote_explained,
        long_support=row.long_support,
    )
    new = place(session, wanted, row.applicant_name, employee, at, hold_id=hold_id, moving=row)
    new.moved_from_id, new.call_id, new.entry_id = row.id, row.call_id, row.entry_id
    _become(session, row, MOVED, employee, at, clean_text(reason, 1000))
    note_event(session, new, employee, at)
    linking.left(session, row, employee, at, ip=ip)
    linking.booked(session, new, employee, at, ip=ip)
    log(session, "appointment.move", row, employee, at, ip, successor=new.id)
    if row.starts_at > at:
        waiting_offers.offer(session, row.employee_id, row.starts_at, at)
    return new


def _step(  # noqa: PLR0917 - which, to what, by whom, when
    session: Session,
    appointment_id: int,
    version: int,
    state: str,
    employee: Employee,
    at: datetime,
    *,
    reason: str = "",
    by: str = "",
    ip: str = "",
) -> Appointment:
    known = _seen(session, appointment_id, employee, bookers=False)
    waiting_offers.lock_quietly(session, known.employee_id)  # before the row, as a booking does: nobody waits crosswise
    row = _seen(session, appointment_id, employee, bookers=False, locked=True)
    if row.state == state and (not by or row.cancelled_by == by):
        return row
    _check(row, version, state)
    if state in (DONE, NO_SHOW) and row.starts_at > at:
        raise RecordsError("Это время ещё не наступило. Отметить можно после начала приёма.")
    row.cancelled_by = by
    _become(session, row, state, employee, at, reason)
    if state != CONFIRMED:
        linking.left(session, row, employee, at, ip=ip)
    whose = {"whose": f"{by}_side"} if by else {}
    log(session, "appointment.step", row, employee, at, ip, state=state, **whose)
    return row


def _seen(
    session: Session, appointment_id: int, employee: Employee, *, bookers: bool, locked: bool = False
) -> Appointment:
    row = fetch_appointment(session, appointment_id, employee, lock=locked)
    if not may_change(row, employee) or (bookers and employee.role not in BOOKERS):
        raise NotFound(NOT_THERE)
    return row


def _check(row: Appointment, version: int, state: str) -> None:
    """Raise StaleVersion where somebody was faster, RecordsError where nothing can come after its state."""
    if row.version != version:
        raise StaleVersion({"state": row.state}, row.version)
    if row.state not in AHEAD:
        raise RecordsError(f"Запись уже в состоянии «{STATES[row.state]}»: «{STATES[state]}» отметить нельзя.")


def _become(  # noqa: PLR0917 - which, what, by whom, when, why
    session: Session, row: Appointment, state: str, employee: Employee, at: datetime, reason: str
) -> None:
    row.state, row.state_at, row.state_reason = state, at, reason
    row.version += 1
    note_event(session, row, employee, at)
    session.flush()
    withdraw(session, row.id, STATES[state], at, source=f"employee-{employee.id}")
