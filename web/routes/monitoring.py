"""«Слушать разговор»: the head hears, prompts or joins; the rule that allows it; what was listened to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm.errors import NotFound
from crm.recordings import monitor_rule, monitoring, watching
from crm.recordings.access import headed
from crm.staff import Role
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, fill, posted
from web.identity import read_date
from web.pages import RECORDING_ROLES, back_to, page
from web.tried import trying
from workers.queues import Wake

router = APIRouter(prefix="/monitoring", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


@router.get("")
def talks(request: Request, visitor: Visitor = allow(*RECORDING_ROLES)) -> Response:
    """The talks of now, the rule with its signatures, and what was listened to."""
    return _page(request, visitor)


class BeginFields(Fields):
    """Which operator's talk, and how."""

    call_id: int
    operator_id: int
    mode: Literal["listen", "whisper", "join"]


@router.post("")
def begin(request: Request, form: Posted, visitor: Visitor = allow(Role.HEAD)) -> Response:
    """Ring the head's own phone; when she answers, she hears the talk."""
    fields, _ = fill(BeginFields, form)
    if fields is None:
        raise BadForm
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        monitoring.ask(
            session,
            fields.call_id,
            fields.operator_id,
            visitor.employee,
            datetime.now(UTC),
            mode=fields.mode,
            ip=visitor.ip,
        )
    if tried.refused:
        return _page(request, visitor, errors=tried.errors, status=tried.status)
    desk.wake(Wake.ORDER)
    return back_to(request, "/monitoring", "Звоним на ваш телефон: ответьте на нём.")


@router.post("/{monitor_id}/end")
def end(request: Request, monitor_id: int, form: Posted, visitor: Visitor = allow(Role.HEAD)) -> Response:  # noqa: ARG001
    """Heard enough; the talk goes on."""
    desk = desk_of(request)
    with desk.database.transaction() as session:
        monitoring.ask_end(session, monitor_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    desk.wake(Wake.ORDER)
    return back_to(request, "/monitoring", "Прослушивание окончено.")


class RuleFields(Fields):
    """The order that allows it."""

    version: int = 1
    on: Literal["yes", "no"] = "no"
    order_number: Line = ""
    order_date: Line = ""
    tell_listening: Literal["", "yes"] = ""


@router.post("/rule/{service_id}")
def set_rule(request: Request, service_id: int, form: Posted, visitor: Visitor = allow(Role.DIRECTOR)) -> Response:
    """The director writes the order down, or takes it back."""
    fields, errors = fill(RuleFields, form)
    day = _day(fields.order_date, "order_date", errors) if fields else None
    if fields is None or errors:
        return _page(request, visitor, form=form, failed=service_id, errors=errors, status=422)
    with trying(desk_of(request)) as (session, tried):
        monitor_rule.set_rule(
            session,
            service_id,
            visitor.employee,
            datetime.now(UTC),
            on=fields.on == "yes",
            order_number=fields.order_number,
            order_date=day,
            tell_listening=fields.tell_listening == "yes",
            version=fields.version,
            ip=visitor.ip,
        )
    if tried.refused:
        return _page(request, visitor, form=form, failed=service_id, errors=tried.errors, status=tried.status)
    return back_to(request, "/monitoring", "Правило записано.")


class SignFields(Fields):
    """An operator's signature under the order."""

    operator_id: int
    signed_on: Line = ""


@router.post("/signed/{service_id}")
def sign(request: Request, service_id: int, form: Posted, visitor: Visitor = allow(*RECORDING_ROLES)) -> Response:
    """Note the day on which an operator signed."""
    fields, errors = fill(SignFields, form)
    day = _day(fields.signed_on, "signed_on", errors) if fields else None
    if fields is not None and day is None and not errors:
        errors["signed_on"] = "Укажите дату подписи."
    if fields is None or day is None:
        return _page(request, visitor, form=form, failed=service_id, errors=errors, status=422)
    with trying(desk_of(request)) as (session, tried):
        if service_id not in headed(session, visitor.employee):
            raise NotFound("Такого сервиса нет.")
        rule = monitor_rule.rule_of(session, service_id)
        monitor_rule.sign(
            session, rule, fields.operator_id, visitor.employee, datetime.now(UTC), signed_on=day, ip=visitor.ip
        )
    if tried.refused:
        return _page(request, visitor, form=form, failed=service_id, errors=tried.errors, status=tried.status)
    return back_to(request, "/monitoring", "Отметка об ознакомлении записана.")


def _day(text: str, name: str, errors: dict[str, str]) -> date | None:
    day = read_date(text) if text else None
    if text and (day is None or day.year < 2000):
        errors[name] = "Нужна дата, например 12.11.2026."
    return day


def _page(
    request: Request,
    visitor: Visitor,
    *,
    form: Form | None = None,
    failed: int = 0,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with desk_of(request).database.reading() as session:
        services = monitor_rule.overview(session, headed(session, visitor.employee))
        context = {
            "services": services,
            "talks": watching.live_talks(session, visitor.employee),
            "past": watching.past_sessions(session, visitor.employee),
            "own_sessions": watching.live_sessions(session, visitor.id),
            "modes": watching.MODES,
        }
    values = {name: sent[0] for name, sent in (form or {}).items()}
    return page(
        request, visitor, "monitoring.html", status=status, failed=failed, values=values, errors=errors or {}, **context
    )
