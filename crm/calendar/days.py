"""Days that a service keeps otherwise: sanitary days, days off of the region, transfers that no package knows yet."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from callflow.calendar import Interval
from callflow.calendar.hours import joined
from callflow.calendar.words import day_line
from callflow.text import clean_line
from crm.base import fetch
from crm.calendar.changing import FARTHEST, Change
from crm.calendar.reading import day_rows
from crm.calendar.tables import CalendarDay
from crm.errors import Incomplete, NotFound, RecordsError
from crm.staff import Employee

MOST_DAYS = 62
LONGEST_TITLE = 120


def set_days(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    service_id: int,
    first: date,
    last: date,
    intervals: Sequence[Interval],
    title: str,
    employee: Employee,
    at: datetime,
    *,
    version: int | None,
    ip: str = "",
) -> list[CalendarDay]:
    """Let every day from `first` to `last` have these hours (none: closed), whatever week and holidays say.

    `version` None: this service goes along with another whose form was sent. Days that have these hours and this title
    already are left alone. Raises NotFound, Incomplete, StaleVersion.
    """
    change = Change(session, service_id, employee, at, ip)
    stored = [[one.starts, one.ends] for one in joined(intervals)]
    title = clean_line(title, LONGEST_TITLE)
    _check(first, last, title, change.today)
    known = {row.day: row for row in day_rows(session, service_id)}
    wanted = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    new = [day for day in wanted if day not in known or (known[day].intervals, known[day].title) != (stored, title)]
    if not new:
        return [known[day] for day in wanted]
    if version is not None:
        change.check(version)
    for day in new:
        if day in known:
            known[day].replaced_at, known[day].replaced_by_id = at, employee.id
    session.flush()
    rows = [
        CalendarDay(service_id=service_id, day=day, intervals=stored, title=title, employee_id=employee.id, at=at)
        for day in new
    ]
    session.add_all(rows)
    session.flush()
    words = f"{_dates(first, last)}: {day_line(joined(intervals))} ({title})"
    change.done(words, rows[0].id, {"since": first.isoformat(), "until": last.isoformat()}, action="calendar.day")
    return rows


def cancel_day(
    session: Session, day_id: int, employee: Employee, at: datetime, *, version: int, ip: str = ""
) -> CalendarDay:
    """Let week and production calendar decide of the day again. Raises NotFound, RecordsError, StaleVersion."""
    row = fetch(session, CalendarDay, day_id)
    if row is None:
        raise NotFound("Такого особого дня нет.")
    change = Change(session, row.service_id, employee, at, ip)
    session.refresh(row)
    if row.replaced_at is not None:
        return row
    change.check(version)
    if row.day < change.today:
        raise RecordsError("Этот день прошёл: по нему уже посчитаны сроки.")
    row.replaced_at, row.replaced_by_id = at, employee.id
    words = f"{row.day:%d.%m.%Y}: снова по общему правилу"
    change.done(words, row.id, {"since": row.day.isoformat()}, action="calendar.day_cancel")
    return row


def _check(first: date, last: date, title: str, today: date) -> None:
    problems = {}
    if not title:
        problems["title"] = "Напишите, что это за день: например «Санитарный день»."
    if first < today:
        problems["first"] = "Прошедшие дни не меняют: по ним уже посчитаны сроки."
    elif first - today > FARTHEST:
        problems["first"] = "Слишком далеко: дни задают не больше чем на два года вперёд."
    if last < first:
        problems["last"] = "Последний день раньше первого."
    elif (last - first).days >= MOST_DAYS:
        problems["last"] = f"За один раз можно задать не больше {MOST_DAYS} дней."
    if problems:
        raise Incomplete(problems)


def _dates(first: date, last: date) -> str:
    return f"{first:%d.%m.%Y}" if first == last else f"{first:%d.%m.%Y}–{last:%d.%m.%Y}"
