"""What is free: the nearest times of several specialists at once, and why a time is not free (A-24, A-25)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.slot_refusal import refusal
from callflow.slots import Busy, Slot, day_slots, free_slots
from crm.appointments.tables import OCCUPYING, Appointment, SlotHold
from crm.appointments.timetable import Known, known_of
from crm.specialists import absences
from crm.specialists.absence_rules import TITLES
from crm.staff import Employee

HORIZON = timedelta(days=60)
"""How far ahead the nearest times are looked for."""


def nearest(
    session: Session,
    employee_ids: Iterable[int],
    at: datetime,
    count: int = 3,
    *,
    known: dict[int, Known] | None = None,
) -> dict[int, list[Slot]]:
    """The first `count` free times of each of these specialists from `at` on, of two months; [] where there is none.

    Six questions, however many specialists, fewer with their timetables (`known`). Whoever has none is in the answer
    with [].
    """
    wanted = list(employee_ids)
    if known is None:
        known = known_of(session, wanted)
    busy = taken(session, known, at, at + HORIZON, at)
    found: dict[int, list[Slot]] = {one: [] for one in wanted}
    for one, hours in known.items():
        found[one] = list(islice(free(hours, busy[one], at, at), count))
    return found


def free(known: Known, busy: Sequence[Busy], since: datetime, at: datetime) -> Iterable[Slot]:
    """The free times of one specialist from `since` on, nearest first."""
    return free_slots(known.timetable, known.exceptions, known.calendar, busy, since, since + HORIZON, at)


def taken(
    session: Session,
    employee_ids: Iterable[int],
    since: datetime,
    until: datetime,
    at: datetime,
    *,
    but_hold: int | None = None,
    but_appointment: int | None = None,
) -> dict[int, list[Busy]]:
    """What cannot be had of each of these specialists in [since, until): booked, held at `at`, away.

    `but_hold` and `but_appointment` are one's own: they do not stand in one's way.
    """
    wanted = list(employee_ids)
    found: dict[int, list[Busy]] = {one: [] for one in wanted}
    booked = (
        select(Appointment, Employee)
        .join(Employee, Employee.id == Appointment.booked_by_id)
        .where(Appointment.employee_id.in_(wanted), Appointment.state.in_(OCCUPYING))
        .where(Appointment.ends_at > since - timedelta(days=1), Appointment.starts_at < until)
    )
    for row, author in session.execute(booked):
        if row.id != but_appointment:
            words = f"время уже занято, записал сотрудник {author.short_name}"
            found[row.employee_id].append(Busy(row.starts_at, row.ends_at, words))
    for hold, holder in live_holds(session, wanted, at):
        if hold.id != but_hold:
            found[hold.employee_id].append(Busy(hold.starts_at, hold.ends_at, held_words(holder)))
    for absence in absences.within(session, wanted, since, until):
        words = f"специалиста не будет ({TITLES.get(absence.kind, 'отсутствие')})"
        found[absence.employee_id].append(Busy(absence.since, absence.until, words, paused=False))
    return found


def live_holds(session: Session, employee_ids: Iterable[int], at: datetime) -> list[tuple[SlotHold, Employee | None]]:
    """The holds of these specialists' times that stand at `at`, each with who holds it (None: the waiting list)."""
    statement = (
        select(SlotHold, Employee)
        .outerjoin(Employee, Employee.id == SlotHold.holder_id)
        .where(SlotHold.employee_id.in_(list(employee_ids)), SlotHold.released_at.is_(None), SlotHold.until > at)
    )
    return [(hold, holder) for hold, holder in session.execute(statement)]


def held_words(holder: Employee | None) -> str:
    """«время держит Заяц П. И.»."""
    return f"время держит {holder.short_name}" if holder else "время предложено по листу ожидания"


def why_not(
    session: Session,
    employee_id: int,
    starts_at: datetime,
    at: datetime,
    *,
    but_hold: int | None = None,
    but_appointment: int | None = None,
) -> str:
    """Why this time cannot be booked, in a sentence; '' when it can (reliability.md B77)."""
    known = known_of(session, [employee_id]).get(employee_id)
    if known is None:
        return "У этого специалиста нет расписания приёма."
    day = timedelta(days=1)
    busy = taken(
        session,
        [employee_id],
        starts_at - day,
        starts_at + day,
        at,
        but_hold=but_hold,
        but_appointment=but_appointment,
    )
    return refusal(starts_at, known.timetable, known.exceptions, known.calendar, busy[employee_id], at)


def slot_at(session: Session, employee_id: int, starts_at: datetime) -> Slot | None:
    """The time of the timetable that begins then, free or not."""
    known = known_of(session, [employee_id]).get(employee_id)
    if known is None:
        return None
    day = starts_at.astimezone(known.calendar.zone).date()
    offered = day_slots(known.timetable, known.exceptions, known.calendar, day)
    return next((one for one in offered if one.starts_at == starts_at.astimezone(UTC)), None)
