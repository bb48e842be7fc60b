"""A row by hand: somebody came, wrote, or told of another family; or a call that the program did not see (B-11, B-18).

The form has a key. Whatever is sent with it, twice or from a dead page come back, is one row.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm import families, institution, journal
from crm.errors import NotFound
from crm.institution import Service
from crm.journal import JournalEntry
from crm.journal_tables import CONTACT_METHODS
from web.access import ON_CALLS, Visitor, allow
from web.appeal_form import Appeal, choices, identifier, read_appeal
from web.desk import Desk, desk_of
from web.forms import BadForm, Form, posted
from web.found import callers, note_search
from web.pages import back_to, page
from web.routes.appeals import enter, keep_draft, tie_applicant

router = APIRouter(prefix="/journal/new", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
SHOWN = 8


@router.get("")
def new_form(
    request: Request, *, family: str = "", method: str = "in_person", visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """An empty row; with `family` the applicant's name and the brief stand in it already."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        card = _card(session, family, visitor)
        services = _services(session, visitor)
        offered = choices(session, visitor, desk.clock().today)
    if not services:
        raise NotFound("Вы не закреплены за службой.")
    entry = JournalEntry(
        contact_method=method if method in CONTACT_METHODS else "in_person",
        service_id=services[0].id,
        applicant_name=_applicant(card),
        family_brief=card.brief if card and not card.restricted else "",
        substance="",
        topic="",
        obstacle=None,
        obstacles=[],
        explained=False,
        need={},
        occurred_at=datetime.now(UTC),
        version=1,
    )
    context: dict[str, Any] = {"entry": entry, "services": services, "card": card, "key": uuid4().hex, "errors": {}}
    return page(request, visitor, "journal_new.html", zone=desk.zone, found=None, text="", **context, **offered)


@router.post("/draft")
def save_draft(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> JSONResponse:
    """Keep what was typed so far: the first words open the draft."""
    desk, appeal = desk_of(request), read_appeal(form)
    entry_id = _draft_of(desk, appeal, visitor)
    return keep_draft(desk, appeal, visitor, entry_id)


@router.post("")
def save(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Number the row."""
    appeal = read_appeal(form)
    entry_id = _draft_of(desk_of(request), appeal, visitor)
    return enter(request, appeal, visitor, entry_id)


@router.post("/search")
def search_applicant(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Who came? People by name, telephone or card; masked like everywhere before a card is opened."""
    desk, text = desk_of(request), clean_line(form.first("text"), 200)
    with desk.database.transaction() as session:
        found = callers(session, families.search(session, text, visitor.employee, SHOWN), visitor)
        note_search(session, visitor, text, len(found))
    known = {name: form.first(name) for name in ("entry_id", "form_key", "service_id", "contact_method")}
    if not known["form_key"].isalnum():
        known["form_key"] = uuid4().hex
    shown: dict[str, Any] = {"found": found, "known": known, "text": text}
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(desk.render("parts/applicant_results.html", visitor=visitor, clock=desk.clock(), **shown))
    return page(request, visitor, "journal_applicant.html", **shown)


@router.post("/applicant")
def choose_applicant(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """This one: a draft tied to the card, its fields filled in."""
    desk = desk_of(request)
    appeal = Appeal(
        version=1,
        form_key=form.first("form_key"),
        service_id=form.first("service_id"),
        contact_method=form.first("contact_method") or "in_person",
    )
    entry_id = _draft_of(desk, appeal, visitor)
    with desk.database.transaction() as session:
        tie_applicant(session, entry_id, form.first("person_id"), visitor)
    return back_to(request, f"/journal/{entry_id}", "Заявитель выбран, поля заполнены.")


def _draft_of(desk: Desk, appeal: Appeal, visitor: Visitor) -> int:
    """The row that this form made, or makes now; then the form's version is the new row's."""
    if not (appeal.form_key.isascii() and appeal.form_key.isalnum() and 16 <= len(appeal.form_key) <= 64):
        raise BadForm
    at = datetime.now(UTC)
    with desk.database.transaction() as session:
        known = journal.entry_of_form(session, appeal.form_key)
        if known is not None and known.author_id == visitor.id:
            return known.id
        services = {str(one.id): one for one in _services(session, visitor)}
        service = services.get(appeal.service_id) or next(iter(services.values()), None)
        if service is None:
            raise NotFound("Вы не закреплены за службой.")
        entry = journal.new_draft(session, service.id, appeal.contact_method, visitor.employee, at, appeal.form_key)
        card = _card(session, appeal.family, visitor)
        applicant = next((one for one in card.people if one.is_applicant), None) if card else None
        if card is not None and applicant is not None:
            tie_applicant(session, entry.id, str(applicant.id), visitor)
        appeal.version = entry.version
        return entry.id


def _services(session: Session, visitor: Visitor) -> list[Service]:
    """Where this person may write: her own services first."""
    readable = journal.readable_services(session, visitor.employee)
    services = [one for one in institution.services(session) if one.id in readable]
    own = {service_id: place for place, service_id in enumerate(visitor.service_ids)}
    return sorted(services, key=lambda one: own.get(one.id, len(own)))


def _card(session: Session, family: str, visitor: Visitor) -> families.Family | None:
    """The family named in the address, if there is one that this person may know of."""
    card = session.get(families.Family, identifier(family) or 0)
    if card is None or card.state != "active" or not families.visible_to(session, card, visitor.employee):
        return None
    return card


def _applicant(card: families.Family | None) -> str:
    applicant = next((one for one in card.people if one.is_applicant), None) if card else None
    if applicant is None:
        return ""
    return " ".join(part for part in (applicant.surname, applicant.name, applicant.patronymic) if part)
