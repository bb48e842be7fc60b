"""«Передача смены»: what the next person must know, on one page and on paper, signed by both (anchors.md idea 25)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import institution
from crm.appointments.reading import today_visits
from crm.errors import NotFound
from crm.missed import access, handing_over, reading
from crm.missed.tables import ShiftHandover
from crm.staff import Employee
from web import workplace
from web.access import ON_CALLS, Visitor, allow
from web.desk import Desk, desk_of
from web.forms import BadForm, Form, fill, posted
from web.missed import Left, Taken, by_when, clock_of
from web.pages import back_to, page
from web.tried import trying

router = APIRouter(prefix="/handover", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


@router.get("")
def handover(request: Request, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Open call-backs, promises, visits still to come, drafts, what was closed today."""
    return _page(request, visitor)


@router.post("")
def leave(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """«Смену сдаю»."""
    sent, _problems = fill(Left, form)
    if sent is None or not (sent.form_key.isascii() and sent.form_key.isalnum() and len(sent.form_key) <= 64):
        raise BadForm

    def act(session: Session, at: datetime) -> object:
        visits = len(_visits(session, desk_of(request), visitor, at))
        service_id = sent.service_id or next(iter(visitor.service_ids), 0)
        return handing_over.leave(
            session, service_id, sent.note, visitor.employee, at, visits=visits, form_key=sent.form_key, ip=visitor.ip
        )

    return _do(request, visitor, act, "Смена сдана. Принимающий подпишет её на этой странице.", sent.note)


@router.post("/{handover_id}/take")
def take(request: Request, handover_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """«Смену принимаю»."""
    sent, _problems = fill(Taken, form)
    if sent is None:
        raise BadForm
    return _do(
        request,
        visitor,
        lambda session, at: handing_over.take(session, handover_id, sent.note, visitor.employee, at, ip=visitor.ip),
        "Смена принята.",
        sent.note,
    )


def _do(
    request: Request, visitor: Visitor, act: Callable[[Session, datetime], object], said: str, note: str
) -> Response:
    with trying(desk_of(request)) as (session, tried):
        act(session, datetime.now(UTC))
    if tried.refused:
        return _page(request, visitor, tried.status, problem=tried.sentence, note=note)
    return back_to(request, "/handover", said)


def _page(request: Request, visitor: Visitor, status: int = 200, *, problem: str = "", note: str = "") -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    midnight = clock.at.astimezone(desk.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    with desk.database.reading() as session:
        mine = access.services_of(session, visitor.employee)
        services = [one for one in institution.services(session) if one.id in mine]
        found = reading.open_rows(session, visitor.employee, clock.at)
        until = clock.at + timedelta(minutes=1)
        signed = handing_over.recent(session, visitor.employee, clock.at)
        context: dict[str, Any] = {
            "services": services,
            "rows": [one for one in found if one.row.promised_for is None],
            "promised": [one for one in found if one.row.promised_for is not None],
            "closed": reading.closed_rows(session, visitor.employee, clock.at, since=midnight, until=until),
            "visits": _visits(session, desk, visitor, clock.at),
            "own_drafts": workplace.open_drafts(session, visitor),
            "drafts": handing_over.drafts(session, visitor.employee),
            "signed": signed,
            "names": _names(session, signed),
            "count": reading.count(session, mine, clock.at),
        }
    if not services:
        raise NotFound("Вы не закреплены за службой.")
    shown = {"problem": problem, "note": note, "key": uuid4().hex, "clock_of": clock_of, "by_when": by_when}
    return page(request, visitor, "handover.html", status=status, clock=clock, **context, **shown)


def _visits(session: Session, desk: Desk, visitor: Visitor, at: datetime) -> list[Any]:
    """Today's appointments that are still to come."""
    day = at.astimezone(desk.zone).date()
    return [one for one in today_visits(session, visitor.employee, day, desk.zone) if one.row.starts_at > at]


def _names(session: Session, signed: Sequence[ShiftHandover]) -> dict[int, str]:
    ids = {one for row in signed for one in (row.left_by_id, row.taken_by_id) if one is not None}
    return {one.id: one.short_name for one in session.scalars(select(Employee).where(Employee.id.in_(ids)))}
