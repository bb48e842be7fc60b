"""«Лист ожидания»: who waits for a time, and the freed times that are offered (B-22)."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from callflow.names import full_name
from crm.appointments import timetable, waiting, waiting_offers
from crm.appointments.tables import MODES
from crm.appointments.waiting import Wish
from crm.errors import Incomplete
from crm.families import fetch_family
from web.access import ON_CALLS, Visitor, allow
from web.appeal_form import identifier
from web.desk import desk_of
from web.forms import Fields, Form, Line, fill, posted
from web.pages import back_to, page
from web.slot_words import WEEKDAYS, minutes, read_minutes
from web.tried import trying
from workers.feed import Notice, NoticeKind

router = APIRouter(prefix="/appointments", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class WishForm(Fields):
    """Who waits, for whom, on which days and hours."""

    form_key: Line = ""
    applicant_name: Line = ""
    family_id: Line = ""
    person_id: Line = ""
    employee_id: Line = ""
    profession: Line = ""
    weekdays: list[Line] = []  # noqa: RUF012 - pydantic copies it
    starts: Line = ""
    ends: Line = ""
    mode: Line = ""
    topic: Line = ""


@router.get("/waiting")
def show(request: Request, family: str = "", employee: str = "", visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The list in the order of asking, and the form of a new line."""
    values: dict[str, Any] = {"employee_id": str(identifier(employee) or "")}
    if family:
        with desk_of(request).database.reading() as session:
            card = fetch_family(session, identifier(family) or 0, visitor.employee)
            person = next((one for one in card.members if one.is_applicant), None)
        values |= {"family_id": str(card.id), "family_name": card.name}
        if person is not None:
            name = full_name(person.surname, person.name, person.patronymic)
            values |= {"person_id": str(person.id), "applicant_name": name}
    return _page(request, visitor, values)


@router.post("/waiting")
def add(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Put somebody on the list."""
    sent, wrong = fill(WishForm, form)
    typed: dict[str, Any] = {name: values if name == "weekdays" else values[0] for name, values in form.items()}
    if sent is None:
        return _page(request, visitor, typed, wrong, 422)
    desk = desk_of(request)
    for name in ("starts", "ends"):
        if getattr(sent, name) and read_minutes(getattr(sent, name)) is None:
            wrong[name] = "Нужно время, например 09:30."
    wish = Wish(
        applicant_name=sent.applicant_name,
        employee_id=identifier(sent.employee_id),
        profession=sent.profession,
        weekdays=[int(one) for one in sent.weekdays if one in "0123456"],
        starts=read_minutes(sent.starts),
        ends=read_minutes(sent.ends),
        mode=sent.mode,
        topic=sent.topic,
        family_id=identifier(sent.family_id),
        person_id=identifier(sent.person_id),
    )
    with trying(desk) as (session, tried):
        if wrong:
            raise Incomplete(wrong)
        waiting.add(session, wish, visitor.employee, datetime.now(UTC), form_key=sent.form_key, ip=visitor.ip)
    if tried.refused:
        return _page(request, visitor, typed, tried.errors, tried.status)
    desk.publish(Notice(NoticeKind.BOOKING))
    return back_to(request, "/appointments/waiting", "Внесено в лист ожидания.")


@router.post("/waiting/{wish_id}/close")
def close(request: Request, wish_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Take a line off, with a reason."""
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        reason = form.first("reason")
        waiting.close(session, wish_id, reason, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return _page(request, visitor, {}, {f"reason-{wish_id}": tried.sentence}, tried.status)
    desk.publish(Notice(NoticeKind.BOOKING))
    return back_to(request, "/appointments/waiting", "Снято с листа ожидания.")


@router.post("/offers/{offer_id}/take")
def take(request: Request, offer_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The family wants the freed time: its form opens, held for five minutes."""
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        held = waiting_offers.take(session, offer_id, None, visitor.employee, datetime.now(UTC), ip=visitor.ip)
        hold_id = held.id
    if tried.refused:
        return _page(request, visitor, {}, tried.errors, tried.status)
    desk.publish(Notice(NoticeKind.BOOKING))
    return back_to(request, f"/appointments/holds/{hold_id}")


@router.post("/offers/{offer_id}/decline")
def decline(request: Request, offer_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The time does not suit: it goes to the next in the line."""
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        waiting_offers.decline(session, offer_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return _page(request, visitor, {}, tried.errors, tried.status)
    desk.publish(Notice(NoticeKind.BOOKING))
    return back_to(request, "/appointments/waiting", "Время предложено следующему.")


def _page(
    request: Request, visitor: Visitor, values: dict[str, Any], errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    desk = desk_of(request)
    with desk.database.reading() as session:
        lines = waiting.lines(session, visitor.employee, datetime.now(UTC))
        people = timetable.specialists(session)
    values.setdefault("form_key", token_hex(16))
    context: dict[str, Any] = {"lines": lines, "people": people, "values": values, "errors": errors or {}}
    context["choices"] = [(one.id, one.short_name) for one in people]
    professions = [(one, one) for one in sorted({one.position for one in people if one.position})]
    context |= {"modes": MODES, "weekdays": WEEKDAYS, "minutes": minutes, "professions": professions}
    return page(request, visitor, "appointments_waiting.html", status=status, **context)
