"""Changing a timetable: hours of the week, dates that differ; by the head, or by the specialist herself (A-25).

Nothing booked is touched: what the hours no longer cover is listed as «требует переноса» (`reading.to_be_moved`).
"""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.slots import Reception
from callflow.text import clean_line
from crm.appointments.access import may_edit_timetable
from crm.appointments.tables import EXCEPTIONS, MODES, Timetable, TimetableException, TimetableInterval
from crm.appointments.timetable import intervals_of
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import Incomplete, NotFound, StaleVersion
from crm.staff import Employee, Role
from crm.upsert import insert_missing

DAY_MINUTES = 24 * 60
SHORTEST, LONGEST, LONGEST_PAUSE = 10, 240, 120
RECEIVERS = frozenset({Role.SPECIALIST.value, Role.HEAD.value, Role.COORDINATOR.value, Role.DISPATCHER.value})
"""Who can have a timetable."""
NOT_THERE = "Такого расписания нет."


def set_length(  # noqa: PLR0917 - whose, what, by whom, when: as in every verb
    session: Session,
    employee_id: int,
    slot_minutes: int,
    buffer_minutes: int,
    version: int,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> Timetable:
    """How long a reception lasts and the pause after it. `version` 0 begins a timetable. Raises Incomplete, NotFound,
    StaleVersion.
    """
    wrong = {}
    if not SHORTEST <= slot_minutes <= LONGEST:
        wrong["slot_minutes"] = f"От {SHORTEST} до {LONGEST} минут."
    if not 0 <= buffer_minutes <= LONGEST_PAUSE:
        wrong["buffer_minutes"] = f"От 0 до {LONGEST_PAUSE} минут."
    if wrong:
        raise Incomplete(wrong)
    row = _open(session, employee_id, version, employee, at)
    if (row.slot_minutes, row.buffer_minutes) != (slot_minutes, buffer_minutes):
        row.slot_minutes, row.buffer_minutes = slot_minutes, buffer_minutes
        _changed(session, row, employee, at, ip, what="length")
    return row


def add_hours(  # noqa: PLR0917 - as above
    session: Session,
    employee_id: int,
    reception: Reception,
    version: int,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
    instead_of: int | None = None,
) -> TimetableInterval:
    """Add hours of one weekday; with `instead_of` they replace those. The same hours again are the same row."""
    row = _open(session, employee_id, version, employee, at)
    wanted = replace(
        reception, room=clean_line(reception.room, 40), modes=tuple(m for m in MODES if m in reception.modes)
    )
    old = _hours(session, instead_of, row) if instead_of is not None else None
    wrong = _wrong(wanted) or _crossing(session, employee_id, wanted, instead_of)
    if wrong:
        raise Incomplete(wrong)
    if old is not None:
        old.ended_at = at
    new = TimetableInterval(
        employee_id=employee_id,
        weekday=wanted.weekday,
        starts=wanted.starts,
        ends=wanted.ends,
        break_starts=wanted.break_starts,
        break_ends=wanted.break_ends,
        modes=list(wanted.modes),
        room=wanted.room,
        valid_from=wanted.valid_from,
        valid_until=wanted.valid_until,
        entered_at=at,
        entered_by_id=employee.id,
    )
    session.add(new)
    _changed(session, row, employee, at, ip, what="hours")
    return new


def end_hours(
    session: Session, interval_id: int, version: int, employee: Employee, at: datetime, *, ip: str = ""
) -> Timetable:
    """Take hours out of the week; out already: nothing changes."""
    known = fetch(session, TimetableInterval, interval_id)
    if known is None or not may_edit_timetable(employee, known.employee_id):
        raise NotFound(NOT_THERE)
    if known.ended_at is not None:
        return session.get_one(Timetable, known.employee_id)
    row = _open(session, known.employee_id, version, employee, at)
    known.ended_at = at
    _changed(session, row, employee, at, ip, what="hours")
    return row


def add_exception(  # noqa: PLR0917 - as above
    session: Session,
    employee_id: int,
    day: date,
    kind: str,
    starts: int | None,
    ends: int | None,
    modes: tuple[str, ...],
    room: str,
    reason: str,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> TimetableException:
    """A date with other hours, no reception, or extra hours. The same again is the same row. Raises Incomplete."""
    row = _open(session, employee_id, None, employee, at)
    why, kept = clean_line(reason, 200), [one for one in MODES if one in modes]
    wrong = {}
    if kind not in EXCEPTIONS:
        wrong["kind"] = "Выберите, что меняется."
    if not why:
        wrong["reason"] = "Укажите причину."
    if kind != "closed":
        if starts is None or ends is None or not 0 <= starts < ends <= DAY_MINUTES:
            wrong["ends"] = "Укажите часы: окончание позже начала."
        if not kept:
            wrong["modes"] = "Отметьте, как проходит приём."
    if wrong:
        raise Incomplete(wrong)
    hours = (None, None) if kind == "closed" else (starts, ends)
    same = select(TimetableException).where(
        TimetableException.employee_id == employee_id,
        TimetableException.day == day,
        TimetableException.kind == kind,
        TimetableException.removed_at.is_(None),
    )
    for one in session.scalars(same):
        if (one.starts, one.ends) == hours:
            return one
    new = TimetableException(
        employee_id=employee_id,
        day=day,
        kind=kind,
        starts=hours[0],
        ends=hours[1],
        modes=[] if kind == "closed" else kept,
        room=clean_line(room, 40),
        reason=why,
        entered_at=at,
        entered_by_id=employee.id,
    )
    session.add(new)
    _changed(session, row, employee, at, ip, what=kind, day=day.isoformat())
    return new


def remove_exception(
    session: Session, exception_id: int, employee: Employee, at: datetime, *, ip: str = ""
) -> TimetableException:
    """The date is as every other again; removed already: nothing changes."""
    one = fetch(session, TimetableException, exception_id)
    if one is None or not may_edit_timetable(employee, one.employee_id):
        raise NotFound(NOT_THERE)
    if one.removed_at is None:
        row = _open(session, one.employee_id, None, employee, at)
        one.removed_at, one.removed_by_id = at, employee.id
        _changed(session, row, employee, at, ip, what="removed", day=one.day.isoformat())
    return one


def _open(session: Session, employee_id: int, version: int | None, employee: Employee, at: datetime) -> Timetable:
    """The timetable, locked; begun where there is none. `version` None: any (a date does not depend on the week)."""
    if not may_edit_timetable(employee, employee_id):
        raise NotFound(NOT_THERE)
    whose = fetch(session, Employee, employee_id)
    if whose is None or not whose.active or whose.role not in RECEIVERS:
        raise NotFound(NOT_THERE)
    begun = {"employee_id": employee_id, "changed_at": at, "changed_by_id": employee.id}
    is_new = insert_missing(session, Timetable, begun, ["employee_id"])
    row = session.get_one(Timetable, employee_id, with_for_update=True, populate_existing=True)
    if version is not None and not is_new and row.version != version:
        raise StaleVersion({"slot_minutes": row.slot_minutes, "buffer_minutes": row.buffer_minutes}, row.version)
    return row


def _changed(session: Session, row: Timetable, employee: Employee, at: datetime, ip: str, **details: object) -> None:
    row.version += 1
    row.changed_at, row.changed_by_id = at, employee.id
    session.flush()
    actor = Actor.of(employee, ip)
    write(session, actor, "timetable.change", subject="employee", subject_id=row.employee_id, details=details, at=at)


def _hours(session: Session, interval_id: int, row: Timetable) -> TimetableInterval:
    old = fetch(session, TimetableInterval, interval_id)
    if old is None or old.employee_id != row.employee_id:
        raise NotFound(NOT_THERE)
    if old.ended_at is not None:
        raise StaleVersion({}, row.version)
    return old


def _wrong(wanted: Reception) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not 0 <= wanted.weekday <= 6:
        wrong["weekday"] = "Выберите день недели."
    if not 0 <= wanted.starts < wanted.ends <= DAY_MINUTES:
        wrong["ends"] = "Окончание должно быть позже начала."
    if not wanted.modes:
        wrong["modes"] = "Отметьте, как проходит приём."
    rest = (wanted.break_starts, wanted.break_ends)
    if rest != (None, None):
        starts, ends = rest
        if starts is None or ends is None or not wanted.starts < starts < ends < wanted.ends:
            wrong["break_ends"] = "Перерыв должен лежать внутри часов приёма."
    if wanted.valid_from and wanted.valid_until and wanted.valid_until < wanted.valid_from:
        wrong["valid_until"] = "Эта дата раньше начальной."
    return wrong


def _crossing(session: Session, employee_id: int, wanted: Reception, but: int | None) -> dict[str, str]:
    """Two receptions at once: in one room or another, a specialist is one person."""
    for one in intervals_of(session, employee_id):
        same_day = one.id != but and one.weekday == wanted.weekday
        same_time = one.starts < wanted.ends and wanted.starts < one.ends
        first, last = (
            max(_from(one.valid_from), _from(wanted.valid_from)),
            min(_to(one.valid_until), _to(wanted.valid_until)),
        )
        if same_day and same_time and first <= last:
            hours = f"{one.starts // 60:02d}:{one.starts % 60:02d}–{one.ends // 60:02d}:{one.ends % 60:02d}"
            return {"starts": f"В этот день уже есть часы {hours}. Измените их или уберите."}
    return {}


def _from(day: date | None) -> date:
    return day or date.min


def _to(day: date | None) -> date:
    return day or date.max
