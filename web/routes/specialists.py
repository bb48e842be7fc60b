"""«Специалисты»: who advises on what and is there now, the settings of each, what a specialist says of himself."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm import institution, presence
from crm.appointments import slots
from crm.errors import Incomplete
from crm.presence import Presence
from crm.specialists import absences, reading, settings
from crm.specialists.absence_rules import AWAY
from crm.staff import Role
from web.access import ON_CALLS, Visitor, allow
from web.attempts import Attempt, VersionedForm, save, untouched
from web.desk import desk_of
from web.forms import Form, Line, posted
from web.pages import back_to, page
from web.specialists import LOOKS, absence_lines
from web.words import BREAK_REASONS
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/specialists", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
SEE = (*ON_CALLS, Role.SPECIALIST, Role.DIRECTOR, Role.ADMINISTRATOR)
MANAGE = (Role.HEAD, Role.DIRECTOR, Role.ADMINISTRATOR)


@router.get("")
def everybody(request: Request, about: str = "", visitor: Visitor = allow(*SEE)) -> Response:
    """The list with presence; `about`: only those who advise on it."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        shown = reading.specialists(session, visitor.employee, clock.at)
        found = reading.matching(shown, about[:80])
        names = {service.id: service.name for service in institution.services(session)}
        times = slots.nearest(session, [one.employee.id for one in found], clock.at)
    return page(
        request,
        visitor,
        "specialists.html",
        clock=clock,
        specialists=found,
        all_of_them=len(shown),
        about=about[:80],
        looks=LOOKS,
        names=names,
        slots=times,
        may_manage=visitor.may(*MANAGE),
        own=None,
    )


class Own(VersionedForm):
    """What a specialist says of himself: «я на месте», «перерыв», «ушёл до …»."""

    state: Literal["here", "break", "away"]
    reason: Line = ""
    until: Line = ""


@router.get("/me")
def own_page(request: Request, visitor: Visitor = allow(Role.SPECIALIST)) -> Response:
    """A specialist's own page."""
    return _own_page(request, visitor)


@router.post("/me")
def say(request: Request, form: Posted, visitor: Visitor = allow(Role.SPECIALIST)) -> Response:
    """Here, on a break, or gone until a time of today."""
    desk, at = desk_of(request), datetime.now(UTC)

    def act(session: Session, sent: Own) -> None:
        if sent.state == "away":
            _leave(session, visitor, sent.until, at, at.astimezone(desk.zone))
            return
        absences.come_back(session, visitor.employee, at, ip=visitor.ip)
        if sent.state == "here":
            presence.set_ready(session, visitor.id, at)
        else:
            reason = sent.reason if sent.reason in BREAK_REASONS else "перерыв"
            presence.start_break(session, visitor.id, reason, at)

    attempt = save(desk, form, Own, act)
    if attempt is not None:
        return _own_page(request, visitor, attempt)
    desk.wake(Wake.PRESENCE)
    desk.publish(Notice(NoticeKind.PRESENCE))
    return back_to(request, "/specialists/me", "Статус изменён.")


def _leave(session: Session, visitor: Visitor, until: str, at: datetime, local: datetime) -> None:
    """Gone until this time of today. Raises Incomplete."""
    match = re.fullmatch(r"\s*([01]?[0-9]|2[0-3])[:.]([0-5][0-9])\s*", until)
    if match is None:
        raise Incomplete({"until": "Нужно время, например 15:00."})
    back = local.replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
    if back <= local:
        raise Incomplete({"until": "Это время сегодня уже прошло."})
    absences.enter(session, visitor.id, AWAY, at, back, None, visitor.employee, at, ip=visitor.ip)
    presence.go_offline(session, visitor.id, at)


def _own_page(request: Request, visitor: Visitor, attempt: Attempt | None = None) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    attempt = attempt or untouched()
    with desk.database.reading() as session:
        line = next(iter(reading.lines(session, clock.at, only=visitor.id)), None)
        context: dict[str, Any] = {
            "line": line,
            "own_status": session.get(Presence, visitor.id),
            "coming": absence_lines(session, absences.coming(session, [visitor.id], clock.at), desk.zone),
        }
    context |= {"attempt": attempt, "looks": LOOKS}
    return page(request, visitor, "specialists_me.html", status=attempt.status, clock=clock, **context)


class SettingsForm(VersionedForm):
    """A specialist's settings."""

    outside_number: Line = ""
    advises_on: Line = ""
    room: Line = ""
    services: list[int] = []  # noqa: RUF012 - pydantic copies it


@router.get("/{employee_id}")
def settings_page(request: Request, employee_id: int, visitor: Visitor = allow(*MANAGE)) -> Response:
    """One specialist: settings, and what is coming."""
    return _settings_page(request, employee_id, visitor)


@router.post("/{employee_id}")
def save_settings(request: Request, employee_id: int, form: Posted, visitor: Visitor = allow(*MANAGE)) -> Response:
    """Write them."""
    desk = desk_of(request)

    def act(session: Session, sent: SettingsForm) -> None:
        settings.save(
            session,
            employee_id,
            sent.outside_number,
            sent.advises_on,
            sent.room,
            sent.services,
            sent.version,
            visitor.employee,
            datetime.now(UTC),
            mode=desk.settings.mode,
            ip=visitor.ip,
        )

    attempt = save(desk, form, SettingsForm, act)
    if attempt is not None:
        return _settings_page(request, employee_id, visitor, attempt)
    desk.publish(Notice(NoticeKind.PRESENCE))
    return back_to(request, f"/specialists/{employee_id}", "Сохранено.")


def _settings_page(request: Request, employee_id: int, visitor: Visitor, attempt: Attempt | None = None) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        person, known = settings.fetch_specialist(session, employee_id)
        (line,) = reading.lines(session, clock.at, only=employee_id)
        context: dict[str, Any] = {
            "person": person,
            "known": known,
            "line": line,
            "services": institution.services(session),
            "coming": absence_lines(session, absences.coming(session, [employee_id], clock.at), desk.zone),
        }
    context["attempt"] = attempt or untouched(version=known.version)
    context |= {"looks": LOOKS}
    status = context["attempt"].status
    return page(request, visitor, "specialists_one.html", status=status, clock=clock, **context)
