"""A caller is connected with a specialist: the operator's side of it (domain.md A-24)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from crm.base import MAX_ID
from crm.transfers import asking
from crm.transfers.packets import LONGEST_PACKET
from crm.transfers.tables import Transfer
from web.access import ON_CALLS, Visitor, allow
from web.desk import Desk, desk_of
from web.forms import Fields, Form, Line, Text, fill, posted
from web.pages import back_to, page
from web.parts import parts
from web.routes.calls import said
from web.transfers import connecting, reachable
from web.tried import trying
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/calls/{call_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
SAID = {"blind": "Соединяем.", "attended": "Звоним: поговорите сначала вы.", "conference": "Звоним: разговор втроём."}


class Wanted(Fields):
    """Whom to connect with, and how."""

    kind: Literal["attended", "blind", "conference"] = "attended"
    to_employee_id: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    where: Literal["inside", "outside"] = "inside"
    to_number: Line = ""
    packet: Text = ""


@router.get("/connect")
def outside_form(request: Request, call_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Connect with a number in town."""
    return _form(request, visitor, call_id, None)


@router.get("/connect/{employee_id}")
def colleague_form(request: Request, call_id: int, employee_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Connect with a colleague: the packet, and three ways."""
    return _form(request, visitor, call_id, employee_id)


@router.post("/transfer")
def ask(request: Request, call_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Write the wish down, then wake the listener: row first, act second."""
    desk, at = desk_of(request), datetime.now(UTC)
    wanted, errors = fill(Wanted, form)
    to_id = wanted.to_employee_id if wanted is not None else None
    if wanted is not None:
        with trying(desk) as (session, tried):
            number = wanted.to_number
            if to_id is not None:
                outside = connecting(session, visitor, call_id, to_id).outside_number
                number = outside if wanted.where == "outside" else ""
            transfer = asking.ask(
                session,
                call_id,
                visitor.employee,
                kind=wanted.kind,
                to_employee_id=to_id,
                to_number=number,
                packet=wanted.packet,
                mode=desk.settings.mode,
                at=at,
                ip=visitor.ip,
            )
        errors = tried.errors
    if errors or wanted is None:
        typed = {name: sent[0] for name, sent in form.items()}
        return _form(request, visitor, call_id, to_id, typed=typed, errors=errors, status=422)
    _tell(desk, transfer)
    return back_to(request, "/workplace", SAID[wanted.kind])


@router.post("/transfer/{transfer_id}/complete")
def complete(request: Request, call_id: int, transfer_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The caller and the specialist, without the operator."""
    return _wish(request, call_id, transfer_id, "complete", visitor)


@router.post("/transfer/{transfer_id}/join")
def join(request: Request, call_id: int, transfer_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """All three."""
    return _wish(request, call_id, transfer_id, "join", visitor)


@router.post("/transfer/{transfer_id}/back")
def back(request: Request, call_id: int, transfer_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The operator and the caller, without the specialist."""
    return _wish(request, call_id, transfer_id, "back", visitor)


def _wish(request: Request, call_id: int, transfer_id: int, what: asking.Wish, visitor: Visitor) -> Response:
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        transfer = asking.wish(session, call_id, transfer_id, what, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return said(tried.sentence)
    _tell(desk, transfer)
    if request.headers.get("hx-request") == "true":
        return parts(desk, visitor, at_workplace=True, force=True)
    return back_to(request, "/workplace")


def _tell(desk: Desk, transfer: Transfer) -> None:
    desk.wake(Wake.ORDER)
    concerned = (one for one in (transfer.asked_by_id, transfer.to_employee_id) if one is not None)
    desk.publish(*(Notice(NoticeKind.TRANSFER, employee_id=one, call_id=transfer.call_id) for one in concerned))


def _form(
    request: Request,
    visitor: Visitor,
    call_id: int,
    employee_id: int | None,
    *,
    typed: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    desk = desk_of(request)
    with desk.database.reading() as session:
        wanted = connecting(session, visitor, call_id, employee_id, talking=not errors)
        colleagues = [] if wanted.to else reachable(session, visitor, datetime.now(UTC))
    context = {
        "wanted": wanted,
        "colleagues": colleagues,
        "typed": typed or {},
        "errors": errors or {},
        "longest": LONGEST_PACKET,
    }
    return page(request, visitor, "connect.html", status=status, **context)
