"""Somebody tells us of a family in need: the short form, from the menu or in the middle of a call (B-32, §6.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import families, institution
from crm.masked import MaskedFamily, masked
from crm.tips import access, opening
from crm.tips.told import Told as Words
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Form, fill, posted
from web.found import callers, note_search
from web.pages import back_to, page
from web.routes.tips import in_place
from web.tips import Told
from web.tried import trying
from workers.feed import Notice, NoticeKind

router = APIRouter(prefix="/tips/new", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
FOUND = 6
RISK = {"yes": True, "no": False}


@router.get("")
def new_form(request: Request, call: str = "", family: str = "", visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """An empty form; `call`: the one in which it is told, `family`: the card it was opened from."""
    sent = Told(call=_number(call), family=_number(family))
    return _form(request, visitor, sent)


@router.post("")
def take(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Look for the card, or enter what was told; one report, however often the form is sent."""
    sent, problems = fill(Told, form)
    if sent is None:
        return _form(request, visitor, Told(), problems, 422)
    if not (sent.form_key.isascii() and sent.form_key.isalnum() and 16 <= len(sent.form_key) <= 64):
        raise BadForm
    if sent.forget:
        sent.family = None
        return in_place(_form(request, visitor, sent))
    if sent.find:
        return in_place(_form(request, visitor, sent, look=True))
    desk, at = desk_of(request), datetime.now(UTC)
    told = Words(
        service_id=sent.service_id or next(iter(visitor.service_ids), 0),
        words=sent.words,
        risk=RISK.get(sent.risk),
        said_112=sent.said_112,
        family_id=sent.family,
        about_name=sent.about_name,
        about_address=sent.about_address,
        about_children=sent.about_children,
        numbers=sent.numbers,
        informant_name=sent.informant_name,
        informant_organisation=sent.informant_organisation,
        informant_phone=sent.informant_phone,
        stays_unknown=sent.stays_unknown,
        call_id=sent.call,
        form_key=sent.form_key,
    )
    with trying(desk) as (session, tried):
        tip = opening.take(session, told, visitor.employee, at, ip=visitor.ip)
        tip_id, service_id = tip.id, tip.service_id
    if tried.refused:
        return _form(request, visitor, sent, tried.errors, tried.status)
    desk.publish(Notice(NoticeKind.TIP, service_id=service_id))
    said = "Записано. Сообщившему: «Информация принята», больше ничего о семье."
    return back_to(request, f"/tips/{tip_id}", said)


def _form(
    request: Request,
    visitor: Visitor,
    sent: Told,
    errors: dict[str, str] | None = None,
    status: int = 200,
    *,
    look: bool = False,
) -> Response:
    desk = desk_of(request)
    card: MaskedFamily | None = None
    found: list[MaskedFamily] = []
    with desk.database.transaction() as session:
        mine = access.services_of(session, visitor.employee)
        services = [one for one in institution.services(session) if one.id in mine]
        if sent.family:
            family = families.fetch_family(session, sent.family, visitor.employee)
            shown = next((one for one in family.members if one.is_applicant), next(iter(family.members), None))
            card = masked(session, shown, family, "", visitor.employee) if shown else None
        if look:
            lines = callers(session, families.search(session, sent.text, visitor.employee, FOUND), visitor)
            found = list({one.family_id: one for one in lines if one.family_id}.values())
            note_search(session, visitor, sent.text, len(found))
    return page(
        request,
        visitor,
        "tips_new.html",
        status=status,
        sent=sent,
        errors=errors or {},
        card=card,
        found=found,
        looked=look,
        services=services,
        key=sent.form_key or uuid4().hex,
    )


def _number(text: str) -> int | None:
    known = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    return known or None
