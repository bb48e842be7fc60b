"""«Семьи»: search, and a new card with a warning where the family may have one already."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm.search.families import search as search_families
from web.access import ON_CALLS, WITH_FAMILIES, Visitor, allow
from web.desk import desk_of
from web.forms import Form, fill, posted
from web.found import is_typing_noted, lines, note_search, note_typing
from web.pages import back_to, page
from web.routes.card_form import CardFields, likely_of, make_card

router = APIRouter(prefix="/families", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
SHOWN = 50
SHOWN_WHILE_TYPING = 10


@router.get("")
def search_form(request: Request, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """The search field; results come by POST."""
    return page(request, visitor, "families.html", text="", found=None, more=False)


@router.get("/search")
def search_again(request: Request, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """The results' address, reloaded or returned to: the words are not in it, so the field is empty."""
    return search_form(request, visitor)


@router.post("/search")
def search(request: Request, form: Posted, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """Families by any part of a name, telephone in any spelling, address, or card number; masked until opened."""
    text = form.first("text")
    desk = desk_of(request)
    with desk.database.transaction() as session:
        found = search_families(session, text, visitor.employee, SHOWN + 1)
        note_search(session, visitor, text, min(len(found), SHOWN))
        shown = lines(session, found[:SHOWN], visitor)
    return page(request, visitor, "families.html", text=text, found=shown, more=len(found) > SHOWN)


@router.post("/typed")
def typed(request: Request, form: Posted, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """The first results while typing, as options of the field's list (`list` names the list for the field)."""
    text = form.first("text")
    desk = desk_of(request)
    with desk.database.reading() as session:
        found = search_families(session, text, visitor.employee, SHOWN_WHILE_TYPING + 1)
        shown = lines(session, found[:SHOWN_WHILE_TYPING], visitor)
        noted = not shown or is_typing_noted(session, visitor)
    if not noted:
        with desk.database.transaction() as session:
            note_typing(session, visitor)
    list_id = "quick-found" if form.first("list") == "quick" else "page-found"
    return HTMLResponse(
        desk.render(
            "parts/found_options.html",
            visitor=visitor,
            asked=bool(text.strip()),
            found=shown,
            more=len(found) > SHOWN_WHILE_TYPING,
            list_id=list_id,
        )
    )


@router.get("/new")
def new_form(request: Request, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """An empty card for somebody who came or wrote."""
    return page(request, visitor, "family_new.html", values={}, errors={}, likely=[])


@router.post("/likely")
def likely(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Cards that the new one resembles, while it is being typed; nothing where a field cannot be read yet."""
    fields, errors = fill(CardFields, Form({name: sent for name, sent in form.items() if name != "csrf"}))
    if fields is None:
        readable = Form({name: sent for name, sent in form.items() if name not in errors and name != "csrf"})
        fields, _ = fill(CardFields, readable)
    desk = desk_of(request)
    alike = []
    if fields is not None:
        with desk.database.reading() as session:
            alike = likely_of(session, fields, visitor)
    return HTMLResponse(desk.render("parts/likely.html", visitor=visitor, likely=alike, call=None))


@router.post("")
def create(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Make the card; where it resembles others, only after «Всё равно завести»."""
    fields, errors = fill(CardFields, form)
    alike = []
    if fields is not None:
        with desk_of(request).database.transaction() as session:
            alike = [] if fields.anyway else likely_of(session, fields, visitor)
            family = None
            if not alike:
                family, errors = make_card(session, fields, visitor, datetime.now(UTC))
        if family is not None:
            return back_to(request, f"/families/{family.id}", f"Карточка {family.card_number} заведена.")
    values = {name: sent[0] for name, sent in form.items()}
    return page(request, visitor, "family_new.html", values=values, errors=errors, likely=alike, status=422)
