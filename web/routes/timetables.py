"""«Расписания приёма»: hours of the week, dates that differ; edited by the head and the specialist herself (A-25)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.slots import Reception
from crm.appointments import reading, timetable, timetable_editing
from crm.appointments.access import may_edit_timetable
from crm.appointments.tables import EXCEPTIONS, MODES, Timetable
from crm.base import fetch
from crm.errors import NotFound
from crm.staff import Employee, Role
from web.access import Visitor, allow
from web.appeal_form import identifier
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, fill, posted
from web.identity import read_date
from web.pages import back_to, page
from web.slot_words import WEEKDAYS_FULL, minutes, read_minutes
from web.tried import trying
from workers.feed import Notice, NoticeKind

EDITORS = (Role.HEAD, Role.DIRECTOR, Role.SPECIALIST)
router = APIRouter(prefix="/timetables", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
CHANGED = "Расписание уже изменено в другом окне. Проверьте и сохраните ещё раз."


class Length(Fields):
    """How long a reception lasts, and the pause after it."""

    version: int
    slot_minutes: int
    buffer_minutes: int = 0


class Hours(Fields):
    """Hours of one weekday."""

    version: int
    instead_of: Line = ""
    weekday: Line = ""
    starts: Line = ""
    ends: Line = ""
    break_starts: Line = ""
    break_ends: Line = ""
    modes: list[Line] = []  # noqa: RUF012 - pydantic copies it
    room: Line = ""
    valid_from: Line = ""
    valid_until: Line = ""


class ExceptionForm(Fields):
    """A date that differs."""

    day: Line = ""
    kind: Line = ""
    starts: Line = ""
    ends: Line = ""
    modes: list[Line] = []  # noqa: RUF012
    room: Line = ""
    reason: Line = ""


class Version(Fields):
    """What the page showed."""

    version: int


@router.get("")
def everybody(request: Request, visitor: Visitor = allow(*EDITORS)) -> Response:
    """Who receives people, and who could; a specialist goes to her own."""
    if visitor.role is Role.SPECIALIST:
        return back_to(request, f"/timetables/{visitor.id}")
    with desk_of(request).database.reading() as session:
        people = session.scalars(
            select(Employee)
            .where(Employee.active, Employee.role.in_(timetable_editing.RECEIVERS))
            .order_by(Employee.role != Role.SPECIALIST.value, Employee.surname)
        ).all()
        hours = {one.id: timetable.intervals_of(session, one.id) for one in people}
    context: dict[str, Any] = {
        "people": people,
        "hours": hours,
        "weekdays": WEEKDAYS_FULL,
        "minutes": minutes,
        "modes": MODES,
    }
    return page(request, visitor, "timetables.html", **context)


@router.get("/{employee_id}")
def one(request: Request, employee_id: int, visitor: Visitor = allow(*EDITORS)) -> Response:
    """One specialist's hours and dates, with the forms that change them."""
    return _page(request, visitor, employee_id)


@router.post("/{employee_id}/length")
def set_length(request: Request, employee_id: int, form: Posted, visitor: Visitor = allow(*EDITORS)) -> Response:
    """How long a reception lasts."""
    sent, wrong = fill(Length, form)
    if sent is None:
        return _page(request, visitor, employee_id, "length", wrong, form, 422)

    def act(session: Session, at: datetime) -> None:
        timetable_editing.set_length(
            session,
            employee_id,
            sent.slot_minutes,
            sent.buffer_minutes,
            sent.version,
            visitor.employee,
            at,
            ip=visitor.ip,
        )

    return _save(request, visitor, employee_id, "length", form, act)


@router.post("/{employee_id}/hours")
def add_hours(request: Request, employee_id: int, form: Posted, visitor: Visitor = allow(*EDITORS)) -> Response:
    """New hours of a weekday, or others in place of those that are there."""
    sent, wrong = fill(Hours, form)
    if sent is None:
        return _page(request, visitor, employee_id, "hours", wrong, form, 422)
    wrong = _unreadable(sent, ("starts", "ends", "break_starts", "break_ends"), ("valid_from", "valid_until"))
    for name in ("starts", "ends"):
        if not getattr(sent, name):
            wrong[name] = "Укажите время, например 09:00."
    if wrong:
        return _page(request, visitor, employee_id, "hours", wrong, form, 422)
    weekday = identifier(sent.weekday)
    reception = Reception(
        -1 if weekday is None else weekday,
        read_minutes(sent.starts) or 0,
        read_minutes(sent.ends) or 0,
        tuple(sent.modes),
        sent.room,
        read_minutes(sent.break_starts),
        read_minutes(sent.break_ends),
        read_date(sent.valid_from),
        read_date(sent.valid_until),
    )

    def act(session: Session, at: datetime) -> None:
        timetable_editing.add_hours(
            session,
            employee_id,
            reception,
            sent.version,
            visitor.employee,
            at,
            ip=visitor.ip,
            instead_of=identifier(sent.instead_of),
        )

    return _save(request, visitor, employee_id, "hours", form, act)


