"""Beside a talk and in its wrap-up: «перезвонить в …», and «просит не звонить»; both hold from that moment on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.calls import CallRecord
from crm.dialler import refusing
from crm.missed import promising
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Form, fill, posted
from web.missed import Promise, outside_hours, read_moment
from web.no_calls import NoCalls
from web.pages import back_to
from web.parts import parts
from web.routes.calls import own, refused
from web.slot_words import slot_time
from web.tried import trying
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/calls/{call_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


@router.post("/promise")
def promise(request: Request, call_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """A row of «Перезвонить» with its time; the same talk again is another time."""
    sent, _ = fill(Promise, form)
    if sent is None:
        raise BadForm
    desk, at = desk_of(request), datetime.now(UTC)
    moment = read_moment(sent.day, sent.time, desk.zone, at) if sent.time else None

    def act(session: Session, call: CallRecord) -> str:
        row = promising.in_talk(
            session, call, moment, sent.note, visitor.employee, at, number=sent.number, mine=sent.whose == "mine",
            ip=visitor.ip,
        )  # fmt: skip
        beside = outside_hours(session, row, desk.zone)
        when = slot_time(row.promised_for, desk.clock()) if row.promised_for is not None else ""
        return f"Записано: перезвонить {when}. {beside}".strip()

    return _do(request, visitor, call_id, act, NoticeKind.MISSED)


@router.post("/no-calls")
def no_calls(request: Request, call_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The refusal, with this talk as its proof."""
    sent, _ = fill(NoCalls, form)
    if sent is None or sent.source != "talk":
        raise BadForm
    desk, at = desk_of(request), datetime.now(UTC)

    def act(session: Session, call: CallRecord) -> str:
        refusing.in_talk(session, call, sent.wanted(desk.clock().today), visitor.employee, at, ip=visitor.ip)
        return "Отказ записан и уже действует."

    answer = _do(request, visitor, call_id, act, NoticeKind.DIAL)
    desk.wake(Wake.ORDER)
    return answer


def _do(
    request: Request, visitor: Visitor, call_id: int, act: Callable[[Session, CallRecord], str], kind: NoticeKind
) -> Response:
    """What `act` does in this talk of hers; it returns what is said then."""
    desk, said = desk_of(request), ""
    with trying(desk) as (session, tried):
        call = own(session, visitor, call_id)
        said = act(session, call)
        service_id = call.service_id
    if tried.refused:
        return refused(request, next(iter(tried.errors.values()), tried.sentence), tried.status)
    desk.publish(Notice(kind, service_id=service_id if kind is NoticeKind.MISSED else None))
    if request.headers.get("hx-request") == "true":
        return parts(desk, visitor, at_workplace=True, force=True, said=said)
    return back_to(request, "/workplace", said)
