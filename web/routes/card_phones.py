"""The telephones of a family's members."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.cards import phones
from web.access import ON_CALLS, Visitor, allow
from web.attempts import Attempt, VersionedForm
from web.card_forms import ReasonForm, save
from web.desk import desk_of
from web.forms import Form, Line, posted
from web.pages import back_to
from web.routes.card_people import person_page

router = APIRouter(prefix="/families/{family_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class PhoneForm(VersionedForm):
    """What is known of a number."""

    label: Line = ""
    whose: Line = ""
    best_time: Line = ""
    robot_allowed: bool = False


class NewPhoneForm(PhoneForm):
    """A new number, as it is said."""

    number: Line = ""


@router.post("/people/{person_id}/phones")
def add_phone(
    request: Request, family_id: int, person_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """Add a number."""

    def act(session: Session, fields: NewPhoneForm) -> None:
        phones.add(
            session,
            person_id,
            fields.number,
            fields.model_dump(exclude={"version", "number"}),
            visitor.employee,
            datetime.now(UTC),
            family_id=family_id,
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, NewPhoneForm, act, form_name="phone-new")
    return _answer(request, family_id, person_id, visitor, attempt, "Номер добавлен.")


@router.post("/people/{person_id}/phones/{phone_id}")
def save_phone(  # noqa: PLR0917 - the address has three numbers
    request: Request,
    family_id: int,
    person_id: int,
    phone_id: int,
    form: Posted,
    visitor: Visitor = allow(*ON_CALLS),
) -> Response:
    """Change what is known of a number."""

    def act(session: Session, fields: PhoneForm) -> None:
        phones.save(
            session,
            phone_id,
            fields.sent(),
            fields.version,
            visitor.employee,
            datetime.now(UTC),
            family_id=family_id,
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, PhoneForm, act, form_name=f"phone-{phone_id}")
    return _answer(request, family_id, person_id, visitor, attempt, "Сведения о номере сохранены.")


@router.post("/people/{person_id}/phones/{phone_id}/remove")
def remove_phone(  # noqa: PLR0917 - the address has three numbers
    request: Request,
    family_id: int,
    person_id: int,
    phone_id: int,
    form: Posted,
    visitor: Visitor = allow(*ON_CALLS),
) -> Response:
    """The number is no longer this person's."""

    def act(session: Session, fields: ReasonForm) -> None:
        phones.remove(
            session,
            phone_id,
            fields.reason,
            visitor.employee,
            datetime.now(UTC),
            family_id=family_id,
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, ReasonForm, act, form_name=f"remove-{phone_id}")
    return _answer(request, family_id, person_id, visitor, attempt, "Номер снят.")


def _answer(  # noqa: PLR0917 - whose telephone, and how it went
    request: Request, family_id: int, person_id: int, visitor: Visitor, attempt: Attempt | None, said: str
) -> Response:
    if attempt is not None:
        return person_page(request, family_id, person_id, visitor, attempt)
    return back_to(request, f"/families/{family_id}/people/{person_id}", said)
