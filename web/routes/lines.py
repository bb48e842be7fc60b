"""«Линии и приветствия»: what callers of a service hear and may choose; who is assigned to its lines (B-1, B-3)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BeforeValidator, Field
from sqlalchemy.orm import Session

from callflow.greetings import pieces
from crm import exchange_state, institution
from crm.calendar.reading import calendar_of
from crm.lines import assignments, settings
from crm.recordings.settings import notice_of
from crm.speech.texts import worded
from crm.staff import Role
from web.access import Visitor, allow
from web.attempts import Attempt, VersionedForm, save, untouched
from web.desk import desk_of
from web.forms import Form, Line, Text, posted
from web.identity import read_date
from web.pages import back_to, page
from workers.queues import Wake

router = APIRouter(prefix="/settings/voice", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
KEEPERS = (Role.HEAD, Role.DIRECTOR, Role.ADMINISTRATOR)
ORDERS = (Role.HEAD, Role.DIRECTOR)
SAVED = "Сохранено. АТС применит изменение через несколько секунд, новые тексты – примерно через минуту."
FIELD_TITLES = {
    "spoken_name": "Как назвать службу",
    "spoken_institution": "Как назвать учреждение",
    "greeting_on": "Приветствие",
    "greeting": "Свой текст приветствия",
    "position_on": "Место в очереди",
    "announce_seconds": "Сообщения в очереди, секунд",
    "callback_on": "Просьба перезвонить",
    "voicemail_on": "Голосовое сообщение",
    "voicemail_seconds": "Длина сообщения, секунд",
    "voicemail_silence": "Тишина в конце, секунд",
    "overflow_seconds": "Ждать не дольше, секунд",
    "overflow_to_id": "Замещает при долгом ожидании",
}


def _date(value: Any) -> Any:
    """A date as people write it; what is none stays text, and the field says so."""
    return (read_date(value) or value) if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_date)]
Seconds = Annotated[int, Field(ge=0, le=3600)]


class VoiceForm(VersionedForm):
    """Settings of one service."""

    service: int
    spoken_name: Line = ""
    spoken_institution: Line = ""
    greeting_on: bool = False
    greeting: Text = ""
    position_on: bool = False
    announce_seconds: Seconds = 45
    callback_on: bool = False
    voicemail_on: bool = False
    voicemail_seconds: Seconds = 120
    voicemail_silence: Seconds = 6
    overflow_seconds: Seconds = 0
    overflow_to_id: int | None = None


class AssignmentForm(VersionedForm):
    """Who is assigned to a line."""

    line_id: int
    employee_id: int
    part: Literal["main", "substitute"]
    since: Day
    until: Day | None = None
    order_number: Line = ""
    order_date: Day | None = None


class RevokeForm(VersionedForm):
    """Why an assignment is taken back."""

    reason: Line = ""


@router.get("")
def overview(request: Request, service: str = "", visitor: Visitor = allow(*KEEPERS)) -> Response:
    """The settings of one service and its lines."""
    return _page(request, visitor, service)


@router.post("")
def change(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Store what callers of a service hear and may choose."""

    def act(session: Session, sent: VoiceForm) -> None:
        values = sent.sent()
        chosen = settings.service_of(session, values.pop("service"))
        at = datetime.now(UTC)
        settings.change(session, chosen, values, visitor.employee, at, version=sent.version, ip=visitor.ip)

    attempt = save(desk_of(request), form, VoiceForm, act, form_name="voice")
    service = form.first("service")
    return _page(request, visitor, service, attempt) if attempt else _done(request, service)


@router.post("/assignments")
def assign(request: Request, form: Posted, visitor: Visitor = allow(*ORDERS)) -> Response:
    """Assign somebody to a line by an order."""

    def act(session: Session, sent: AssignmentForm) -> None:
        assignments.assign(
            session,
            sent.line_id,
            sent.employee_id,
            sent.part,
            sent.since,
            sent.until,
            visitor.employee,
            datetime.now(UTC),
            order_number=sent.order_number,
            order_date=sent.order_date,
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, AssignmentForm, act, form_name="assign")
    service = _service_of_line(request, form.first("line_id"))
    return _page(request, visitor, service, attempt) if attempt else _done(request, service)


@router.post("/assignments/{assignment_id}/revoke")
def revoke(request: Request, assignment_id: int, form: Posted, visitor: Visitor = allow(*ORDERS)) -> Response:
    """Take an assignment back, with a reason."""
    service = ""

    def act(session: Session, sent: RevokeForm) -> None:
        nonlocal service
        at = datetime.now(UTC)
        row = assignments.revoke(session, assignment_id, sent.reason, visitor.employee, at, ip=visitor.ip)
        service = str(row.line.service_id)

    attempt = save(desk_of(request), form, RevokeForm, act, form_name=f"revoke-{assignment_id}")
    return _page(request, visitor, service, attempt) if attempt else _done(request, service)


def _done(request: Request, service: str) -> Response:
    desk_of(request).wake(Wake.EXCHANGE)
    return back_to(request, f"/settings/voice?service={service}" if service.isdecimal() else "/settings/voice", SAVED)


def _service_of_line(request: Request, line_id: str) -> str:
    with desk_of(request).database.reading() as session:
        lines = [line for line in institution.active_lines(session) if str(line.id) == line_id]
    return str(lines[0].service_id) if lines else ""


def _page(request: Request, visitor: Visitor, service_key: str, attempt: Attempt | None = None) -> Response:
    attempt = attempt or untouched()
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        services = institution.services(session)
        chosen = next((one for one in services if str(one.id) == service_key), None) or next(iter(services), None)
        if chosen is None:
            return page(request, visitor, "calendar_empty.html")
        voice = settings.voice_of(session, chosen.id)
        calendar = calendar_of(session, chosen.id)
        notice = notice_of(session, chosen.id)
        texts = worded(session, chosen.id)
        spoken = settings.spoken_of(chosen, voice, calendar, clock.today, notice=notice, texts=texts)
        lines = [line for line in institution.every_line(session) if line.service_id == chosen.id]
        rows = assignments.of_lines(session, [line.id for line in lines])
        context: dict[str, Any] = {
            "services": services,
            "chosen": chosen,
            "voice": voice,
            "said": pieces(spoken),
            "recorded": bool(notice),
            "lines": lines,
            "rows": rows,
            "people": [(one.id, one.short_name) for one in assignments.candidates(session)],
            "everybody": [(one.id, f"{one.short_name}, {number}") for one, number in _by_name(session)],
            "exchange": exchange_state.exchange_state(session),
        }
    stored = asdict(voice)
    differs = [
        (FIELD_TITLES[name], stored[name])
        for name in FIELD_TITLES
        if attempt.status == 409 and str(attempt.values.get(name, "")) != _as_sent(stored[name])
    ]
    context |= {"attempt": attempt, "stored": stored, "differs": differs, "parts": assignments.PARTS, "clock": clock}
    context["may_order"] = visitor.may(*ORDERS)
    return page(request, visitor, "lines.html", status=attempt.status, **context)


def _by_name(session: Session) -> list[tuple[Any, str]]:
    return sorted(settings.substitutes(session).values(), key=lambda one: (one[0].surname, one[0].name))


def _as_sent(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)
