"""The week that a service keeps, from a date on (A-5, A-6). What has begun stays as it was: clocks ran by it."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from callflow.calendar import Interval
from callflow.calendar.hours import WEEKDAYS, joined
from callflow.calendar.words import week
from crm.base import fetch
from crm.calendar.changing import FARTHEST, Change
from crm.calendar.reading import hours_rows
from crm.calendar.tables import ServiceHours
from crm.errors import Incomplete, NotFound, RecordsError
from crm.staff import Employee

LONGEST_SHORTENING = 180


def set_week(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    service_id: int,
    days: Sequence[Sequence[Interval]],
    starts_on: date,
    employee: Employee,
    at: datetime,
    *,
    version: int,
    shorten_minutes: int = 60,
    ip: str = "",
) -> ServiceHours:
    """Let the service keep these hours (Monday … Sunday) from `starts_on` on; a week that already begins on this date
    is replaced, earlier and later ones stay. The same again changes nothing.

    Raises NotFound, Incomplete, StaleVersion.
    """
    change = Change(session, service_id, employee, at, ip)
    whole = [joined(day) for day in days]
    stored = [[[one.starts, one.ends] for one in day] for day in whole]
    known = next((row for row in hours_rows(session, service_id) if row.starts_on == starts_on), None)
    if known is not None and (known.days, known.shorten_minutes) == (stored, shorten_minutes):
        return known
    change.check(version)
    _check(stored, starts_on, shorten_minutes, change.today)
    if known is not None:
        known.replaced_at, known.replaced_by_id = at, employee.id
        session.flush()
    row = ServiceHours(
        service_id=service_id,
        starts_on=starts_on,
        days=stored,
        shorten_minutes=shorten_minutes,
        employee_id=employee.id,
        at=at,
    )
    session.add(row)
    session.flush()
    words = f"часы с {starts_on:%d.%m.%Y}: {week(whole)}"
    change.done(words, row.id, {"since": starts_on.isoformat()}, action="calendar.hours")
    return row


def cancel_week(
    session: Session, hours_id: int, employee: Employee, at: datetime, *, version: int, ip: str = ""
) -> ServiceHours:
    """Withdraw a week that has not begun. Raises NotFound, RecordsError, StaleVersion."""
    row = fetch(session, ServiceHours, hours_id)
    if row is None:
        raise NotFound("Таких часов работы нет.")
    change = Change(session, row.service_id, employee, at, ip)
    session.refresh(row)
    if row.replaced_at is not None:
        return row
    change.check(version)
    if row.starts_on <= change.today:
        raise RecordsError("Эти часы уже действуют. Задайте новые с нужной даты.")
    row.replaced_at, row.replaced_by_id = at, employee.id
    words = f"отменены часы с {row.starts_on:%d.%m.%Y}"
    change.done(words, row.id, {"since": row.starts_on.isoformat()}, action="calendar.hours_cancel")
    return row


def _check(days: Sequence[Sequence[object]], starts_on: date, shorten_minutes: int, today: date) -> None:
    problems = {}
    if len(days) != WEEKDAYS or not any(days):
        problems["days"] = "Укажите часы хотя бы одного дня недели."
    if starts_on < today:
        problems["starts_on"] = "Прошедшие дни не меняют: по ним уже посчитаны сроки."
    elif starts_on - today > FARTHEST:
        problems["starts_on"] = "Слишком далеко: часы задают не больше чем на два года вперёд."
    if not 0 <= shorten_minutes <= LONGEST_SHORTENING:
        problems["shorten_minutes"] = f"От 0 до {LONGEST_SHORTENING} минут."
    if problems:
        raise Incomplete(problems)
