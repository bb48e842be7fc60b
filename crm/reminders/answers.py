"""What a family does by a key in a reminder call (domain.md §9.2 S-3, key by key).

Every verb is told the attempt, proves that the attempt was about this booking, and can be asked twice: the second time
it finds everything done. It raises RecordsError where the booking or the time is no longer as it was; then a person
calls. Beside the change stands a line of the attempt's story, in the same transaction. What a key means in calls of
every kind is `crm.dialler.keys`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.appointments import by_family
from crm.appointments.holding import HOLD
from crm.appointments.slots import nearest
from crm.appointments.tables import Appointment, SlotHold
from crm.appointments.timetable import zone
from crm.appointments.waiting_offers import lock_quietly
from crm.base import fetch
from crm.dialler.keys import attempt_of, say_once
from crm.dialler.tables import DialEvent, DialSubject
from crm.errors import NotFound
from crm.reminders import offering

NOT_ABOUT_IT = "Этот звонок не об этой записи."
_OFFERS = "offers"


@dataclass(frozen=True)
class Offer:
    """A free time, kept while it is read out. `starts_at` UTC."""

    hold_id: int
    starts_at: datetime


def confirm(session: Session, attempt_id: str, appointment_id: int, at: datetime) -> Appointment:
    """Key 1: the family will come."""
    _about(session, attempt_id, appointment_id)
    row = by_family.confirm(session, appointment_id, attempt_id, at)
    say_once(session, attempt_id, "confirm", str(appointment_id), at)
    return row


def cancel(session: Session, attempt_id: str, appointment_id: int, at: datetime) -> Appointment:
    """Key 3 and «да»: the time is free, and offered to whoever waits for one."""
    _about(session, attempt_id, appointment_id)
    row = by_family.cancel(session, appointment_id, attempt_id, at)
    say_once(session, attempt_id, "cancel", str(appointment_id), at)
    return row


def offers(session: Session, attempt_id: str, appointment_id: int, at: datetime) -> Sequence[Offer]:
    """Key 2: at most two free times with the same specialist, in the same way of meeting, kept for five minutes.

    Asked again in the same call, the same ones. Raises RecordsError where the booking cannot be moved any more.
    """
    row = _about(session, attempt_id, appointment_id)
    lock_quietly(session, row.employee_id)
    by_family.check_ahead(session, appointment_id, at)
    known = _offered(session, attempt_id, appointment_id)
    standing = [one for one in known if one.released_at is None and one.until > at]
    if not standing:
        slots = nearest(session, [row.employee_id], at, offering.LOOKED_AT)[row.employee_id]
        times = offering.choose(slots, row.mode, at, zone(session))
        kept = (by_family.keep(session, row, one, at + HOLD, attempt_id, at) for one in times)
        standing = [hold for hold in kept if hold is not None]
        holds = ",".join(str(hold.id) for hold in standing)
        say_once(session, attempt_id, _OFFERS, f"{appointment_id}:{holds}", at)
    return [Offer(hold.id, hold.starts_at) for hold in standing]


def move(session: Session, attempt_id: str, appointment_id: int, choice: int, at: datetime) -> Appointment:
    """The first (1) or the second (2) of the times read out. Returns the booking that it became.

    Raises RecordsError (SlotTaken) where somebody was faster, NotFound for a time that was not offered.
    """
    _about(session, attempt_id, appointment_id)
    known = _offered(session, attempt_id, appointment_id)
    if not 1 <= choice <= len(known):
        raise NotFound("Такого времени не предлагали.")
    new = by_family.move(session, appointment_id, known[choice - 1].id, attempt_id, at)
    say_once(session, attempt_id, "move", f"{appointment_id}:{new.id}", at)
    release(session, attempt_id, at)
    return new


def release(session: Session, attempt_id: str, at: datetime) -> None:
    """Times that were kept for this call are anybody's again; called at its end, whatever it was."""
    said = select(DialEvent.detail).where(DialEvent.attempt_id == attempt_id, DialEvent.what == _OFFERS)
    for detail in session.scalars(said).all():
        for hold_id in _ids(detail):
            by_family.give_back(session, hold_id, at)


def room_of(session: Session, appointment_id: int) -> str:
    """The room that the words of the new time may name."""
    row = fetch(session, Appointment, appointment_id)
    return row.room if row is not None else ""


def _about(session: Session, attempt_id: str, appointment_id: int) -> Appointment:
    """The booking, if this attempt was made about it. Raises NotFound."""
    attempt = attempt_of(session, attempt_id)
    mine = select(DialSubject.id).where(
        DialSubject.task_id == attempt.task_id, DialSubject.appointment_id == appointment_id
    )
    row = fetch(session, Appointment, appointment_id)
    if row is None or session.scalar(mine.limit(1)) is None:
        raise NotFound(NOT_ABOUT_IT)
    return row


def _offered(session: Session, attempt_id: str, appointment_id: int) -> list[SlotHold]:
    """The times last kept for this booking in this call, in the order in which they were read out."""
    said = select(DialEvent.detail).where(DialEvent.attempt_id == attempt_id, DialEvent.what == _OFFERS)
    own = [detail for detail in session.scalars(said.order_by(DialEvent.id)) if detail.startswith(f"{appointment_id}:")]
    found = (fetch(session, SlotHold, one) for one in (_ids(own[-1]) if own else ()))
    return [hold for hold in found if hold is not None]


def _ids(detail: str) -> list[int]:
    return [int(one) for one in detail.partition(":")[2].split(",") if one.isdecimal()]
