"""One appointment: what was agreed, what became of it, moving it, its .ics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm import audit
from crm.appointments import reading, steps
from crm.appointments.access import BOOKERS, fetch_appointment, may_change
from crm.appointments.refusals import SlotTaken
from crm.appointments.tables import AHEAD, MODES, STATES, Appointment
from crm.family_tables import Family
from crm.journal_tables import JournalEntry
from crm.staff import Employee
from web import why_calls
from web.access import HAVE_STATUS, ON_CALLS, WITH_FAMILIES, Visitor, allow
from web.appeal_form import identifier
from web.appointments import address_of, offered, place_words
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, Text, fill, posted
from web.pages import back_to, page
from web.routes.appointments import as_file
from web.slot_words import read_instant
from web.tried import NOTHING_TRIED, Tried, trying
from workers.feed import Notice, NoticeKind

router = APIRouter(prefix="/appointments/{appointment_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
MARKS = {"confirm": steps.confirm, "done": steps.done, "no-show": steps.no_show}
SAID = {"confirm": "Подтверждено.", "done": "Отмечено: приём состоялся.", "no-show": "Отмечено: не явился."}


class Mark(Fields):
    """One press; `back` names the list to go back to."""

    version: int
    back: Line = ""


class Cancel(Mark):
    """Who called it off, and why."""

    cancelled_by: Line = ""
    reason: Text = ""


class Move(Mark):
    """To which time, with whom, and why."""

    starts_at: Line
    employee_id: Line = ""
    reason: Text = ""


@router.get("")
def show(request: Request, appointment_id: int, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """The appointment; opening it is in the audit log."""
    return _page(request, visitor, appointment_id)


@router.get("/ics")
def file(request: Request, appointment_id: int, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """The appointment for a calendar program: time and room, no name."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.transaction() as session:
        row = fetch_appointment(session, appointment_id, visitor.employee)
        audit.write(
            session,
            visitor.actor,
            "appointment.export",
            subject="appointment",
            subject_id=row.id,
            family_id=row.family_id,
            at=at,
        )
    return as_file([row], at, f"priem-{row.id}.ics")


@router.post("/confirm")
def confirm(request: Request, appointment_id: int, form: Posted, visitor: Visitor = allow(*HAVE_STATUS)) -> Response:
    """The family will come."""
    return _mark(request, visitor, appointment_id, form, "confirm")


@router.post("/done")
def done(request: Request, appointment_id: int, form: Posted, visitor: Visitor = allow(*HAVE_STATUS)) -> Response:
    """It took place."""
    return _mark(request, visitor, appointment_id, form, "done")


@router.post("/no-show")
def no_show(request: Request, appointment_id: int, form: Posted, visitor: Visitor = allow(*HAVE_STATUS)) -> Response:
    """Nobody came."""
    return _mark(request, visitor, appointment_id, form, "no-show")


@router.post("/cancel")
def cancel(request: Request, appointment_id: int, form: Posted, visitor: Visitor = allow(*HAVE_STATUS)) -> Response:
    """Called off; the time is free again and offered to whoever waits."""
    sent = _filled(Cancel, form)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        row = steps.cancel(
            session,
            appointment_id,
            sent.version,
            sent.cancelled_by,
            sent.reason,
            visitor.employee,
            at,
            ip=visitor.ip,
        )
    if tried.refused:
        return _page(request, visitor, appointment_id, tried, typed=form)
    return _after(request, row, sent.back, "Запись отменена, время свободно.")


@router.post("/move")
def move(request: Request, appointment_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """To another time or specialist; both stay in the history."""
    sent = _filled(Move, form)
    moment = read_instant(sent.starts_at)
    if moment is None:
        raise BadForm
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        row = steps.move(
            session,
            appointment_id,
            sent.version,
            moment,
            sent.reason,
            visitor.employee,
            at,
            employee_id=identifier(sent.employee_id),
            ip=visitor.ip,
        )
    if tried.refused:
        return _page(request, visitor, appointment_id, tried, typed=form)
    return _after(request, row, "one", "Запись перенесена.")


def _filled(model: type[Any], form: Form) -> Any:
    sent, wrong = fill(model, form)
    if sent is None or wrong:
        raise BadForm
    return sent


def _mark(request: Request, visitor: Visitor, appointment_id: int, form: Form, what: str) -> Response:
    sent = _filled(Mark, form)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        row = MARKS[what](session, appointment_id, sent.version, visitor.employee, at, ip=visitor.ip)
    if tried.refused:
        return _page(request, visitor, appointment_id, tried)
    return _after(request, row, sent.back, SAID[what])


def _after(request: Request, row: Appointment, back: str, said: str) -> Response:
    desk = desk_of(request)
    desk.publish(Notice(NoticeKind.BOOKING))
    day = row.starts_at.astimezone(desk.zone).date().isoformat()
    paths = {
        "day": f"/appointments?day={day}",
        "week": f"/appointments/week?employee={row.employee_id}&day={day}",
        "list": "/appointments/list",
        "workplace": "/workplace",
    }
    return back_to(request, paths.get(back, f"/appointments/{row.id}"), said)


def _page(
    request: Request,
    visitor: Visitor,
    appointment_id: int,
    tried: Tried = NOTHING_TRIED,
    *,
    typed: Form | None = None,
) -> Response:
    """The appointment as it stands; after a refusal with the reason, and with the fields as they were typed."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.transaction() as session:
        row = fetch_appointment(session, appointment_id, visitor.employee)
        line = reading.as_lines(session, [row], visitor.employee)[0]
        may_book = visitor.employee.role in BOOKERS and row.state in AHEAD
        context: dict[str, Any] = {
            "line": line,
            "history": reading.history(session, row),
            "family": session.get(Family, row.family_id) if row.family_id else None,
            "entry": session.get(JournalEntry, row.entry_id)
            if row.entry_id and visitor.employee.role in BOOKERS
            else None,
            "address": address_of(session, row.employee_id),
            "booked_by": session.get_one(Employee, row.booked_by_id),
            "may_change": may_change(row, visitor.employee) and row.state in AHEAD,
            "offered": _offered(session, row, at) if may_book else [],
            "is_due": row.starts_at <= at,
            "calls": why_calls.of_appointment(session, row.id, visitor.employee, desk, at),
        }
        audit.write(
            session,
            visitor.actor,
            "appointment.open",
            subject="appointment",
            subject_id=row.id,
            family_id=row.family_id,
            at=at,
        )
    errors = tried.errors
    if tried.stale:
        errors = {"": f"Запись уже изменена в другом окне: сейчас она «{STATES[line.row.state]}»."}
    context |= {"errors": errors, "typed": {name: values[0] for name, values in (typed or {}).items()}}
    context["instead"] = tried.error.instead if isinstance(tried.error, SlotTaken) else []
    context |= {"states": STATES, "modes": MODES, "place": place_words, "by": steps.CANCELLED_BY}
    return page(request, visitor, "appointments_one.html", status=tried.status, **context)


def _offered(session: Session, row: Appointment, at: datetime) -> list[tuple[Employee, list[Any]]]:
    """Where it can be moved to: the same specialist's times first."""
    found = offered(session, at)
    return sorted(found, key=lambda pair: pair[0].id != row.employee_id)
