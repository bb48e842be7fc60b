"""«Табло»: the moment of the services, live; on a page of the program, full screen, and on a monitor on the wall."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from callflow.service_level import level_light, lost_light
from crm import institution, sign_in
from crm.base import MAX_ID
from crm.errors import NotFound
from crm.service_report import wall_pass, wording
from crm.staff import Role
from web import workplace
from web.access import ON_CALLS, Visitor, allow, cookie_name, public
from web.desk import Desk, desk_of
from web.forms import BadForm, Form, posted
from web.pages import back_to, page
from web.wallboard import Boards, Shown
from workers.queues import Wake

router = APIRouter(default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
BOARD_ROLES = (*ON_CALLS, Role.DIRECTOR)
POLL_SECONDS, WALL_POLL_SECONDS = 5, 2


@router.get("/wallboard")
def wallboard(request: Request, wall: str = "", visitor: Visitor = allow(*BOARD_ROLES)) -> Response:
    """The board; `wall` shows it alone, full screen, for as long as this person's own session lasts."""
    desk = desk_of(request)
    shown = _boards(request).show(desk, _services(desk, visitor))
    if wall:
        return _wall(desk, shown, url="/wallboard/board?wall=1", poll=POLL_SECONDS, visitor=visitor)
    with desk.database.reading() as session:
        passes = wall_pass.standing(session, desk.clock().at) if visitor.role is Role.HEAD else []
    context: dict[str, Any] = {"board": _drawn(desk, shown, wall=False), "passes": passes, "poll": POLL_SECONDS}
    return page(request, visitor, "wallboard.html", **context)


@router.get("/wallboard/board")
def board(request: Request, wall: str = "", visitor: Visitor = allow(*BOARD_ROLES, activity=False)) -> Response:
    """The board alone, asked for after a notice; it does not keep a session awake: a board is looked at by nobody."""
    desk = desk_of(request)
    return _part(desk, _boards(request).show(desk, _services(desk, visitor)), wall=bool(wall))


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
    if services is None:
        return RedirectResponse("/login", status_code=303)
    return _wall(desk, _boards(request).show(desk, services), url="/wall/board", poll=WALL_POLL_SECONDS)


@router.get("/wall/board")
def wall_board(request: Request, _: None = public()) -> Response:
    """The monitor's board; 401 once the pass is over."""
    desk = desk_of(request)
    services = _passed(request, desk)
    if services is None:
        return Response(status_code=401)
    return _part(desk, _boards(request).show(desk, services), wall=True)


def _services(desk: Desk, visitor: Visitor) -> tuple[int, ...]:
    with desk.database.reading() as session:
        if visitor.role is Role.DIRECTOR and not visitor.service_ids:
            return tuple(service.id for service in institution.services(session))
        return tuple(workplace.watched_services(session, visitor))


def _cookie(desk: Desk) -> str:
    return "__Host-dispatch-wall" if desk.settings.https else "dispatch-wall"


def _passed(request: Request, desk: Desk) -> list[int] | None:
    token = request.cookies.get(_cookie(desk), "")
    if not token:
        return None
    with desk.database.reading() as session:
        services = wall_pass.opened_by(session, token, datetime.now(UTC))
    return None if services is None else list(services)


def _boards(request: Request) -> Boards:
    boards: Boards = request.app.state.boards
    return boards


def _drawn(desk: Desk, shown: Shown, *, wall: bool) -> str:
    return desk.render(
        "parts/board.html",
        services=shown.services,
        stale=shown.is_stale,
        wall=wall,
        clock=desk.clock(),
        wording=wording,
        lights={"level": level_light, "lost": lost_light},
    )


def _part(desk: Desk, shown: Shown, *, wall: bool) -> Response:
    return HTMLResponse(_drawn(desk, shown, wall=wall), headers={"Cache-Control": "no-store"})


def _wall(desk: Desk, shown: Shown, *, url: str, poll: int, visitor: Visitor | None = None) -> Response:
    drawn = _drawn(desk, shown, wall=True)
    return HTMLResponse(desk.render("wall.html", board=drawn, url=url, poll=poll, visitor=visitor, clock=desk.clock()))
