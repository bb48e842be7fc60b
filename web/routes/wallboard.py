"""«Табло»: the moment of the services, live; on a page of the program, full screen, and on a monitor on the wall."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from crm import institution, sign_in
from crm.base import MAX_ID
from crm.errors import NotFound
from crm.service_report import wall_pass
from crm.staff import Role
from web import workplace
from web.access import ON_CALLS, Visitor, allow, cookie_name, public
from web.board_hub import Services
from web.desk import Desk, desk_of
from web.forms import BadForm, Form, posted
from web.live import still_the_same
from web.pages import back_to, page
from web.wallboard import drawn, stream
from workers.queues import Wake

router = APIRouter(default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
BOARD_ROLES = (*ON_CALLS, Role.DIRECTOR)
POLL_SECONDS = 5
"""How often a browser asks that has no live stream."""


@router.get("/wallboard")
def wallboard(request: Request, wall: str = "", visitor: Visitor = allow(*BOARD_ROLES)) -> Response:
    """The board; `wall` shows it alone, full screen, for as long as this person's own session lasts."""
    desk = desk_of(request)
    services = _services(desk, visitor)
    if wall:
        return _wall(desk, services, url="/wallboard", visitor=visitor)
    with desk.database.reading() as session:
        passes = wall_pass.standing(session, desk.clock().at) if visitor.role is Role.HEAD else []
    context: dict[str, Any] = {"board": _drawn(desk, services), "passes": passes, "poll": POLL_SECONDS}
    return page(request, visitor, "wallboard.html", **context)


@router.get("/wallboard/board")
def board(request: Request, visitor: Visitor = allow(*BOARD_ROLES, activity=False)) -> Response:
    """The board alone, for a browser without a live stream; it does not keep a session awake: a board is looked at by
    nobody."""
    desk = desk_of(request)
    return _part(desk, _services(desk, visitor))


@router.get("/wallboard/live")
def live(request: Request, visitor: Visitor = allow(*BOARD_ROLES, activity=False)) -> Response:
    """The board as it changes, for as long as the session lasts and the person may see the same services."""
    desk = desk_of(request)
    is_good = partial(still_the_same, desk, request, visitor)
    return stream(request, _services(desk, visitor), owner=("board", visitor.id), ticket=visitor.token, is_good=is_good)


@router.post("/wallboard/pass")
def issue(request: Request, form: Posted, visitor: Visitor = allow(Role.HEAD)) -> Response:
    """Make this browser a monitor: it gets a pass for the board and loses the head's session."""
    if set(form) - {"csrf", "title"}:
        raise BadForm
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.transaction() as session:
        services = workplace.watched_services(session, visitor)
        token = wall_pass.issue(session, services, form.first("title"), visitor.employee, at, ip=visitor.ip)
        sign_in.sign_out(session, visitor.token, at)
    desk.wake(Wake.EXCHANGE)
    desk.wake(Wake.PRESENCE)
    response: Response = RedirectResponse("/wall", status_code=303)
    if request.headers.get("hx-request") == "true":
        response = Response(status_code=200, headers={"HX-Redirect": "/wall"})
    secure = desk.settings.https
    response.set_cookie(_cookie(desk), token, max_age=int(wall_pass.LASTS.total_seconds()), httponly=True,
                        samesite="strict", secure=secure, path="/")  # fmt: skip
    response.delete_cookie(cookie_name(desk), path="/", secure=secure, httponly=True, samesite="lax")
    return response


@router.post("/wallboard/pass/{pass_id}/withdraw")
def withdraw(request: Request, pass_id: int, form: Posted, visitor: Visitor = allow(Role.HEAD)) -> Response:
    """That monitor shows nothing any more."""
    if set(form) - {"csrf"}:
        raise BadForm
    if not 1 <= pass_id <= MAX_ID:
        raise NotFound
    with desk_of(request).database.transaction() as session:
        wall_pass.withdraw(session, pass_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    return back_to(request, "/wallboard", "Монитор отключён.")


@router.get("/wall")
def wall_page(request: Request, _: None = public()) -> Response:
    """The monitor's page; without a pass there is only the way to the sign-in."""
    desk = desk_of(request)
    services = _passed(request, desk)
    return RedirectResponse("/login", status_code=303) if services is None else _wall(desk, services, url="/wall")


@router.get("/wall/board")
def wall_board(request: Request, _: None = public()) -> Response:
    """The monitor's board; 401 once the pass is over."""
    desk = desk_of(request)
    services = _passed(request, desk)
    return Response(status_code=401) if services is None else _part(desk, services)


@router.get("/wall/live")
def wall_live(request: Request, _: None = public()) -> Response:
    """The monitor's board as it changes, until the pass is withdrawn or too old."""
    desk = desk_of(request)
    services = _passed(request, desk)
    if services is None:
        return Response(status_code=401)
    token = request.cookies[_cookie(desk)]
    return stream(request, services, owner=("wall", token), ticket=token,
                  is_good=partial(_still_passed, request, desk, services))  # fmt: skip


def _services(desk: Desk, visitor: Visitor) -> Services:
    with desk.database.reading() as session:
        if visitor.role is Role.DIRECTOR and not visitor.service_ids:
            return tuple(sorted(service.id for service in institution.services(session)))
        return tuple(sorted(workplace.watched_services(session, visitor)))


def _cookie(desk: Desk) -> str:
    return "__Host-dispatch-wall" if desk.settings.https else "dispatch-wall"


def _passed(request: Request, desk: Desk) -> Services | None:
    token = request.cookies.get(_cookie(desk), "")
    if not token:
        return None
    with desk.database.reading() as session:
        services = wall_pass.opened_by(session, token, datetime.now(UTC))
    return None if services is None else tuple(sorted(services))


def _still_passed(request: Request, desk: Desk, services: Services) -> bool:
    """Whether the pass opens the same; a database that is away ends nothing."""
    try:
        return _passed(request, desk) == services
    except SQLAlchemyError:
        return True


def _drawn(desk: Desk, services: Services) -> str:
    return drawn(desk, [services])[services]


def _part(desk: Desk, services: Services) -> Response:
    return HTMLResponse(_drawn(desk, services), headers={"Cache-Control": "no-store"})


def _wall(desk: Desk, services: Services, *, url: str, visitor: Visitor | None = None) -> Response:
    context: dict[str, Any] = {"url": url, "poll": POLL_SECONDS, "visitor": visitor, "clock": desk.clock()}
    return HTMLResponse(desk.render("wall.html", board=_drawn(desk, services), **context))
