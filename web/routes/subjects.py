"""The rights of those whose data are kept: requests with terms, «все данные о человеке», destruction with its act.

For the head and the director only (152-ФЗ art. 14, 20, 21; domain.md §4.2).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from callflow.names import full_name
from crm import families
from crm.consents import destruction, destruction_plan, requests, subject
from crm.consents.subject_paper import as_html
from crm.consents.tables import PROPOSED, REQUEST_KINDS, SCOPES
from crm.errors import NotFound
from crm.family_tables import ACTIVE
from crm.staff import Role
from web.access import Visitor, allow
from web.consents import member
from web.desk import desk_of
from web.forms import Fields, Form, Line, Text, fill, posted
from web.pages import back_to, page
from web.routes.card_form import TypedDate
from web.tried import trying

router = APIRouter(default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
KEEPERS = (Role.HEAD, Role.DIRECTOR)
Number = Annotated[int, Field(ge=1, lt=2**63)]


@router.get("/subjects")
def register(request: Request, all: str = "", visitor: Visitor = allow(*KEEPERS)) -> Response:  # noqa: A002 - in the address
    """Requests by urgency, proposals that wait for the director, and the acts."""
    return _register(request, visitor, show_all=all == "yes")


def _register(request: Request, visitor: Visitor, *, show_all: bool = False, **shown: Any) -> Response:
    desk = desk_of(request)
    with desk.database.reading() as session:
        rows = requests.listed(session, visitor.employee, open_only=not show_all)
        known = destruction.acts(session)
    context = {"kinds": REQUEST_KINDS, "scopes": SCOPES, "show_all": show_all, "proposed": PROPOSED}
    context |= {"errors": {}, "failed": 0, "values": {}} | shown
    return page(request, visitor, "subjects.html", rows=rows, acts=known, status=422 if shown else 200, **context)


class OutcomeFields(Fields):
    """What was answered."""

    outcome: Text = ""


@router.post("/subjects/{request_id}/answer")
def answer(request: Request, request_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Close a request with what was done."""
    fields, errors = fill(OutcomeFields, form)
    if fields is not None:
        with trying(desk_of(request)) as (session, tried):
            requests.finish(session, request_id, fields.outcome, visitor.employee, datetime.now(UTC), ip=visitor.ip)
        if not tried.refused:
            return back_to(request, "/subjects", "Обращение исполнено.")
        errors = tried.errors
    return _register(request, visitor, errors=errors, failed=request_id, values={"outcome": form.first("outcome")})


@router.get("/families/{family_id}/subject")
def rights(request: Request, family_id: int, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """What can be done for the people of one card."""
    return rights_page(request, family_id, visitor)


class RequestFields(Fields):
    """What a person asks for."""

    person_id: Number
    kind: Line = ""
    received_on: TypedDate
    note: Text = ""


@router.post("/families/{family_id}/subject/requests")
def ask(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Register a request that came by letter or in the office."""
    fields, errors = fill(RequestFields, form)
    desk, today = desk_of(request), desk_of(request).clock().today
    if fields is not None:
        with trying(desk) as (session, tried):
            member(session, family_id, fields.person_id, visitor.employee)
            known = requests.register(
                session, fields.person_id, fields.kind, fields.received_on, visitor.employee, datetime.now(UTC),
                today=today, note=fields.note, ip=visitor.ip,
            )  # fmt: skip
        if not tried.refused:
            return back_to(request, "/subjects", f"Обращение записано. Ответить до {known.due_on:%d.%m.%Y}.")
        errors = tried.errors
    return rights_page(request, family_id, visitor, form=form, errors=errors, form_name="requests")


class ExportFields(Fields):
    """Whose data, in which form."""

    person_id: Number
    form: Literal["html", "json"] = "html"


@router.post("/families/{family_id}/subject/export")
def export(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Everything held on one person as a file to give him; named by numbers only."""
    fields, _ = fill(ExportFields, form)
    if fields is None:
        raise NotFound("Выберите человека.")
    with desk_of(request).database.transaction() as session:
        member(session, family_id, fields.person_id, visitor.employee)
        paper = subject.hand_out_to(session, fields.person_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    text = subject.as_json(paper) if fields.form == "json" else as_html(paper)
    kind = "application/json" if fields.form == "json" else "text/html"
    return as_file(text, f"subject-{fields.person_id}.{fields.form}", f"{kind}; charset=utf-8")


def as_file(text: str, name: str, kind: str) -> Response:
    """A file to keep, never to be kept by a cache; its name holds numbers only."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text, media_type=kind, headers=headers)


def rights_page(
    request: Request,
    family_id: int,
    visitor: Visitor,
    *,
    form: Form | None = None,
    errors: dict[str, str] | None = None,
    form_name: str = "",
) -> Response:
    """The page with its forms; after a refusal with what was typed."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        family = families.open_card(session, family_id, visitor.employee, clock.at, ip=visitor.ip)
        if family.state != ACTIVE:
            raise NotFound("Такой карточки нет.")
        what = destruction_plan.plan(session, family, "family", None, clock.at)
        people = [(one.id, full_name(one.surname, one.name, one.patronymic)) for one in family.people]
    return page(
        request,
        visitor,
        "subject_rights.html",
        status=422 if errors else 200,
        clock=clock,
        family=family,
        tab="consents",
        people=people,
        plan=what,
        kinds=list(REQUEST_KINDS.items()),
        scopes=list(SCOPES.items()),
        grounds=list(destruction.GROUNDS.items()),
        values={name: sent[0] for name, sent in (form or {}).items()},
        errors=errors or {},
        form_name=form_name,
    )
