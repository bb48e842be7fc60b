"""«Семьи»: search, cards, a new card."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from callflow.phone import normalise
from crm import audit, families, family_search
from web import workplace
from web.access import ON_CALLS, WITH_FAMILIES, Visitor, allow
from web.desk import desk_of
from web.forms import Form, fill, posted
from web.pages import back_to, page
from web.routes.card_form import CardFields, make_card

router = APIRouter(prefix="/families", default_response_class=HTMLResponse)
SHOWN = 50


@router.get("")
def search_form(request: Request, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """The search field; results come by POST."""
    return page(request, visitor, "families.html", text="", found=None, total=0)


@router.post("/search")
def search(
    request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*WITH_FAMILIES)
) -> Response:
    """People by name in any order, telephone in any spelling, or card number; masked until a card is opened."""
    text = form.first("text")
    desk = desk_of(request)
    with desk.database.transaction() as session:
        people = family_search.search(session, text, visitor.employee, SHOWN)
        found = [
            families.masked(session, one.person, one.family, one.person.phones[0].number if one.person.phones else "",
                            visitor.employee)
            for one in people
        ]  # fmt: skip
        names = {one.person.id: one.person for one in people}
        total = family_search.count(session, text, visitor.employee) if len(found) == SHOWN else len(found)
        kind = "phone" if normalise(text) else "text"
        audit.write(session, visitor.actor, "family.search", details={"by": kind, "found": total})
    return page(request, visitor, "families.html", text=text, found=found, names=names, total=total)


@router.get("/new")
def new_form(request: Request, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """An empty card for somebody who came or wrote."""
    return page(request, visitor, "family_new.html", values={}, errors={})


@router.post("")
def create(request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Make the card."""
    fields, errors = fill(CardFields, form)
    if fields is not None:
        with desk_of(request).database.transaction() as session:
            family, errors = make_card(session, fields, visitor, datetime.now(UTC))
        if family is not None:
            return back_to(request, f"/families/{family.id}", f"Карточка {family.card_number} заведена.")
    values = {name: sent[0] for name, sent in form.items()}
    return page(request, visitor, "family_new.html", values=values, errors=errors, status=422)


@router.get("/{family_id}")
def card(request: Request, family_id: int, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """The full card; opening it is an entry in the audit log."""
    desk = desk_of(request)
    with desk.database.transaction() as session:
        family = families.open_card(session, family_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
        people = workplace.load_people(family)
        history = workplace.history_of(session, family.id, visitor, limit=30)
    return page(request, visitor, "family.html", family=family, people=people, history=history)
