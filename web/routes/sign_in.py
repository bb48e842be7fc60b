"""Signing in and out."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from crm import demo, sign_in
from crm.staff import Role
from web.access import (
    EVERYBODY,
    ON_CALLS,
    WITH_FAMILIES,
    Visitor,
    allow,
    client_ip,
    cookie_name,
    csrf_of,
    public,
    token_matches,
    visitor_of,
)
from web.desk import Desk, desk_of
from web.forms import Form, posted
from workers.queues import Wake

router = APIRouter(default_response_class=HTMLResponse)
FIRST_PAGES = {Role.ADMINISTRATOR: "/system", Role.AUDITOR: "/audit"}


def first_page(visitor: Visitor) -> str:
    """Where this person's work begins."""
    if visitor.role in ON_CALLS:
        return "/workplace"
    return "/families" if visitor.role in WITH_FAMILIES else FIRST_PAGES.get(visitor.role, "/me")


def _door_cookie(desk: Desk) -> str:
    """The cookie of a form that nobody has signed in from: without it a foreign page could sign people in."""
    return "__Host-dispatch-door" if desk.settings.https else "dispatch-door"


def _set(response: Response, desk: Desk, name: str, value: str) -> None:
    response.set_cookie(name, value, httponly=True, samesite="lax", secure=desk.settings.https, path="/")


@router.get("/login")
def login_form(request: Request, _: None = public()) -> Response:
    """The form; who is signed in already goes on to work."""
    desk = desk_of(request)
    visitor = visitor_of(desk, request, activity=False)
    if visitor is not None:
        return RedirectResponse(first_page(visitor), status_code=303)
    return _form(request, desk)


def _form(request: Request, desk: Desk, *, login: str = "", error: str = "", status: int = 200) -> Response:
    door = request.cookies.get(_door_cookie(desk)) or secrets.token_urlsafe(32)
    context: dict[str, Any] = {"csrf": csrf_of(door), "login": login, "error": error}
    context["demo_logins"] = demo.logins() if desk.settings.mode == "demo" else []
    response = HTMLResponse(desk.render("login.html", **context), status_code=status)
    _set(response, desk, _door_cookie(desk), door)
    return response


@router.post("/login")
def login(request: Request, form: Annotated[Form, Depends(posted)], _: None = public()) -> Response:
    """Check the name and the password; a new session each time, so that no old cookie opens a new door."""
    desk = desk_of(request)
    door = request.cookies.get(_door_cookie(desk), "")
    if not door or not token_matches(door, form, request):
        return _form(request, desk, error="Страница входа устарела. Введите имя и пароль ещё раз.", status=403)
    name, password = form.first("login"), form.first("password")
    ip, agent = client_ip(request), request.headers.get("user-agent", "")
    with desk.database.transaction() as session:
        result = sign_in.sign_in(session, name, password, ip, agent, datetime.now(UTC))
    if isinstance(result, sign_in.Refused):
        response = _form(
            request, desk, login=name[:100], error=result.sentence, status=429 if result.retry_after else 403
        )
        if result.retry_after is not None:
            response.headers["Retry-After"] = str(int(result.retry_after.total_seconds()) + 1)
        return response
    response = RedirectResponse("/", status_code=303)
    _set(response, desk, cookie_name(desk), result.token)
    response.delete_cookie(_door_cookie(desk), path="/", secure=desk.settings.https, httponly=True, samesite="lax")
    return response


@router.post("/logout")
def logout(request: Request, visitor: Visitor = allow(*EVERYBODY)) -> Response:
    """End this session; the live stream closes and the browser phone loses its secret."""
    desk = desk_of(request)
    with desk.database.transaction() as session:
        sign_in.sign_out(session, visitor.token, datetime.now(UTC))
    desk.wake(Wake.EXCHANGE)
    desk.wake(Wake.PRESENCE)
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(cookie_name(desk), path="/", secure=desk.settings.https, httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@router.get("/")
def home(visitor: Visitor = allow(*EVERYBODY)) -> Response:
    """To work."""
    return RedirectResponse(first_page(visitor), status_code=303)


@router.get("/session")
def session_alive(visitor: Visitor = allow(*EVERYBODY, activity=False)) -> Response:
    """204 while the session lives, 401 when it does not: asked by a script whose stream was refused."""
    return Response(status_code=204, headers={"X-Session": str(visitor.session_id)})


@router.post("/session")
def session_awake(visitor: Visitor = allow(*EVERYBODY)) -> Response:
    """Somebody touches the page, or talks: the rule itself has moved the idle clock."""
    return Response(status_code=204, headers={"X-Session": str(visitor.session_id)})
