"""A family's statuses: claimed, documented, verified, revoked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.cards import catalogues, statuses
from crm.consents.rules import locked
from crm.errors import NotFound
from crm.family_tables import Family, FamilyStatus
from crm.staff import Role
from web.access import ON_CALLS, Visitor, allow
from web.attempts import Attempt, VersionedForm, untouched
from web.card import names_of, options
from web.card_forms import ReasonForm, as_form, save
from web.desk import desk_of
from web.forms import Form, Line, posted
from web.pages import back_to, page
from web.routes.card_form import TypedDate
from web.routes.cards import open_family

router = APIRouter(prefix="/families/{family_id}/statuses", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
EDITORS = (*ON_CALLS, Role.DIRECTOR)  # the director decides on «СОП»; the verbs refuse him the rest


class StatusForm(VersionedForm):
    """The paper behind a status."""

    basis: Line = ""
    issued_by: Line = ""
    document_number: Line = ""
    document_date: TypedDate | None = None
    valid_from: TypedDate | None = None
    valid_to: TypedDate | None = None


class NewStatusForm(StatusForm):
    """A status that the family has or says to have."""

    type: Line = ""


class VerifyForm(VersionedForm):
    """The day on which the paper was seen."""

    verified_on: TypedDate | None = None


@router.get("/new")
def new_form(request: Request, family_id: int, visitor: Visitor = allow(*EDITORS)) -> Response:
    """An empty form."""
    return _page(request, family_id, None, visitor)


@router.post("")
def add(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*EDITORS)) -> Response:
    """Add a status."""

    def act(session: Session, fields: NewStatusForm) -> None:
        statuses.add(session, family_id, fields.sent(), visitor.employee, datetime.now(UTC), ip=visitor.ip)

    attempt = save(desk_of(request), form, NewStatusForm, act)
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Статус внесён.")
    return _page(request, family_id, None, visitor, attempt)


@router.get("/{status_id}")
def status_form(request: Request, family_id: int, status_id: int, visitor: Visitor = allow(*EDITORS)) -> Response:
    """One status: its paper, verifying, revoking."""
    return _page(request, family_id, status_id, visitor)


@router.post("/{status_id}")
def change(
    request: Request, family_id: int, status_id: int, form: Posted, visitor: Visitor = allow(*EDITORS)
) -> Response:
    """Change the paper or the term."""

    def act(session: Session, fields: StatusForm) -> None:
        statuses.save(
            session,
            status_id,
            fields.sent(),
            fields.version,
            visitor.employee,
            datetime.now(UTC),
            family_id=family_id,
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, StatusForm, act)
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Статус изменён.")
    return _page(request, family_id, status_id, visitor, attempt)


@router.post("/{status_id}/verify")
def verify(
    request: Request, family_id: int, status_id: int, form: Posted, visitor: Visitor = allow(*EDITORS)
) -> Response:
    """The paper was seen."""

    def act(session: Session, fields: VerifyForm) -> None:
        statuses.verify(
            session,
            status_id,
            fields.verified_on,
            visitor.employee,
            datetime.now(UTC),
            family_id=family_id,
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, VerifyForm, act, form_name="verify")
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Статус проверен по документу.")
    return _page(request, family_id, status_id, visitor, attempt)


@router.post("/{status_id}/revoke")
def revoke(
    request: Request, family_id: int, status_id: int, form: Posted, visitor: Visitor = allow(*EDITORS)
) -> Response:
    """The status no longer holds."""

    def act(session: Session, fields: ReasonForm) -> None:
        statuses.revoke(
            session,
            status_id,
            fields.reason,
            visitor.employee,
            datetime.now(UTC),
            family_id=family_id,
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, ReasonForm, act, form_name="revoke")
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Статус снят; он остаётся в истории карточки.")
    return _page(request, family_id, status_id, visitor, attempt)


def _page(
    request: Request, family_id: int, status_id: int | None, visitor: Visitor, attempt: Attempt | None = None
) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        family = open_family(session, family_id, visitor)
        status = _status(family, status_id)
        context = {
            "types": _types(session, family, visitor),
            "names": names_of(session, [status.verified_by_id, status.entered_by_id] if status else []),
            "title": catalogues.title(session, "status", status.type) if status else "Новый статус",
            "health_locked": "health" in locked(session, family, clock.at),
        }
    stored = {name: as_form(getattr(status, name)) for name in statuses.DOCUMENT_FIELDS} if status else {}
    attempt = attempt or untouched(stored, family.version)
    mine = attempt.form_name == ""
    return page(
        request,
        visitor,
        "card_status.html",
        status=attempt.status,
        family=family,
        one=status,
        attempt=attempt,
        values=attempt.values if mine else stored,
        errors=attempt.errors if mine else {},
        health_statuses=statuses.HEALTH_STATUSES,
        clock=clock,
        **context,
    )


def _status(family: Family, status_id: int | None) -> FamilyStatus | None:
    if status_id is None:
        return None
    status = next((one for one in family.statuses if one.id == status_id), None)
    if status is None:
        raise NotFound("Такого статуса в карточке нет.")
    return status


def _types(session: Session, family: Family, visitor: Visitor) -> list[tuple[str, str]]:
    """Statuses that the family does not have and that this person may enter."""
    have = {status.type for status in family.standing_statuses}
    is_guardian = visitor.role in (Role.HEAD, Role.DIRECTOR)
    return [
        (code, title)
        for code, title in options(session, "status")
        if code not in have and (code != statuses.DANGEROUS or is_guardian)
    ]
