"""Connect or book, in one action: a time is pressed, held for five minutes, and booked (A-24, A-25, A-29; B-22).

On the workplace all of it happens in a box beside the specialists; the form of the call is never touched. Without
scripts, and from a family's card, the same forms are pages of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from callflow.names import full_name
from callflow.slots import Slot
from crm import journal
from crm.appointments import booking, holding
from crm.appointments.booking import Wanted
from crm.appointments.refusals import SlotTaken
from crm.appointments.tables import Appointment
from crm.base import fetch
from crm.consents import giving, texts
from crm.errors import NotFound, RecordsError
from crm.families import fetch_family
from crm.family_tables import Person
from crm.staff import Employee
from web.access import ON_CALLS, Visitor, allow
from web.appeal_form import identifier
from web.appointments import Dialog, address_of, dialog_of, in_box, offered, place_words
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, fill, posted
from web.pages import back_to, page
from web.parts import parts
from web.slot_words import read_instant
from web.tried import trying
from workers.feed import Notice, NoticeKind

router = APIRouter(prefix="/appointments", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class Pressed(Fields):
    """A time that was pressed, and for whom."""

    employee_id: Line
    starts_at: Line
    call_id: Line = ""
    family_id: Line = ""
    entry_id: Line = ""


class Booking(Fields):
    """The form of a held time."""

    form_key: Line
    applicant_name: Line = ""
    person_id: Line = ""
    topic: Line = ""
    mode: Line = ""
    remote_explained: Literal["", "yes"] = ""
    auto_calls: Literal["", "yes", "no"] = ""
    long_support: Literal["", "yes"] = ""


@router.get("/new")
def choose(request: Request, family: str = "", entry: str = "", visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Everybody's nearest times, for a family from its card or for somebody without one."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.reading() as session:
        card = fetch_family(session, identifier(family) or 0, visitor.employee) if family else None
        found = offered(session, at)
    return page(request, visitor, "appointments_new.html", family=card, entry_id=identifier(entry), offered=found)


@router.post("/hold")
def hold(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Keep the time for five minutes and open its form; taken by somebody else, say by whom and offer the next."""
    pressed, _ = fill(Pressed, form)
    moment = read_instant(pressed.starts_at) if pressed else None
    whose = identifier(pressed.employee_id) if pressed else None
    if pressed is None or moment is None or whose is None:
        raise BadForm
    desk, at = desk_of(request), datetime.now(UTC)
    family_id, call_id = identifier(pressed.family_id), identifier(pressed.call_id)
    entry_id = identifier(pressed.entry_id)
    with trying(desk) as (session, tried):
        if family_id is not None:
            fetch_family(session, family_id, visitor.employee)
        if call_id is not None and not booking.took_part(session, call_id, visitor.employee):
            raise NotFound("Такого звонка нет.")
        if entry_id is not None:
            journal.fetch_entry(session, entry_id, visitor.employee)
        held = holding.hold(
            session,
            whose,
            moment,
            visitor.employee,
            call_id,
            at,
            family_id=family_id,
            entry_id=entry_id,
            ip=visitor.ip,
        )
        hold_id = held.id
    if tried.error:
        sent = {"employee_id": whose, "call_id": call_id, "family_id": family_id, "entry_id": entry_id}
        return _refused(request, visitor, tried.error, sent)
    desk.publish(Notice(NoticeKind.BOOKING))
    if in_box(request):
        return _box(request, visitor, hold_id)
    return back_to(request, f"/appointments/holds/{hold_id}")


