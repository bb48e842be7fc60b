"""What the operator does with the call on her screen: say who calls, confirm it, tie it to a card, end the wrap-up."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from callflow.identity import may_see_full_card
from crm import audit, calls, families
from crm.calls import CallRecord
from crm.errors import NotFound, RecordsError
from crm.families import Family, Person
from crm.masked import children_of
from crm.specialists import dispositions
from web import identity
from web.access import ON_CALLS, Visitor, allow
from web.appeal_form import identifier
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, fill, posted
from web.found import callers, note_search
from web.parts import parts
from web.routes.card_form import Alike, CardFields, likely_of, make_card
from web.tried import trying
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/calls/{call_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


def own(session: Session, visitor: Visitor, call_id: int) -> CallRecord:
    """The call if it is the one on this person's screen; anybody else's call does not exist for them (B61)."""
    call = calls.current_call(session, visitor.id)
    if call is None or call.id != call_id:
        raise NotFound("Этого звонка на вашем экране уже нет.")
    return call


def said(sentence: str, status: int = 422) -> Response:
    """A refusal as a short sentence in the corner; what was typed stays where it is."""
    return Response(status_code=status, headers={"HX-Trigger": json.dumps({"fd:said": sentence}), "HX-Reswap": "none"})


def refused(request: Request, sentence: str, status: int) -> Response:
    """As `said`; for a form sent without a script, a page with the sentence."""
    if request.headers.get("hx-request") == "true":
        return said(sentence, status)
    desk = desk_of(request)
    return HTMLResponse(
        desk.render("error.html", title="Обработка не закончена", advice=sentence, status=status, error_id=""), status
    )


@router.post("/person")
def choose(request: Request, call_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Who is calling, among those who have this number or somebody found in the search."""
    person_id = form.first("person_id")
    if not person_id.isdecimal() or len(person_id) > 18:
        raise BadForm
    desk = desk_of(request)
    with desk.database.transaction() as session:
        own(session, visitor, call_id)
        calls.choose_person(session, call_id, int(person_id), visitor.employee, datetime.now(UTC), ip=visitor.ip)
    return parts(desk, visitor, at_workplace=True, force=True)


class Answers(Fields):
    """What the caller answered."""

    birth_date: Line = ""
    street: Line = ""
    child: Line = ""
    named: Literal["", "yes"] = ""
    voice: Literal["", "yes"] = ""


@router.post("/identity")
def confirm(request: Request, call_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Compare the answers with the card; enough of them open it, and every try is in the audit log."""
    answers, _ = fill(Answers, form)
    if answers is None:
        raise BadForm
    desk, at = desk_of(request), datetime.now(UTC)
    try:
        with desk.database.transaction() as session:
            call = own(session, visitor, call_id)
            result = _compared(session, call, answers)
            if result.differing:
                details = {"facts": sorted(result.differing)}
                audit.write(session, visitor.actor, "identity.differs", subject="call", subject_id=call.id,
                            family_id=call.family_id, details=details)  # fmt: skip
            else:
                _confirm(session, call, result, visitor, at)
    except RecordsError as error:
        return said(str(error))
    if result.differing:
        titles = ", ".join(identity.TITLES[fact] for fact in result.differing)
        return said(f"Не совпадает с карточкой: {titles}. Уточните ответ; карточка остаётся закрытой.")
    return parts(desk, visitor, at_workplace=True, force=True, said="Личность подтверждена: карточка открыта.")


def _compared(session: Session, call: CallRecord, answers: Answers) -> identity.Agreement:
    person = session.get(Person, call.person_id) if call.person_id else None
    family = session.get(Family, call.family_id) if call.family_id else None
    adult = person or (next((one for one in family.people if one.is_applicant), None) if family else None)
    result = identity.compare(
        birth_date=answers.birth_date,
        street=answers.street,
        child=answers.child,
        known_birth_date=adult.birth_date if adult else None,
        known_address=family.address if family else "",
        known_children=[child.name for child in children_of(family)] if family else [],
    )
    result.agreed += [fact for fact, told in (("name", answers.named), ("voice", answers.voice)) if told]
    return result


def _confirm(session: Session, call: CallRecord, result: identity.Agreement, visitor: Visitor, at: datetime) -> None:
    level = max(int(result.level), call.identity_level)
    calls.confirm_identity(session, call.id, level, result.agreed, visitor.employee, at, ip=visitor.ip)
    if call.family_id is not None and may_see_full_card(result.level):
        families.open_card(session, call.family_id, visitor.employee, at, call_id=call.id, ip=visitor.ip)


@router.post("/search")
def search(request: Request, call_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Cards that the call may belong to; by POST, because a name in an address ends up in logs (reliability.md S17)."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        call = own(session, visitor, call_id)
        found = callers(session, families.search(session, form.first("text"), visitor.employee, 10), visitor)
    if found:
        with desk.database.transaction() as session:
            note_search(session, visitor, form.first("text"), len(found))
    text = desk.render("parts/card_results.html", visitor=visitor, found=found, call=call, text=form.first("text"))
    return HTMLResponse(text)


@router.get("/new-card")
def new_card_form(request: Request, call_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """An empty card beside the talk."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        call = own(session, visitor, call_id)
    text = desk.render("parts/new_card.html", visitor=visitor, call=call, values={}, errors={}, likely=[])
    return HTMLResponse(text)


@router.post("/new-card")
def new_card(request: Request, call_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Make the card and tie the call to it; the caller's number is taken from the call, not from the page."""
    desk, at = desk_of(request), datetime.now(UTC)
    fields, errors = fill(CardFields, form)
    alike: list[Alike] = []
    with desk.database.transaction() as session:
        call = own(session, visitor, call_id)
        number = call.caller_number if call.caller_kind == "number" and fields and fields.take_number else None
        if fields is not None and not fields.anyway:
            alike = likely_of(session, fields, visitor, extra_phone=number or "")
        if fields is not None and not alike:
            family, errors = make_card(session, fields, visitor, at, extra_phone=number or "")
            if family is not None:
                calls.choose_person(session, call_id, family.people[0].id, visitor.employee, at, ip=visitor.ip)
                # Written from the caller's own words a moment ago: there is nothing to hide from the writer.
                calls.confirm_identity(session, call_id, 2, ["name", "address"], visitor.employee, at, ip=visitor.ip)
    if errors or alike:
        values = {name: sent[0] for name, sent in form.items()}
        text = desk.render(
            "parts/new_card.html", visitor=visitor, call=call, values=values, errors=errors, likely=alike
        )
        return HTMLResponse(text, status_code=422)
    return parts(desk, visitor, at_workplace=True, force=True, said="Карточка заведена и связана со звонком.")


class Finish(Fields):
    """With what the call ends."""

    disposition: Line = ""


@router.post("/finish")
def finish(request: Request, call_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """End the wrap-up without a journal row: with a disposition; what was typed stays with the call."""
    sent, _ = fill(Finish, form)
    if sent is None:
        raise BadForm
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        dispositions.finish(session, call_id, identifier(sent.disposition), visitor.employee, at, ip=visitor.ip)
    if tried.refused:
        return refused(request, tried.sentence, tried.status)
    desk.wake(Wake.PRESENCE)
    desk.publish(Notice(NoticeKind.CLOSED, employee_id=visitor.id, call_id=call_id), Notice(NoticeKind.PRESENCE))
    return parts(desk, visitor, at_workplace=True, force=True)
