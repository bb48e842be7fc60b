"""A call that the exchange did not see, or a promise: into the same ledger, as fast as possible (B-1)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import families, institution
from crm.errors import NotFound
from crm.masked import MaskedFamily, masked
from crm.missed import access, opening
from crm.missed.opening import ByHand
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Form, fill, posted
from web.missed import WHOSE, Entered, outside_hours, read_moment, read_past
from web.pages import back_to, page
from web.tried import trying
from workers.feed import Notice, NoticeKind

router = APIRouter(prefix="/missed/new", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


@router.get("")
def new_form(request: Request, family: str = "", visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Number, who, when; with `family` a promise to that family."""
    wanted = int(family) if family.isascii() and family.isdecimal() and len(family) < 20 else None
    return _form(request, visitor, Entered(family=wanted or None, whose="mine"))


@router.post("")
def enter(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """One row, however often the form is sent."""
    sent, problems = fill(Entered, form)
    if sent is None:
        return _form(request, visitor, Entered(), problems, 422)
    if not (sent.form_key.isascii() and sent.form_key.isalnum() and len(sent.form_key) <= 64):
        raise BadForm
    desk, at = desk_of(request), datetime.now(UTC)
    happened = read_past(sent.happened, desk.zone, at) if sent.happened else at
    promised = read_moment(sent.day, sent.time, desk.zone, at) if sent.day or sent.time else None
    if happened is None:
        problems["happened"] = "Время не распознано: например 14:30."
    if promised is None and (sent.day or sent.time):
        problems["promised_for"] = "Время не распознано: например 15:00, день 25.11."
    if problems:
        return _form(request, visitor, sent, problems, 422)
    wanted = ByHand(
        service_id=sent.service_id or next(iter(visitor.service_ids), 0),
        number=sent.number,
        caller_name=sent.caller_name,
        note=sent.note,
        line_id=sent.line_id,
        family_id=sent.family,
        happened_at=happened,
        promised_for=promised,
        mine=sent.whose == "mine",
        form_key=sent.form_key,
    )
    beside = ""
    with trying(desk) as (session, tried):
        row = opening.by_hand(session, wanted, visitor.employee, at, ip=visitor.ip)
        service_id, beside = row.service_id, outside_hours(session, row, desk.zone)
    if tried.refused:
        return _form(request, visitor, sent, tried.errors, tried.status)
    desk.publish(Notice(NoticeKind.MISSED, service_id=service_id))
    return back_to(request, "/missed", f"Записано: перезвонить. {beside}".strip())


def _form(
    request: Request, visitor: Visitor, sent: Entered, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    desk = desk_of(request)
    card: MaskedFamily | None = None
    with desk.database.reading() as session:
        mine = access.services_of(session, visitor.employee)
        services = [one for one in institution.services(session) if one.id in mine]
        lines = [line for line in institution.active_lines(session) if line.service_id in mine]
        if sent.family:
            family = families.fetch_family(session, sent.family, visitor.employee)
            shown = next((one for one in family.members if one.is_applicant), next(iter(family.members), None))
            card = masked(session, shown, family, "", visitor.employee) if shown else None
    if not services:
        raise NotFound("Вы не закреплены за службой.")
    context: dict[str, Any] = {"sent": sent, "card": card, "services": services, "lines": lines, "whose": WHOSE}
    key = sent.form_key or uuid4().hex
    return page(request, visitor, "missed_new.html", status=status, errors=errors or {}, key=key, **context)
