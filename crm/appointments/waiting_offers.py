"""A freed time goes to whoever waits for one: kept for two hours while the family is asked (anchors, idea 3).

The list is a line: who asked first is offered first; declined or not decided in time, the next one is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import search_key
from crm.appointments.holding import HOLD, keep_for_list, lock
from crm.appointments.slots import slot_at, why_not
from crm.appointments.tables import Appointment, SlotHold, WaitingOffer, WaitingWish
from crm.appointments.timetable import zone
from crm.appointments.wishes import suits
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import NotFound, RecordsError
from crm.family_tables import ACTIVE, Family
from crm.staff import Employee
from crm.visibility import seen_family

OFFER = timedelta(hours=2)
SOONEST = timedelta(minutes=30)
"""A time that begins sooner is offered to nobody: the family could not come."""
OPEN, ACCEPTED, DECLINED, EXPIRED = "open", "accepted", "declined", "expired"
NOT_THERE = "Такого предложения нет."


def offer(session: Session, employee_id: int, starts_at: datetime, at: datetime) -> WaitingOffer | None:
    """Offer this free time to the first whom it suits; None where it suits nobody or is not free."""
    if starts_at - at < SOONEST:
        return None
    try:
        lock(session, employee_id)
    except RecordsError:
        return None
    session.flush()
    if why_not(session, employee_id, starts_at, at):
        return None
    wish = _first(session, employee_id, starts_at)
    if wish is None:
        return None
    hold = keep_for_list(session, employee_id, starts_at, min(at + OFFER, starts_at), at)
    row = WaitingOffer(wish_id=wish.id, hold_id=hold.id, state=OPEN, offered_at=at)
    session.add(row)
    session.flush()
    write(session, Actor(None, "лист ожидания"), "waiting.offer", subject="waiting_wish", subject_id=wish.id, at=at)
    return row


def take(
    session: Session, offer_id: int, call_id: int | None, employee: Employee, at: datetime, *, ip: str = ""
) -> SlotHold:
    """The family wants the time: it is the operator's for five minutes, and becomes a booking by `booking.book`."""
    _, hold, wish = _open(session, offer_id, employee, at)
    hold.holder_id, hold.call_id, hold.family_id, hold.until = employee.id, call_id, wish.family_id, at + HOLD
    session.flush()
    write(session, Actor.of(employee, ip), "slot.hold", subject="slot_hold", subject_id=hold.id, at=at)
    return hold


