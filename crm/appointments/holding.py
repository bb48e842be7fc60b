"""A time kept for five minutes while the operator asks whether it suits; nobody else can have it (domain.md §5.3).

A hold ends by itself at `until`; whoever presses another time gives the first one back.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.appointments.access import BOOKERS
from crm.appointments.refusals import refuse_taken
from crm.appointments.slots import slot_at, why_not
from crm.appointments.tables import SlotHold, Timetable
from crm.appointments.timetable import NO_TIMETABLE
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import NotFound, RecordsError
from crm.staff import Employee

HOLD = timedelta(minutes=5)
GONE = "Время больше не удерживается: прошло пять минут. Нажмите на него ещё раз."


def lock(session: Session, employee_id: int) -> Timetable:
    """The specialist's timetable, locked until the commit: bookings of one specialist come one after the other.

    Raises NotFound for somebody who receives nobody, RecordsError for one who no longer works here.
    """
    row = fetch(session, Timetable, employee_id, lock=True)
    if row is None:
        raise NotFound(NO_TIMETABLE)
    employee = session.get(Employee, employee_id, populate_existing=True)
    if employee is None or not employee.active:
        raise RecordsError("Этот специалист больше не ведёт приём. Выберите другого.")
    return row


def hold(  # noqa: PLR0917 - whose time, which, for whom, now: the contract
    session: Session,
    employee_id: int,
    starts_at: datetime,
    holder: Employee,
    call_id: int | None,
    at: datetime,
    *,
    family_id: int | None = None,
    entry_id: int | None = None,
    ip: str = "",
) -> SlotHold:
    """Keep the time until five minutes from `at`; held by the same person already, for five minutes more.

    `family_id` is whom the holder books for, `entry_id` the appeal; the caller of this verb has let her see both.
    Raises `refusals.SlotTaken` with who was first and what is free next, RecordsError for an impossible time (B77).
    """
    if holder.role not in BOOKERS:
        raise NotFound(NO_TIMETABLE)
    lock(session, employee_id)
    own = _own(session, holder.id, at)
    same = next((one for one in own if (one.employee_id, one.starts_at) == (employee_id, starts_at)), None)
    reason = why_not(session, employee_id, starts_at, at, but_hold=same.id if same else None)
    slot = slot_at(session, employee_id, starts_at)
    if reason or slot is None:
        refuse_taken(session, employee_id, starts_at, at, reason)
        raise RecordsError(reason)
    for one in own:
        if one is not same:
            one.released_at = at
    if same is not None:
        same.until, same.call_id, same.family_id, same.entry_id = at + HOLD, call_id, family_id, entry_id
        return same
    _clear_expired(session, employee_id, at)
    row = SlotHold(
        employee_id=employee_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        holder_id=holder.id,
        call_id=call_id,
        family_id=family_id,
        entry_id=entry_id,
        held_at=at,
        until=at + HOLD,
    )
    session.add(row)
    session.flush()
    write(session, Actor.of(holder, ip), "slot.hold", subject="slot_hold", subject_id=row.id, at=at)
    return row


def keep_for_list(session: Session, employee_id: int, starts_at: datetime, until: datetime, at: datetime) -> SlotHold:
    """Keep a freed time for somebody on the waiting list. The caller has locked the timetable and asked `why_not`."""
    slot = slot_at(session, employee_id, starts_at)
    if slot is None:
        raise RecordsError("Такого времени в расписании нет.")
    _clear_expired(session, employee_id, at)
    row = SlotHold(
        employee_id=employee_id, starts_at=slot.starts_at, ends_at=slot.ends_at, holder_id=None, held_at=at, until=until
    )
    session.add(row)
    session.flush()
    return row


def any_own(session: Session, hold_id: int, holder: Employee, *, lock: bool = False) -> SlotHold:
    """The holder's hold, over or not. Raises NotFound for somebody else's."""
    row = fetch(session, SlotHold, hold_id, lock=lock)
    if row is None or row.holder_id != holder.id:
        raise NotFound("Такого удержания нет.")
    return row


def own_hold(session: Session, hold_id: int, holder: Employee, at: datetime) -> SlotHold:
    """The holder's standing hold. Raises NotFound for somebody else's, RecordsError for one whose time is over."""
    row = any_own(session, hold_id, holder)
    if row.released_at is not None or row.until <= at:
        raise RecordsError(GONE)
    return row


def standing(session: Session, holder: Employee, at: datetime) -> SlotHold | None:
    """The time that this person keeps now, if any: a page that is opened anew shows its form again."""
    statement = select(SlotHold).where(
        SlotHold.holder_id == holder.id, SlotHold.released_at.is_(None), SlotHold.until > at
    )
    return session.scalars(statement.order_by(SlotHold.id.desc()).limit(1)).first()


def release(session: Session, hold_id: int, holder: Employee, at: datetime, *, ip: str = "") -> SlotHold:
    """Give the time back; given back already, or over: nothing changes. Raises NotFound for somebody else's."""
    row = any_own(session, hold_id, holder, lock=True)
    if row.released_at is None:
        row.released_at = min(at, row.until)
        session.flush()
        write(session, Actor.of(holder, ip), "slot.release", subject="slot_hold", subject_id=row.id, at=at)
    return row


def _own(session: Session, holder_id: int, at: datetime) -> list[SlotHold]:
    statement = select(SlotHold).where(
        SlotHold.holder_id == holder_id, SlotHold.released_at.is_(None), SlotHold.until > at
    )
    return list(session.scalars(statement.with_for_update()))


def _clear_expired(session: Session, employee_id: int, at: datetime) -> None:
    """Mark what is over as given back: the index allows one unreleased hold of a time."""
    statement = update(SlotHold).where(
        SlotHold.employee_id == employee_id, SlotHold.released_at.is_(None), SlotHold.until <= at
    )
    session.execute(statement.values(released_at=SlotHold.until))
