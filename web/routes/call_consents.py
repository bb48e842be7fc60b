"""Asking for consent beside the talk: the words of S-2 to read aloud, answers kept with the call (domain.md §9.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy.orm import Session

from crm.calls import CallRecord
from crm.consents import giving, rules, texts
from crm.errors import NotFound, RecordsError
from crm.families import fetch_family
from crm.family_tables import Person
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import Fields, Form, fill, posted
from web.parts import parts
from web.routes.calls import own, said

router = APIRouter(prefix="/calls/{call_id}/consents", default_response_class=HTMLResponse)
ASKED = ("processing", "auto_calls")
"""What S-2 asks; the rest is signed at a visit."""
NO_CARD = (
    "Отказ записан. Консультируйте без имени: в карточку ничего не вносите, в обращении укажите «без имени»."
    " Заведующий решит, что уничтожить."
)


class Answers(Fields):
    """What the caller said; what was not asked stays empty."""

    processing: Literal["", "yes", "no"] = ""
    auto_calls: Literal["", "yes", "no"] = ""
    processing_text: Annotated[int, Field(ge=1, lt=2**63)]
    auto_calls_text: Annotated[int, Field(ge=1, lt=2**63)]


@router.get("")
def form(request: Request, call_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The words to read and the answers to mark."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        call = own(session, visitor, call_id)
        person = _person(session, call, visitor)
        known = rules.standing(session, person.id, datetime.now(UTC))
        operator = texts.operator_values(texts.institution_of(session, visitor.employee))
        words = {one: texts.current(session, one) for one in ASKED}
        spoken = {one: texts.filled(text.spoken, operator) for one, text in words.items()}
    text = desk.render("parts/consents.html", visitor=visitor, call=call, known=known, words=words, spoken=spoken)
    return HTMLResponse(text)


@router.post("")
def answer(
    request: Request, call_id: int, sent: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """Write the answers down with the call's number."""
    desk, at = desk_of(request), datetime.now(UTC)
    fields, _ = fill(Answers, sent)
    if fields is None or not (fields.processing or fields.auto_calls):
        return said("Отметьте, что ответил человек: да или нет.")
    try:
        with desk.database.transaction() as session:
            call = own(session, visitor, call_id)
            person = _person(session, call, visitor)
            for purpose in ASKED:
                text_id, word = getattr(fields, f"{purpose}_text"), getattr(fields, purpose)
                if word and not (purpose == "auto_calls" and word == "yes" and fields.processing == "no"):
                    verb = giving.give if word == "yes" else giving.refuse
                    verb(session, person.id, text_id, visitor.employee, at, call_id=call.id, ip=visitor.ip)
    except RecordsError as refusal:
        return said(str(refusal))
    sentence = NO_CARD if fields.processing == "no" else "Ответ записан."
    return parts(desk, visitor, at_workplace=True, force=True, said=sentence)


def _person(session: Session, call: CallRecord, visitor: Visitor) -> Person:
    """Who is being asked: the caller, if he has been told apart and his card is not closed to this operator."""
    person = session.get(Person, call.person_id) if call.person_id else None
    if person is None and call.family_id is not None:
        family = fetch_family(session, call.family_id, visitor.employee)
        person = next((one for one in family.people if one.is_applicant and one.left_at is None), None)
    if person is None or person.family_id is None:
        raise NotFound("Сначала отметьте, кто звонит, или заведите карточку.")
    fetch_family(session, person.family_id, visitor.employee)
    return person
