"""«Обзвоны»: the plan of today and of the next day, the calls of this moment, what came of them; the red button."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import audit, institution
from crm.dialler import reading, switches
from crm.dialler.settings import settings_of
from crm.missed.access import services_of
from crm.ratings import worklist as ratings
from crm.reminders import human_list, talking, why
from web.access import ON_CALLS, Visitor, allow
from web.desk import Desk, desk_of
from web.dialling import (
    ATTEMPTS,
    DISPOSITIONS,
    FILTERS,
    LIVE_FOR_PAGES,
    TONES,
    channel_words,
    heard_words,
    steps,
)
from web.forms import Fields, Form, fill, posted
from web.pages import back_to, page
from web.parts import parts
from web.tried import trying
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/dialling", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


@router.get("")
def overview(request: Request, state: str = "", visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Today by the hour, the next day, and what goes on now."""
    desk = desk_of(request)
    clock = desk.clock()
    state = state if state in FILTERS else ""
    with desk.database.transaction() as session:
        ahead = reading.next_calling_day(session, visitor.employee, clock.at, clock.zone)
        context: dict[str, Any] = {
            "today": reading.today(session, visitor.employee, clock.at, clock.zone, state),
            "next_day": reading.another(session, visitor.employee, ahead, clock.zone, state),
            "live": reading.live(session, visitor.employee),
            "switches": switches.current(session),
            "to_call": len(human_list.items(session, visitor.employee, clock.at)),
            "to_rate": ratings.count(session, visitor.employee, clock.at),
            "robot_off": [
                one.name
                for one in institution.services(session)
                if one.id in services_of(session, visitor.employee) and not settings_of(session, one.id).robot_on
            ],
        }
        audit.write(session, visitor.actor, "dialler.list", subject="dialler", at=clock.at)
    return page(
        request,
        visitor,
        "dialling.html",
        clock=clock,
        state=state,
        filters=FILTERS,
        tones=TONES,
        attempt_words=ATTEMPTS,
        **context,
    )


@router.post("/stop")
def stop(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The red button: no call leaves any more, those that ring are hung up."""
    fill(Fields, form)
    desk = desk_of(request)
    with desk.database.transaction() as session:
        switches.stop(session, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    _tell(desk)
    return back_to(request, "/dialling", "Обзвон остановлен.")


@router.post("/resume")
def resume(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Let the robot call again."""
    fill(Fields, form)
    desk = desk_of(request)
    with desk.database.transaction() as session:
        switches.resume(session, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    _tell(desk)
    return back_to(request, "/dialling", "Обзвон продолжается.")


@router.post("/{task_id}/told")
def told(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """«Напомнили»: said in a talk about something else."""
    fill(Fields, form)
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        talking.told(session, task_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if not tried.refused:
        desk.publish(Notice(NoticeKind.DIAL))
    said = tried.sentence or "Отмечено: напомнили."
    if request.headers.get("hx-target") == "parts":
        return parts(desk, visitor, at_workplace=True, force=True, said=said)
    return back_to(request, "/workplace", said)


@router.get("/{task_id}")
def whole(request: Request, task_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """One reminder with everything that happened to it, and how we know."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        found = reading.open_whole(session, task_id, visitor.employee, clock.at, ip=visitor.ip)
        task = found.row.task
        reason = None
        if not found.row.state.is_over:
            reason = why.of_task(session, task, clock.at, LIVE_FOR_PAGES, mode=desk.settings.mode)
        story = steps(session, why.story(session, task))
    return page(
        request,
        visitor,
        "dialling_one.html",
        clock=clock,
        row=found.row,
        attempts=found.attempts,
        why=reason,
        story=story,
        tones=TONES,
        heard=heard_words,
        channel=channel_words,
        attempt_words=ATTEMPTS,
        dispositions=DISPOSITIONS,
    )


def _tell(desk: Desk) -> None:
    """The clerk at the exchange at once, and every page."""
    desk.wake(Wake.ORDER)
    desk.publish(Notice(NoticeKind.DIAL))
