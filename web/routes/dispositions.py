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
from web.attempts import Attempt, VersionedForm, untouched
from web.desk import desk_of
from web.forms import Form, Line, posted
from web.keeper_lists import KeeperList
from web.pages import page

router = APIRouter(default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
KEEPERS = (Role.HEAD, Role.DIRECTOR, Role.ADMINISTRATOR)


class NewForm(VersionedForm):
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

    return LIST.add(request, visitor, form, NewForm, act)


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

    return LIST.change(request, visitor, disposition_id, form, DispositionForm, act)


@router.post("/settings/dispositions/{disposition_id}/move")
def move(request: Request, disposition_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """One place up or down."""
    at, who, ip = datetime.now(UTC), visitor.employee, visitor.ip
    return LIST.move(
        request, form, lambda session, up: dispositions.move(session, disposition_id, who, at, up=up, ip=ip)
    )


@router.get("/finished-calls")
def finished(request: Request, visitor: Visitor = allow(*ON_CALLS, Role.DIRECTOR)) -> Response:
    """Calls finished without a journal row: one's own; the head sees everybody's."""
    with desk_of(request).database.reading() as session:
        rows = dispositions.finished_without_entry(session, visitor.employee)
    return page(request, visitor, "dispositions_calls.html", rows=rows, everybody=visitor.may(Role.HEAD, Role.DIRECTOR))


def _page(request: Request, visitor: Visitor, attempt: Attempt | None = None) -> Response:
    attempt = attempt or untouched()
    with desk_of(request).database.reading() as session:
        rows = dispositions.every(session)
    return page(request, visitor, "dispositions.html", status=attempt.status, rows=rows, attempt=attempt)


LIST = KeeperList("/settings/dispositions", _page)
