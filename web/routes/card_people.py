"""The members of a family."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.cards import people
from crm.consents.rules import standing
from crm.errors import NotFound
from crm.family_tables import Family, Person
from web import why_calls
from web.access import ON_CALLS, Visitor, allow
from web.attempts import Attempt, VersionedForm, untouched
from web.card import options
from web.card_forms import ReasonForm, as_form, save
from web.desk import desk_of
from web.forms import Form, Line, Text, posted
from web.pages import back_to, page
from web.routes.card_form import TypedDate
from web.routes.cards import open_family

router = APIRouter(prefix="/families/{family_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class PersonForm(VersionedForm):
    """A member of the family."""

    surname: Line = ""
    name: Line = ""
    patronymic: Line = ""
    relation: Line = ""
    birth_date: TypedDate | None = None
    sex: Literal["", "female", "male"] = ""
    email: Line = ""
    registration_address: Text = ""
    special_needs: Text = ""
    study_place: Line = ""
    full_time_student_until: TypedDate | None = None
    is_applicant: bool = False
    lives_with_family: bool = False
    do_not_call: bool = False
    incapable: bool = False


@router.get("/people/new")
def new_person_form(request: Request, family_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """An empty form."""
    return person_page(request, family_id, None, visitor)


@router.post("/people")
def add_person(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Add a member; the page of the new person follows, where telephones are added."""
    added: list[int] = []

    def act(session: Session, fields: PersonForm) -> None:
        person = people.add_person(
            session, family_id, fields.sent(), visitor.employee, datetime.now(UTC), ip=visitor.ip
        )
        added.append(person.id)

    attempt = save(desk_of(request), form, PersonForm, act)
    if attempt is None:
        return back_to(request, f"/families/{family_id}/people/{added[0]}", "Человек добавлен в карточку.")
    return person_page(request, family_id, None, visitor, attempt)


@router.get("/people/{person_id}")
def person_form(request: Request, family_id: int, person_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """One member: the form, the telephones, leaving."""
    return person_page(request, family_id, person_id, visitor)


@router.post("/people/{person_id}")
def save_person(
    request: Request, family_id: int, person_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """Change a member."""

    def act(session: Session, fields: PersonForm) -> None:
        people.save_person(
            session,
            person_id,
            fields.sent(),
            fields.version,
            visitor.employee,
            datetime.now(UTC),
            family_id=family_id,
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, PersonForm, act)
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Сведения о человеке сохранены.")
    return person_page(request, family_id, person_id, visitor, attempt)


@router.post("/people/{person_id}/leave")
def leave(
    request: Request, family_id: int, person_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """The person has left the family."""

    def act(session: Session, fields: ReasonForm) -> None:
        people.leave(
            session,
            person_id,
            fields.reason,
            visitor.employee,
            datetime.now(UTC),
            family_id=family_id,
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, ReasonForm, act, form_name="leave")
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Отмечено: человек выбыл из семьи.")
    return person_page(request, family_id, person_id, visitor, attempt)


@router.post("/people/{person_id}/return")
def come_back(
    request: Request, family_id: int, person_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """The person belongs to the family again."""

    def act(session: Session, _fields: VersionedForm) -> None:
        people.come_back(session, person_id, visitor.employee, datetime.now(UTC), family_id=family_id, ip=visitor.ip)

    attempt = save(desk_of(request), form, VersionedForm, act)
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Человек снова в составе семьи.")
    return person_page(request, family_id, person_id, visitor, attempt)


def person_page(
    request: Request, family_id: int, person_id: int | None, visitor: Visitor, attempt: Attempt | None = None
) -> Response:
    """The forms of one member and of his telephones; `attempt` is the one that was not saved."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        family = open_family(session, family_id, visitor)
        person = _member(family, person_id)
        stored = _stored(person)
        context = {
            "relations": options(session, "relation", person.relation if person else ""),
            "child": person is not None and people.keeps_little(person, clock.today),
            "robot": person is not None and standing(session, person.id, clock.at).auto_calls,
        }
        _ = person.phones if person else []
        context["phone_calls"] = why_calls.of_phones(session, person, clock.at) if person else {}
    attempt = attempt or untouched(stored, family.version)
    mine = attempt.form_name == ""
    return page(
        request,
        visitor,
        "card_person.html",
        status=attempt.status,
        family=family,
        person=person,
        attempt=attempt,
        values=attempt.values if mine else stored,
        errors=attempt.errors if mine else {},
        clock=clock,
        **context,
    )


def _member(family: Family, person_id: int | None) -> Person | None:
    if person_id is None:
        return None
    person = next((one for one in family.people if one.id == person_id), None)
    if person is None:
        raise NotFound("Такого человека нет в карточке.")
    return person


def _stored(person: Person | None) -> dict[str, Any]:
    if person is None:
        return {"lives_with_family": "yes"}
    return {name: as_form(value) for name, value in people.values_of(person).items()}
