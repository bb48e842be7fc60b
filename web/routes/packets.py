"""The specialist's side of a transfer: the packet that she reads before she answers (anchors.md idea 24)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import audit
from crm.transfers import asking, reading
from web.access import HAVE_STATUS, Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Form, posted
from web.pages import back_to, page
from web.parts import Painter
from web.routes.calls import said
from web.tried import trying
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/packet", default_response_class=HTMLResponse)
ANSWERS: dict[str, asking.Answer] = {"accepted": "accepted", "later": "later", "note": "note"}
SAID = {
    "accepted": "Диспетчер видит, что вы берёте трубку.",
    "later": "Диспетчер скажет, что вы освободитесь через 5 минут.",
    "note": "Диспетчер запишет обратившегося на приём.",
}


@router.get("")
def packets(request: Request, visitor: Visitor = allow(*HAVE_STATUS)) -> Response:
    """What was sent to this person today."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        rows = reading.recent_packets(session, visitor.employee, datetime.now(UTC))
    return page(request, visitor, "packets.html", rows=rows)


@router.get("/{transfer_id}")
def packet(request: Request, transfer_id: int, visitor: Visitor = allow(*HAVE_STATUS)) -> Response:
    """Who is being connected, what he asks, what was promised. Every look is in the audit log."""
    desk = desk_of(request)
    painter = Painter(desk, visitor)
    with desk.database.transaction() as session:
        found = reading.packet_of(session, transfer_id, visitor.employee)
        audit.write(
            session,
            visitor.actor,
            "packet.open",
            subject="call",
            subject_id=found.call.id,
            family_id=found.call.family_id,
            details={"transfer": transfer_id},
        )
        drawn = painter.packet(session, transfer_id)
    return page(request, visitor, "packet.html", drawn=drawn, clock=painter.clock)


@router.post("/{transfer_id}")
def answer(
    request: Request,
    transfer_id: int,
    form: Annotated[Form, Depends(posted)],
    visitor: Visitor = allow(*HAVE_STATUS),
) -> Response:
    """«Приму», «Через 5 минут», «Записать»."""
    what = ANSWERS.get(form.first("answer"))
    if what is None:
        raise BadForm
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        transfer = asking.answer(session, transfer_id, what, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return said(tried.sentence)
    desk.wake(Wake.ORDER)
    if transfer.asked_by_id is not None:
        desk.publish(Notice(NoticeKind.TRANSFER, employee_id=transfer.asked_by_id, call_id=transfer.call_id))
    return back_to(request, f"/packet/{transfer_id}", SAID[what])
