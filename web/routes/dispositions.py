"""«Чем заканчиваются звонки»: the head's list of dispositions, and the calls that were finished without a row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.specialists import dispositions
from crm.staff import Role
from web.access import ON_CALLS, Visitor, allow
from web.card_forms import Attempt, CardForm, save
from web.desk import desk_of
from web.forms import BadForm, Form, Line, posted
from web.pages import back_to, page

router = APIRouter(default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
KEEPERS = (Role.HEAD, Role.DIRECTOR, Role.ADMINISTRATOR)


class NewForm(CardForm):
    """A disposition to add."""

    title: Line = ""
    keeps_draft: bool = False


class DispositionForm(NewForm):
    """A disposition to change."""

    active: bool = False


@router.get("/settings/dispositions")
def listed(request: Request, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """The list."""
    return _page(request, visitor)


@router.post("/settings/dispositions")
def add(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Add one."""

    def act(session: Session, sent: NewForm) -> None:
        at = datetime.now(UTC)
        dispositions.save(session, None, sent.title, visitor.employee, at, keeps_draft=sent.keeps_draft, ip=visitor.ip)

    attempt = save(desk_of(request), form, NewForm, act, form_name="new")
    return _page(request, visitor, attempt) if attempt else back_to(request, "/settings/dispositions", "Добавлено.")


@router.post("/settings/dispositions/{disposition_id}")
def change(request: Request, disposition_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Change one, switch it on or off."""

    def act(session: Session, sent: DispositionForm) -> None:
        dispositions.save(
            session,
            disposition_id,
            sent.title,
            visitor.employee,
            datetime.now(UTC),
            keeps_draft=sent.keeps_draft,
            active=sent.active,
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, DispositionForm, act, form_name=f"row-{disposition_id}")
    return _page(request, visitor, attempt) if attempt else back_to(request, "/settings/dispositions", "Сохранено.")


@router.post("/settings/dispositions/{disposition_id}/move")
def move(request: Request, disposition_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """One place up or down."""
    direction = form.first("to")
    if direction not in ("up", "down"):
        raise BadForm
    with desk_of(request).database.transaction() as session:
        up, at = direction == "up", datetime.now(UTC)
        dispositions.move(session, disposition_id, visitor.employee, at, up=up, ip=visitor.ip)
    return back_to(request, "/settings/dispositions")


@router.get("/finished-calls")
def finished(request: Request, visitor: Visitor = allow(*ON_CALLS, Role.DIRECTOR)) -> Response:
    """Calls finished without a journal row: one's own; the head sees everybody's."""
    with desk_of(request).database.reading() as session:
        rows = dispositions.finished_without_entry(session, visitor.employee)
    return page(request, visitor, "dispositions_calls.html", rows=rows, everybody=visitor.may(Role.HEAD, Role.DIRECTOR))


def _page(request: Request, visitor: Visitor, attempt: Attempt | None = None) -> Response:
    attempt = attempt or Attempt({}, {}, 200)
    with desk_of(request).database.reading() as session:
        rows = dispositions.every(session)
    return page(request, visitor, "dispositions.html", status=attempt.status, rows=rows, attempt=attempt)
