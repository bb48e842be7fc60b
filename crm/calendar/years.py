"""Years whose transferred days a person has looked up and entered, where the program does not know them (§7.3)."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar
from crm.audit import Actor, write
from crm.calendar.reading import institution_calendar, year_row
from crm.calendar.tables import CalendarYear
from crm.errors import Incomplete, RecordsError
from crm.institution import Service
from crm.staff import Employee

WARNED_FROM_MONTH: Final = 10
"""The Government's act for the next year comes in autumn: from October on somebody has to look."""


def due_years(today: date) -> tuple[int, ...]:
    """The years whose transfers should be known by now: this one, and from October on the next."""
    return (today.year, today.year + 1) if today.month >= WARNED_FROM_MONTH else (today.year,)


def unknown_year(calendar: ServiceCalendar, today: date) -> int | None:
    """The first of those years whose transfers are not known."""
    return next((year for year in due_years(today) if not calendar.transfers_known(year)), None)


def confirm(session: Session, year: int, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """Say that this year's transfers are entered, or that there are none. Twice is once. Raises Incomplete."""
    today = at.astimezone(institution_calendar(session).zone).date()
    if not today.year <= year <= today.year + 2:
        raise Incomplete({"year": "Подтверждают текущий год или один из двух следующих."})
    session.execute(select(Service.id).order_by(Service.id).limit(1).with_for_update())  # two at once are one
    if year_row(session, year) is not None:
        return
    session.add(CalendarYear(year=year, employee_id=employee.id, at=at))
    session.flush()
    _log(session, year, employee, at, ip, action="calendar.year")


def withdraw(session: Session, year: int, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """Take the word back: it was said by mistake. The warning returns. Raises RecordsError where nothing was said."""
    live = update(CalendarYear).where(CalendarYear.year == year, CalendarYear.replaced_at.is_(None))
    taken = session.execute(live.values(replaced_at=at, replaced_by_id=employee.id).returning(CalendarYear.id))
    if taken.first() is None:
        raise RecordsError(f"Переносы {year} года никем не подтверждены.")
    _log(session, year, employee, at, ip, action="calendar.year_withdraw")


def _log(session: Session, year: int, employee: Employee, at: datetime, ip: str, *, action: str) -> None:
    write(session, Actor.of(employee, ip), action, subject="calendar", subject_id=year, details={"year": year}, at=at)
