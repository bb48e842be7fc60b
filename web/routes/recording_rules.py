"""Turning recording on and off for a service; and «Остановить запись» in the call's panel."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm.errors import NotFound
from crm.recordings import refusing, settings
from crm.recordings.access import headed
from crm.recordings.tables import ON
from crm.staff import Role
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, Text, fill, posted
from web.identity import read_date
from web.pages import RECORDING_ROLES, back_to, page
from web.parts import parts
from web.routes.calls import own, said
from web.tried import trying
from workers.queues import Wake

router = APIRouter(default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class RuleFields(Fields):
    """The order by which talks are recorded."""

    version: int = 1
    order_number: Line = ""
    order_date: Line = ""
    ground: Text = ""
    notice: Text = ""
    keep_days: int = settings.KEEP_DAYS


@router.get("/recording-rules/{service_id}")
def rule_page(request: Request, service_id: int, visitor: Visitor = allow(*RECORDING_ROLES)) -> Response:
    """The rule of one service, to be proposed or put into force."""
    return _page(request, visitor, service_id)


@router.post("/recording-rules/{service_id}")
def propose(request: Request, service_id: int, form: Posted, visitor: Visitor = allow(*RECORDING_ROLES)) -> Response:
    """The head proposes, the director turns on."""
    fields, errors = fill(RuleFields, form)
    day = _day(fields.order_date, errors) if fields else None
    if fields is None or errors:
        return _page(request, visitor, service_id, form=form, errors=errors, status=422)
    wanted = settings.Wanted(fields.order_number, day, fields.ground, fields.notice, fields.keep_days)
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        rule = settings.propose(
            session,
            service_id,
            wanted,
            visitor.employee,
            datetime.now(UTC),
            version=fields.version,
            ip=visitor.ip,
        )
        on = rule.state == ON
    if tried.refused:
        return _page(request, visitor, service_id, form=form, errors=tried.errors, status=tried.status)
    desk.wake(Wake.EXCHANGE)
    return back_to(request, "/recordings", "Запись включена." if on else "Предложено. Включает директор.")


@router.post("/recording-rules/{service_id}/off")
def turn_off(request: Request, service_id: int, form: Posted, visitor: Visitor = allow(*RECORDING_ROLES)) -> Response:  # noqa: ARG001
    """Stop recording, or take the proposal back."""
    desk = desk_of(request)
    with desk.database.transaction() as session:
        settings.turn_off(session, service_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    desk.wake(Wake.EXCHANGE)
    return back_to(request, "/recordings", "Разговоры больше не записываются.")


class StopFields(Fields):
    """Why the recording ends."""

    why: Literal["refused", "asked"]


@router.post("/calls/{call_id}/recording/stop")
def stop(request: Request, call_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The caller is against it (everything is deleted), or the rest shall not be recorded."""
    fields, _ = fill(StopFields, form)
    if fields is None:
        raise BadForm
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        call = own(session, visitor, call_id)
        refusing.ask(session, call, fields.why, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return said(tried.sentence, tried.status)
    desk.wake(Wake.ORDER)
    if request.headers.get("hx-request") != "true":
        return back_to(request, "/workplace")
    words = (
        "Запись остановлена, сделанное удаляется." if fields.why == "refused" else "Дальше разговор не записывается."
    )
    return parts(desk, visitor, at_workplace=True, force=True, said=words)


def _day(text: str, errors: dict[str, str]) -> date | None:
    day = read_date(text) if text else None
    if text and (day is None or day.year < 2000):
        errors["order_date"] = "Нужна дата, например 12.11.2026."
    return day


def _page(
    request: Request,
    visitor: Visitor,
    service_id: int,
    *,
    form: Form | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with desk_of(request).database.reading() as session:
        if service_id not in headed(session, visitor.employee):
            raise NotFound("Такого сервиса нет.")
        (shown,) = settings.overview(session, [service_id])
    rule = shown.rule
    values = {
        "version": str(rule.version),
        "order_number": rule.order_number,
        "order_date": f"{rule.order_date:%d.%m.%Y}" if rule.order_date else "",
        "ground": rule.ground or settings.FIRST_GROUND,
        "notice": rule.notice or settings.FIRST_NOTICE,
        "keep_days": str(rule.keep_days),
    }
    values |= {name: sent[0] for name, sent in (form or {}).items() if name in values and name != "version"}
    context = {"shown": shown, "values": values, "errors": errors or {}, "is_director": visitor.role is Role.DIRECTOR}
    return page(request, visitor, "recording_rule.html", status=status, **context)
