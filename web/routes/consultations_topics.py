"""«Перечень компетенций»: on what the services advise, and how the same is had without a visit (A-9, A-29)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm import institution
from crm.specialists import competence
from web.access import Visitor, allow
from web.appeal_form import identifier
from web.attempts import Attempt, VersionedForm, untouched
from web.desk import desk_of
from web.forms import Form, Line, Text, posted
from web.keeper_lists import KeeperList
from web.pages import page
from web.routes.dispositions import KEEPERS

router = APIRouter(prefix="/settings/competence", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class NewTopicForm(VersionedForm):
    """A topic to add; without a service it is everybody's."""

    title: Line = ""
    remote_hint: Text = ""
    service_id: Line = ""


class TopicForm(NewTopicForm):
    """A topic to change."""

    active: bool = False


@router.get("")
def listed(request: Request, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """The list."""
    return _page(request, visitor)


@router.post("")
def add(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Add one."""

    def act(session: Session, sent: NewTopicForm) -> None:
        service_id, at = identifier(sent.service_id), datetime.now(UTC)
        competence.save(session, None, sent.title, sent.remote_hint, service_id, visitor.employee, at, ip=visitor.ip)

    return LIST.add(request, visitor, form, NewTopicForm, act)


@router.post("/{topic_id}")
def change(request: Request, topic_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Change one, switch it on or off."""

    def act(session: Session, sent: TopicForm) -> None:
        competence.save(
            session,
            topic_id,
            sent.title,
            sent.remote_hint,
            identifier(sent.service_id),
            visitor.employee,
            datetime.now(UTC),
            active=sent.active,
            ip=visitor.ip,
        )

    return LIST.change(request, visitor, topic_id, form, TopicForm, act)


@router.post("/{topic_id}/move")
def move(request: Request, topic_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """One place up or down."""
    at, ip = datetime.now(UTC), visitor.ip
    return LIST.move(
        request, form, lambda session, up: competence.move(session, topic_id, visitor.employee, at, up=up, ip=ip)
    )


def _page(request: Request, visitor: Visitor, attempt: Attempt | None = None) -> Response:
    attempt = attempt or untouched()
    with desk_of(request).database.reading() as session:
        rows = competence.every(session)
        services = [(service.id, service.name) for service in institution.services(session)]
    context = {"rows": rows, "service_options": services, "attempt": attempt}
    return page(request, visitor, "consultations_topics.html", status=attempt.status, **context)


LIST = KeeperList("/settings/competence", _page)
