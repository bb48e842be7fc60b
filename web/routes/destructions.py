"""Destroying personal data: the head proposes, the director decides, the act and its extract (приказ РКН № 179)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from crm import families
from crm.base import fetch
from crm.consents import acts, destruction, destruction_plan, texts
from crm.consents.tables import PROPOSED, SCOPES
from crm.family_tables import Person
from crm.staff import Employee, Role
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import Fields, Form, Line, Text, fill, posted
from web.pages import back_to, page
from web.routes.subjects import KEEPERS, as_file, rights_page
from web.tried import trying

router = APIRouter(default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
Number = Annotated[int, Field(ge=1, lt=2**63)]


class ProposalFields(Fields):
    """What is to be destroyed, and why."""

    scope: Line = ""
    person_id: Number | None = None
    ground: Line = ""


@router.post("/families/{family_id}/subject/destruction")
def propose(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(Role.HEAD)) -> Response:
    """Propose it to the director; nothing is destroyed yet."""
    fields, errors = fill(ProposalFields, form)
    if fields is not None:
        with trying(desk_of(request)) as (session, tried):
            act = destruction.propose(
                session, family_id, fields.scope, visitor.employee, datetime.now(UTC), ground=fields.ground,
                person_id=fields.person_id, ip=visitor.ip,
            )  # fmt: skip
        if not tried.refused:
            return back_to(request, f"/destructions/{act.id}", "Предложение передано директору.")
        errors = tried.errors
    return rights_page(request, family_id, visitor, form=form, errors=errors, form_name="destruction")


@router.get("/destructions/{act_id}")
def act_page(request: Request, act_id: int, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """The proposal with its preview, or the act to print."""
    return _act(request, act_id, visitor)


class DecisionFields(Fields):
    """What the director decides."""

    decision: Literal["destroy", "decline"]
    reason: Text = ""
    sure: Literal["", "yes"] = ""


@router.post("/destructions/{act_id}/decision")
def decide(request: Request, act_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Destroy for good, or decline with the reason. Declining is the head's right too: it takes a proposal back."""
    fields, errors = fill(DecisionFields, form)
    if fields is not None and fields.decision == "destroy" and fields.sure != "yes":
        errors = {"sure": "Отметьте, что понимаете: вернуть данные будет нельзя."}
    elif fields is not None:
        at = datetime.now(UTC)
        with trying(desk_of(request)) as (session, tried):
            if fields.decision == "destroy":
                destruction.destroy(session, act_id, visitor.employee, at, decision=fields.reason, ip=visitor.ip)
                said = "Данные уничтожены. Распечатайте акт."
            else:
                destruction.decline(session, act_id, fields.reason, visitor.employee, at, ip=visitor.ip)
                said = "Предложение отклонено."
        if not tried.refused:
            return back_to(request, f"/destructions/{act_id}", said)
        errors = tried.errors
    return _act(request, act_id, visitor, errors=errors, reason=form.first("reason"))


@router.post("/destructions/{act_id}/log")
def act_log(request: Request, act_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """The extract of the log that the act needs beside it (приказ № 179 п. 2), as text or JSON."""
    desk = desk_of(request)
    as_json = form.first("form") == "json"
    with desk.database.transaction() as session:
        log = acts.log_of(session, act_id, visitor.employee, datetime.now(UTC), desk.zone, ip=visitor.ip)
    text = acts.as_json(log) if as_json else acts.as_text(log)
    kind = "application/json" if as_json else "text/plain"
    return as_file(text, f"act-{act_id}.{'json' if as_json else 'txt'}", f"{kind}; charset=utf-8")


def _act(
    request: Request, act_id: int, visitor: Visitor, *, errors: dict[str, str] | None = None, reason: str = ""
) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        act = destruction.fetch_act(session, act_id)
        family = families.fetch_family(session, act.family_id, visitor.employee)
        person = session.get(Person, act.person_id) if act.person_id else None
        what = destruction_plan.Plan(act.destroyed, act.kept)
        if act.state == PROPOSED:
            families.open_card(session, family.id, visitor.employee, clock.at, ip=visitor.ip)
            what = destruction_plan.plan(session, family, act.scope, person, clock.at)
        people = {one: fetch(session, Employee, one or 0) for one in (act.proposed_by_id, act.decided_by_id)}
        operator = texts.institution_of(session, visitor.employee)
    return page(
        request,
        visitor,
        "destruction_act.html",
        status=422 if errors else 200,
        clock=clock,
        act=act,
        family=family,
        plan=what,
        scope=SCOPES[act.scope],
        proposer=people[act.proposed_by_id],
        decider=people[act.decided_by_id],
        operator=operator,
        may_destroy=visitor.role is Role.DIRECTOR and visitor.id != act.proposed_by_id,
        errors=errors or {},
        reason=reason,
    )
