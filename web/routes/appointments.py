"""«Запись»: the day with all specialists side by side, one specialist's week, the list; print and .ics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from crm import audit
from crm.appointments import ics, reading, timetable, waiting
from crm.appointments.access import BOOKERS
from crm.appointments.reading import Filters
from crm.appointments.tables import MODES, STATES, Appointment
from crm.errors import NotFound
from crm.staff import Role
from web.access import WITH_FAMILIES, Visitor, allow
from web.appeal_form import identifier
from web.appointments import place_words
from web.desk import desk_of
from web.identity import read_date
from web.pages import page
from web.slot_words import monday_of, read_day

router = APIRouter(prefix="/appointments", default_response_class=HTMLResponse)
CALENDAR = "text/calendar; charset=utf-8"


@router.get("")
def day(request: Request, day: str = "", visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """One day, all specialists as columns; a specialist sees her own."""
    desk, at = desk_of(request), datetime.now(UTC)
    clock = desk.clock()
    shown = read_day(day, clock.today)
    with desk.database.transaction() as session:
        columns = reading.day_board(session, visitor.employee, shown, at, desk.zone)
        moving = reading.to_be_moved(session, visitor.employee, at)
        freed = waiting.freed(session, visitor.employee, at) if visitor.employee.role in BOOKERS else []
        audit.write(session, visitor.actor, "appointment.list", details={"list": "day"}, at=at)
    context: dict[str, Any] = {"day": shown, "columns": columns, "moving": moving, "freed": freed, "states": STATES}
    context |= {"before": shown - timedelta(days=1), "after": shown + timedelta(days=1)}
    context["may_book"] = visitor.employee.role in BOOKERS
    return page(request, visitor, "appointments.html", clock=clock, modes=MODES, place=place_words, **context)


@router.get("/week")
def week(request: Request, employee: str = "", day: str = "", visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """Seven days of one specialist."""
    desk, at = desk_of(request), datetime.now(UTC)
    clock = desk.clock()
    monday = monday_of(read_day(day, clock.today))
    with desk.database.transaction() as session:
        everybody = timetable.specialists(session)
        if visitor.role is Role.SPECIALIST:
            everybody = [one for one in everybody if one.id == visitor.id]
        chosen = next((one for one in everybody if one.id == identifier(employee)), None)
        chosen = chosen or (everybody[0] if everybody else None)
        columns = (
            reading.week_of(session, visitor.employee, chosen.id, monday, at, desk.zone) if chosen is not None else []
        )
        audit.write(session, visitor.actor, "appointment.list", details={"list": "week"}, at=at)
    context: dict[str, Any] = {"monday": monday, "columns": columns, "chosen": chosen, "everybody": everybody}
    context |= {"before": monday - timedelta(days=7), "after": monday + timedelta(days=7)}
    context["may_book"] = visitor.employee.role in BOOKERS
    return page(request, visitor, "appointments_week.html", clock=clock, modes=MODES, place=place_words, **context)


@router.get("/list")
def listing(
    request: Request,
    *,
    since: str = "",
    until: str = "",
    employee: str = "",
    state: str = "",
    mode: str = "",
    visitor: Visitor = allow(*WITH_FAMILIES),
) -> Response:
    """Every appointment by its time, with filters that stay in the address."""
    desk, at = desk_of(request), datetime.now(UTC)
    clock = desk.clock()
    filters = Filters(
        since=read_date(since) if since else clock.today,
        until=read_date(until) if until else None,
        employee_id=identifier(employee),
        state=state if state in STATES else "",
        mode=mode if mode in MODES else "",
    )
    with desk.database.transaction() as session:
        lines = reading.listing(session, visitor.employee, filters, desk.zone)
        people = timetable.specialists(session)
        audit.write(session, visitor.actor, "appointment.list", details={"list": "all", "rows": len(lines)}, at=at)
    context: dict[str, Any] = {"lines": lines, "filters": filters, "people": people, "states": STATES, "modes": MODES}
    context["longest"] = reading.LONGEST_LIST
    return page(request, visitor, "appointments_list.html", clock=clock, place=place_words, **context)


@router.get("/week.ics")
def week_file(
    request: Request, employee: str = "", day: str = "", visitor: Visitor = allow(*WITH_FAMILIES)
) -> Response:
    """One specialist's receptions of a week for a calendar program: times and rooms, no names."""
    desk, at = desk_of(request), datetime.now(UTC)
    monday = monday_of(read_day(day, desk.clock().today))
    with desk.database.transaction() as session:
        columns = reading.week_of(session, visitor.employee, identifier(employee) or 0, monday, at, desk.zone)
        if not columns:
            raise NotFound("Такого расписания нет.")
        rows = [cell.line.row for column in columns for cell in column.cells if cell.line is not None]
        audit.write(session, visitor.actor, "appointment.export", details={"rows": len(rows)}, at=at)
    return as_file(rows, at, f"priem-{monday.isoformat()}.ics")


def as_file(rows: list[Appointment], at: datetime, name: str) -> Response:
    """The receptions as a file."""
    events = [
        ics.Event(
            uid=f"appointment-{row.id}@family-dispatch",
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            words=f"Приём, {place_words(row)}" if place_words(row) else "Приём",
            place=place_words(row) if row.mode == "office" else "",
            sequence=row.version,
            is_cancelled=row.state in ("cancelled", "moved"),
        )
        for row in rows
    ]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(ics.calendar_file(events, at), media_type=CALENDAR, headers=headers)
