"""«Согласия» of a card: what each member allows, asking, signed papers, withdrawing, the blanks to sign."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy.orm import Session

from crm import families
from crm.consents import giving, requests, rules, texts
from crm.consents.giving import Paper
from crm.consents.tables import PURPOSES, REQUEST_KINDS
from crm.errors import NotFound
from crm.family_tables import ACTIVE, Family
from crm.staff import Role
from web import consents
from web.access import ON_CALLS, WITH_FAMILIES, Visitor, allow
from web.consents import Row
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, fill, posted
from web.pages import back_to, page
from web.routes.card_form import TypedDate
from web.tried import trying

router = APIRouter(default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
TAKERS = (*ON_CALLS, Role.SPECIALIST)
"""Who asks: operators by telephone, specialists at the first visit."""
Purpose = Literal["processing", "special", "auto_calls", "recording", "transfer"]
Number = Annotated[int, Field(ge=1, lt=2**63)]


@router.get("/families/{family_id}/consents")
def tab(
    request: Request, family_id: int, person: str = "", purpose: str = "", visitor: Visitor = allow(*WITH_FAMILIES)
) -> Response:
    """The matrix; with a person and a purpose named, the forms for that answer above it."""
    return _tab(request, family_id, visitor, person=person, purpose=purpose)


class OralFields(Fields):
    """An answer that was spoken."""

    person_id: Number
    purpose: Purpose
    text_id: Number
    answer: Literal["yes", "no"]
    representative: Line = ""


@router.post("/families/{family_id}/consents/spoken")
def spoken(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*TAKERS)) -> Response:
    """Write down «да» or «нет»."""
    fields, errors = fill(OralFields, form)
    if fields is not None:
        said = "Согласие записано." if fields.answer == "yes" else "Отказ записан."

        def act(session: Session) -> None:
            at = datetime.now(UTC)
            if fields.answer == "no":
                giving.refuse(session, fields.person_id, fields.text_id, visitor.employee, at, ip=visitor.ip)
            else:
                giving.give(
                    session,
                    fields.person_id,
                    fields.text_id,
                    visitor.employee,
                    at,
                    representative=fields.representative,
                    ip=visitor.ip,
                )

        errors = _try(request, family_id, fields.person_id, visitor, act)
        if not errors:
            return back_to(request, f"/families/{family_id}/consents", said)
    return _again(request, family_id, form, errors, visitor)


class PaperFields(Fields):
    """A signed document."""

    person_id: Number
    purpose: Purpose
    text_id: Number
    document: Line = ""
    signed_on: TypedDate
    representative: Line = ""
    authority: Line = ""
    valid_until: TypedDate | None = None


@router.post("/families/{family_id}/consents/paper")
def paper(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*TAKERS)) -> Response:
    """Write down a paper that lies in the file."""
    fields, errors = fill(PaperFields, form)
    if fields is not None:
        signed = Paper(fields.document, fields.signed_on, fields.representative, fields.authority, fields.valid_until)

        def act(session: Session) -> None:
            giving.give(
                session, fields.person_id, fields.text_id, visitor.employee, datetime.now(UTC), paper=signed,
                ip=visitor.ip,
            )  # fmt: skip

        errors = _try(request, family_id, fields.person_id, visitor, act)
        if not errors:
            return back_to(request, f"/families/{family_id}/consents", "Письменное согласие записано.")
    return _again(request, family_id, form, errors, visitor)


class WithdrawFields(Fields):
    """How and when a consent was taken back."""

    person_id: Number
    purpose: Purpose
    how: Line = ""
    received_on: TypedDate | None = None


@router.post("/families/{family_id}/consents/withdraw")
def withdraw(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*TAKERS)) -> Response:
    """End a consent, and what it had unlocked."""
    fields, errors = fill(WithdrawFields, form)
    if fields is not None:

        def act(session: Session) -> None:
            giving.withdraw(
                session, fields.person_id, fields.purpose, visitor.employee, datetime.now(UTC), how=fields.how,
                received_on=fields.received_on, ip=visitor.ip,
            )  # fmt: skip

        errors = _try(request, family_id, fields.person_id, visitor, act)
        if not errors:
            return back_to(request, f"/families/{family_id}/consents", "Отзыв записан, действует сразу.")
    return _again(request, family_id, form, errors, visitor)


def _try(request: Request, family_id: int, person_id: int, visitor: Visitor, act: Any) -> dict[str, str]:
    """Run one verb for a member of this card; what it refuses as sentences by field."""
    with trying(desk_of(request)) as (session, tried):
        consents.member(session, family_id, person_id, visitor.employee)
        act(session)
    return tried.errors


def _again(request: Request, family_id: int, form: Form, errors: dict[str, str], visitor: Visitor) -> Response:
    """The same forms with what was typed and what is wrong."""
    values = {name: sent[0] for name, sent in form.items()}
    if not values.get("person_id", "").isdecimal() or values.get("purpose") not in PURPOSES:
        raise BadForm
    return _tab(
        request,
        family_id,
        visitor,
        person=values["person_id"],
        purpose=values["purpose"],
        values=values,
        errors=errors,
        form_name=request.url.path.rsplit("/", maxsplit=1)[1],
    )


def _tab(
    request: Request,
    family_id: int,
    visitor: Visitor,
    *,
    person: str,
    purpose: str,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    form_name: str = "",
) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        family = families.open_card(session, family_id, visitor.employee, clock.at, ip=visitor.ip)
        if family.state != ACTIVE:
            raise NotFound("Такой карточки нет.")
        rows = consents.matrix(session, family, clock)
        chosen = _chosen(rows, person, purpose)
        context = _form_context(session, family, chosen, purpose, visitor, clock.zone) if chosen else {}
        stopped = "card" in rules.locked(session, family, clock.at)
        waiting = requests.open_of(session, family_id)
    return page(
        request,
        visitor,
        "consents.html",
        status=422 if errors else 200,
        clock=clock,
        family=family,
        tab="consents",
        rows=rows,
        purposes=consents.SHORT,
        chosen=chosen,
        purpose=purpose,
        stopped=stopped,
        waiting=waiting,
        kinds=REQUEST_KINDS,
        may_take=visitor.role in TAKERS,
        values=values or {},
        errors=errors or {},
        form_name=form_name,
        **context,
    )


def _chosen(rows: list[Row], person: str, purpose: str) -> Row | None:
    found = next((row for row in rows if str(row.person.id) == person), None)
    return found if found and found.cell(purpose) else None


def _form_context(  # noqa: PLR0917 - private, called once
    session: Session, family: Family, row: Row, purpose: str, visitor: Visitor, zone: ZoneInfo
) -> dict[str, Any]:
    text = texts.current(session, purpose)
    operator = texts.institution_of(session, visitor.employee)
    answers = consents.history(session, row.person.id, purpose)
    names, versions = consents.names_and_versions(session, answers)
    adults = [one for one in family.people if one.left_at is None and one.id != row.person.id]
    return {
        "text": text,
        "spoken_words": texts.filled(text.spoken, texts.operator_values(operator)),
        "answers": [consents.told(one, names, versions, zone) for one in answers],
        "adults": adults,
        "only_paper": purpose in rules.WRITTEN_ONLY,
        "title": PURPOSES[purpose],
    }