def decline(session: Session, offer_id: int, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """The time does not suit; the wish stays on the list, the time goes to the next. Declined already: nothing."""
    known = fetch(session, WaitingOffer, offer_id)
    if known is not None and known.state == DECLINED and known.decided_by_id == employee.id:
        return
    row, hold, _ = _open(session, offer_id, employee, at)
    _end(session, row, hold, DECLINED, employee, at)
    write(session, Actor.of(employee, ip), "waiting.decline", subject="waiting_wish", subject_id=row.wish_id, at=at)
    offer(session, hold.employee_id, hold.starts_at, at)


def booked(session: Session, hold_id: int, appointment: Appointment, employee: Employee, at: datetime) -> None:
    """The hold that was booked came from the list: the wish is fulfilled. Any other hold: nothing."""
    row = session.scalars(select(WaitingOffer).where(WaitingOffer.hold_id == hold_id)).one_or_none()
    if row is None or row.state != OPEN:
        return
    row.state, row.decided_at, row.decided_by_id, row.appointment_id = ACCEPTED, at, employee.id, appointment.id
    wish = session.get_one(WaitingWish, row.wish_id, with_for_update=True)
    wish.state, wish.state_at = "booked", at
    session.flush()


def expire(session: Session, at: datetime) -> int:
    """Offers whose time is over go to the next in the line; return how many ended. Run from time to time."""
    statement = (
        select(WaitingOffer, SlotHold)
        .join(SlotHold, SlotHold.id == WaitingOffer.hold_id)
        .where(WaitingOffer.state == OPEN, (SlotHold.until <= at) | SlotHold.released_at.is_not(None))
        .order_by(SlotHold.employee_id, WaitingOffer.id)
    )
    over = session.execute(statement).all()
    for row, hold in over:
        lock_quietly(session, hold.employee_id)
        session.refresh(row, with_for_update=True)
        if row.state == OPEN:
            _end(session, row, hold, EXPIRED, None, at)
            offer(session, hold.employee_id, hold.starts_at, at)
    return len(over)


def lock_quietly(session: Session, employee_id: int) -> None:
    """The timetable's row, also of somebody who no longer works here."""
    try:
        lock(session, employee_id)
    except RecordsError:
        return


def _first(session: Session, employee_id: int, starts_at: datetime) -> WaitingWish | None:
    """Who has waited longest of those whom the time suits and who have not been offered it before."""
    slot = slot_at(session, employee_id, starts_at)
    specialist = session.get_one(Employee, employee_id)
    had = (
        select(WaitingOffer.wish_id)
        .join(SlotHold, SlotHold.id == WaitingOffer.hold_id)
        .where(
            (WaitingOffer.state == OPEN) | ((SlotHold.employee_id == employee_id) & (SlotHold.starts_at == starts_at))
        )
    )
    statement = (
        select(WaitingWish)
        .outerjoin(Family, Family.id == WaitingWish.family_id)
        .where(WaitingWish.state == "waiting", WaitingWish.id.not_in(had))
        .where(WaitingWish.family_id.is_(None) | (Family.state == ACTIVE))
        .order_by(WaitingWish.entered_at, WaitingWish.id)
    )
    local = starts_at.astimezone(zone(session))
    position = search_key(specialist.position)
    for wish in session.scalars(statement):
        whom = wish.employee_id == employee_id or (
            wish.employee_id is None and (not wish.profession or search_key(wish.profession) == position)
        )
        if whom and slot is not None and suits(wish.weekdays, wish.starts, wish.ends, wish.mode, local, slot.modes):
            return wish
    return None


def _open(
    session: Session, offer_id: int, employee: Employee, at: datetime
) -> tuple[WaitingOffer, SlotHold, WaitingWish]:
    """The offer, its hold and its wish, the timetable locked. Raises NotFound, RecordsError where it is over."""
    known = fetch(session, WaitingOffer, offer_id)
    if known is None:
        raise NotFound(NOT_THERE)
    wish = session.get_one(WaitingWish, known.wish_id)
    if wish.family_id is not None and seen_family(session, wish.family_id, employee) is None:
        raise NotFound(NOT_THERE)
    hold = session.get_one(SlotHold, known.hold_id)
    lock(session, hold.employee_id)
    session.refresh(known, with_for_update=True)
    session.refresh(hold, with_for_update=True)
    if known.state != OPEN or hold.released_at is not None or hold.until <= at:
        raise RecordsError("Это время больше не предлагается. Обновите страницу.")
    if hold.holder_id not in (None, employee.id):
        raise RecordsError("Это время уже предлагает семье другой сотрудник.")
    return known, hold, wish


def _end(  # noqa: PLR0917 - which, how, by whom, when
    session: Session, row: WaitingOffer, hold: SlotHold, state: str, employee: Employee | None, at: datetime
) -> None:
    row.state, row.decided_at, row.decided_by_id = state, at, employee.id if employee else None
    if hold.released_at is None:
        hold.released_at = min(at, hold.until)
    session.flush()


def open_offers(session: Session, wish_ids: Sequence[int], at: datetime) -> dict[int, tuple[WaitingOffer, SlotHold]]:
    """The standing offer of each of these wishes, if there is one."""
    statement = (
        select(WaitingOffer, SlotHold)
        .join(SlotHold, SlotHold.id == WaitingOffer.hold_id)
        .where(WaitingOffer.wish_id.in_(wish_ids), WaitingOffer.state == OPEN)
        .where(SlotHold.released_at.is_(None), SlotHold.until > at)
    )
    return {row.wish_id: (row, hold) for row, hold in session.execute(statement)}