@router.post("/{employee_id}/hours/{interval_id}/end")
def end_hours(
    request: Request, employee_id: int, interval_id: int, form: Posted, visitor: Visitor = allow(*EDITORS)
) -> Response:
    """Take hours out of the week."""
    sent, _ = fill(Version, form)
    if sent is None:
        raise BadForm

    def act(session: Session, at: datetime) -> None:
        row = timetable_editing.end_hours(session, interval_id, sent.version, visitor.employee, at, ip=visitor.ip)
        if row.employee_id != employee_id:
            raise NotFound(timetable_editing.NOT_THERE)

    return _save(request, visitor, employee_id, "hours", form, act)


@router.post("/{employee_id}/exceptions")
def add_exception(request: Request, employee_id: int, form: Posted, visitor: Visitor = allow(*EDITORS)) -> Response:
    """A date with other hours, without reception, or with extra hours."""
    sent, wrong = fill(ExceptionForm, form)
    if sent is None:
        return _page(request, visitor, employee_id, "exceptions", wrong, form, 422)
    wrong = _unreadable(sent, ("starts", "ends"), ())
    day = read_date(sent.day)
    if day is None:
        wrong["day"] = "Укажите дату."
    if wrong or day is None:
        return _page(request, visitor, employee_id, "exceptions", wrong, form, 422)

    def act(session: Session, at: datetime) -> None:
        timetable_editing.add_exception(
            session,
            employee_id,
            day,
            sent.kind,
            read_minutes(sent.starts),
            read_minutes(sent.ends),
            tuple(sent.modes),
            sent.room,
            sent.reason,
            visitor.employee,
            at,
            ip=visitor.ip,
        )

    return _save(request, visitor, employee_id, "exceptions", form, act)


@router.post("/{employee_id}/exceptions/{exception_id}/remove")
def remove_exception(
    request: Request, employee_id: int, exception_id: int, visitor: Visitor = allow(*EDITORS)
) -> Response:
    """The date is as every other again."""

    def act(session: Session, at: datetime) -> None:
        one = timetable_editing.remove_exception(session, exception_id, visitor.employee, at, ip=visitor.ip)
        if one.employee_id != employee_id:
            raise NotFound(timetable_editing.NOT_THERE)

    return _save(request, visitor, employee_id, "exceptions", Form(), act)


def _unreadable(sent: Any, times: tuple[str, ...], days: tuple[str, ...]) -> dict[str, str]:
    wrong = {name: "Нужно время, например 09:30." for name in times
             if getattr(sent, name) and read_minutes(getattr(sent, name)) is None}  # fmt: skip
    return wrong | {name: "Нужна дата, например 12.11.2026." for name in days
                    if getattr(sent, name) and read_date(getattr(sent, name)) is None}  # fmt: skip


def _save(  # noqa: PLR0917 - whose, which form, what it does
    request: Request,
    visitor: Visitor,
    employee_id: int,
    which: str,
    form: Form,
    act: Callable[[Session, datetime], None],
) -> Response:
    desk = desk_of(request)
    with trying(desk, stale=CHANGED) as (session, tried):
        act(session, datetime.now(UTC))
    if tried.refused:
        return _page(request, visitor, employee_id, which, tried.errors, form, tried.status)
    desk.publish(Notice(NoticeKind.BOOKING))
    return back_to(request, f"/timetables/{employee_id}", "Расписание изменено.")


def _page(  # noqa: PLR0917 - whose, which form was refused and how
    request: Request,
    visitor: Visitor,
    employee_id: int,
    failed: str = "",
    errors: dict[str, str] | None = None,
    typed: Form | None = None,
    status: int = 200,
) -> Response:
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.reading() as session:
        employee = fetch(session, Employee, employee_id)
        if (
            employee is None
            or not may_edit_timetable(visitor.employee, employee_id)
            or employee.role not in timetable_editing.RECEIVERS
        ):
            raise NotFound(timetable_editing.NOT_THERE)
        head = fetch(session, Timetable, employee_id)
        hours = timetable.intervals_of(session, employee_id)
        exceptions = timetable.exceptions_of(session, employee_id, desk.clock().today)
        moving = [
            one for one in reading.to_be_moved(session, visitor.employee, at) if one.row.employee_id == employee_id
        ]
    values = {name: sent if name == "modes" else sent[0] for name, sent in (typed or {}).items()}
    context: dict[str, Any] = {
        "employee": employee,
        "head": head,
        "version": head.version if head else 0,
        "hours": hours,
        "exceptions": exceptions,
        "moving": moving,
        "failed": failed,
        "errors": errors or {},
        "typed": values,
        "weekdays": WEEKDAYS_FULL,
        "minutes": minutes,
        "modes": MODES,
        "kinds": EXCEPTIONS,
    }
    return page(request, visitor, "timetable.html", status=status, **context)