@router.get("/holds/{hold_id}")
def show(request: Request, hold_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The form of a held time as a page."""
    desk, at = desk_of(request), datetime.now(UTC)
    try:
        with desk.database.reading() as session:
            dialog = dialog_of(session, holding.own_hold(session, hold_id, visitor.employee, at), visitor, at)
    except NotFound:
        raise
    except RecordsError as error:
        return _refused(request, visitor, error, {})
    return page(request, visitor, "appointments_hold.html", dialog=dialog, errors={}, boxed=False)


@router.post("/holds/{hold_id}/release")
def release(request: Request, hold_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Give the time back."""
    desk = desk_of(request)
    with desk.database.transaction() as session:
        held = holding.release(session, hold_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
        family_id = held.family_id
    desk.publish(Notice(NoticeKind.BOOKING))
    if in_box(request):
        return _with_parts(request, visitor, "")
    return back_to(request, f"/families/{family_id}" if family_id else "/appointments", "Время возвращено.")


@router.post("/holds/{hold_id}/book")
def book(request: Request, hold_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Book the held time; the answer is what to read aloud."""
    sent, wrong = fill(Booking, form)
    desk, at = desk_of(request), datetime.now(UTC)
    if sent is None:
        return _again(request, visitor, hold_id, form, wrong, 422)
    with trying(desk) as (session, tried):
        held = holding.any_own(session, hold_id, visitor.employee)
        # Read now: what is refused is rolled back, and then nothing can be read of the row.
        known = {name: getattr(held, name) for name in ("employee_id", "call_id", "family_id", "entry_id")}
        dialog = dialog_of(session, held, visitor, at)
        row = booking.book(
            session,
            _wanted(session, sent, dialog),
            visitor.employee,
            at,
            hold_id=hold_id,
            form_key=sent.form_key,
            ip=visitor.ip,
        )
        _remind(session, sent, row, visitor, at)
        told = _told(session, row)
    if isinstance(tried.error, SlotTaken):
        return _refused(request, visitor, tried.error, known)
    if tried.refused:
        return _again(request, visitor, hold_id, form, tried.errors, tried.status)
    desk.publish(Notice(NoticeKind.BOOKING))
    if in_box(request):
        text = desk.render("parts/booked.html", visitor=visitor, clock=desk.clock(), **told)
        return _with_parts(request, visitor, text)
    return back_to(request, f"/appointments/{row.id}", "Записано.")


def _wanted(session: Session, sent: Booking, dialog: Dialog) -> Wanted:
    person_id = identifier(sent.person_id)
    person = fetch(session, Person, person_id) if person_id else None
    named = next((one for one in dialog.people if person is not None and one.id == person.id), None)
    name = full_name(named.surname, named.name, named.patronymic) if named is not None else sent.applicant_name
    return Wanted(
        employee_id=dialog.hold.employee_id,
        starts_at=dialog.hold.starts_at,
        mode=sent.mode or (dialog.slot.modes[0] if dialog.slot.modes else "office"),
        applicant_name=name,
        topic=sent.topic,
        family_id=dialog.family.id if dialog.family else None,
        person_id=named.id if named else None,
        remote_explained=sent.remote_explained == "yes",
        long_support=sent.long_support == "yes",
        call_id=dialog.hold.call_id,
        entry_id=dialog.hold.entry_id,
    )


def _remind(session: Session, sent: Booking, row: Appointment, visitor: Visitor, at: datetime) -> None:
    """«Можно напомнить автоматическим звонком?»: a consent like any other, with the call it was given in."""
    if row.person_id is None or not sent.auto_calls:
        return
    text_id = texts.current(session, "auto_calls").id
    verb = giving.give if sent.auto_calls == "yes" else giving.refuse
    verb(session, row.person_id, text_id, visitor.employee, at, call_id=row.call_id, ip=visitor.ip)


def _told(session: Session, row: Appointment) -> dict[str, Any]:
    specialist = session.get_one(Employee, row.employee_id)
    return {
        "row": row,
        "specialist": specialist,
        "place": place_words(row),
        "address": address_of(session, specialist.id),
    }


def _box(request: Request, visitor: Visitor, hold_id: int, status: int = 200) -> Response:
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.reading() as session:
        dialog = dialog_of(session, holding.own_hold(session, hold_id, visitor.employee, at), visitor, at)
    text = desk.render("parts/booking.html", visitor=visitor, clock=desk.clock(), dialog=dialog, errors={}, boxed=True)
    return _with_parts(request, visitor, text, status)


def _again(  # noqa: PLR0917 - what was sent, what is wrong with it
    request: Request, visitor: Visitor, hold_id: int, form: Form, errors: dict[str, str], status: int
) -> Response:
    """The form as it was typed, with sentences beside the fields."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.reading() as session:
        dialog = dialog_of(session, holding.any_own(session, hold_id, visitor.employee), visitor, at)
    dialog.values = {name: values[0] for name, values in form.items()}
    dialog.form_key = form.first("form_key") or dialog.form_key
    context: dict[str, Any] = {"dialog": dialog, "errors": errors}
    if in_box(request):
        text = desk.render("parts/booking.html", visitor=visitor, clock=desk.clock(), boxed=True, **context)
        return HTMLResponse(text, status_code=status)
    return page(request, visitor, "appointments_hold.html", status=status, boxed=False, **context)


def _refused(request: Request, visitor: Visitor, error: RecordsError, sent: dict[str, Any]) -> Response:
    """Who was first, or why it cannot be; the next free times as buttons."""
    desk = desk_of(request)
    instead: Sequence[Slot] = error.instead if isinstance(error, SlotTaken) else ()
    context: dict[str, Any] = {"sentence": str(error), "instead": instead, "sent": sent}
    if in_box(request):
        text = desk.render("parts/slot_refused.html", visitor=visitor, clock=desk.clock(), boxed=True, **context)
        return _with_parts(request, visitor, text, 409)
    return page(request, visitor, "appointments_refused.html", status=409, boxed=False, **context)


def _with_parts(request: Request, visitor: Visitor, text: str, status: int = 200) -> Response:
    """The box, and the parts around it that show the times."""
    around = bytes(parts(desk_of(request), visitor, at_workplace=True).body).decode()
    # Without line ends between them: what is left of an emptied box must be empty, or it would take up room.
    return HTMLResponse(text + around.replace('\n<div id="part-', '<div id="part-').strip(), status_code=status)
