"""«Рабочее место», its parts, and the operator's own status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import presence
from crm.appointments import holding
from web.access import EVERYBODY, HAVE_STATUS, ON_CALLS, Visitor, allow
from web.appointments import dialog_of
from web.desk import desk_of
from web.forms import BadForm, Form, posted
from web.pages import page
from web.parts import Painter, parts
from web.words import BREAK_REASONS
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/workplace")
def workplace(request: Request, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """One screen through the whole life of a call."""
    desk = desk_of(request)
    painter = Painter(desk, visitor)
    with desk.database.reading() as session:
        panels = painter.panels(session)
        hold = holding.standing(session, visitor.employee, painter.clock.at)
        dialog = dialog_of(session, hold, visitor, painter.clock.at) if hold else None
    return page(request, visitor, "workplace.html", panels=panels, clock=painter.clock, dialog=dialog)


@router.get("/parts")
def changed_parts(
    request: Request, at: str = "page", of: str = "all", visitor: Visitor = allow(*EVERYBODY, activity=False)
) -> Response:
    """What may have changed; asked after every notice, so it does not keep a session awake that nobody uses."""
    packet = at.removeprefix("packet-") if at.startswith("packet-") else ""
    packet_id = int(packet) if packet.isascii() and packet.isdecimal() and len(packet) < 19 else None
    desk = desk_of(request)
    return parts(desk, visitor, at_workplace=at == "workplace", packet_id=packet_id, queue_only=of == "queue")


@router.post("/presence")
def set_presence(
    request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*HAVE_STATUS)
) -> Response:
    """Ready, on a break with its reason, or away."""
    desk = desk_of(request)
    state, _, reason = form.first("state").partition(":")
    at = datetime.now(UTC)
    with desk.database.transaction() as session:
        if state == "ready":
            presence.set_ready(session, visitor.id, at)
        elif state == "break" and reason in BREAK_REASONS:
            presence.start_break(session, visitor.id, reason, at)
        elif state == "offline":
            presence.go_offline(session, visitor.id, at)
        else:
            raise BadForm
    desk.wake(Wake.PRESENCE)
    desk.publish(Notice(NoticeKind.PRESENCE))
    here = request.headers.get("hx-current-url", "").endswith("/workplace")
    return parts(desk, visitor, at_workplace=here, force=True)
