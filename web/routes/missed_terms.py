"""Settings of the ledger: how soon each service calls back, how long a claim holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import institution
from crm.missed.clock import terms_of
from crm.missed.terms import set_terms
from crm.staff import Role
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Form, fill, posted
from web.missed import Terms
from web.pages import back_to, page
from web.tried import trying
from workers.feed import Notice, NoticeKind

router = APIRouter(prefix="/settings/missed", default_response_class=HTMLResponse)
TERMS_ROLES = (Role.HEAD, Role.DIRECTOR, Role.ADMINISTRATOR)


@router.get("")
def terms(request: Request, visitor: Visitor = allow(*TERMS_ROLES)) -> Response:
    """One form for each service."""
    return _terms(request, visitor)


@router.post("")
def save(request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*TERMS_ROLES)) -> Response:
    """Open rows follow at once."""
    sent, problems = fill(Terms, form)
    if sent is None and "service_id" in problems:
        raise BadForm
    service_id = sent.service_id if sent else int(form.first("service_id"))
    if sent is None:
        return _terms(request, visitor, service_id, problems, 422)
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        set_terms(
            session,
            service_id,
            sent.minutes,
            sent.claim_minutes,
            visitor.employee,
            datetime.now(UTC),
            ip=visitor.ip,
        )
    if tried.refused:
        return _terms(request, visitor, service_id, tried.errors, tried.status)
    desk.publish(Notice(NoticeKind.MISSED, service_id=service_id))
    return back_to(request, "/settings/missed", "Сроки сохранены.")


def _terms(
    request: Request, visitor: Visitor, wrong: int = 0, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    with desk_of(request).database.reading() as session:
        found = [(one, terms_of(session, one.id)) for one in institution.services(session)]
    context = {"found": found, "wrong": wrong, "errors": errors or {}}
    return page(request, visitor, "missed_terms.html", status=status, **context)
