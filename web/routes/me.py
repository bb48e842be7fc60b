"""«Моя страница»: sound and microphone, password, own sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import audit, passwords, sign_in
from crm.staff import Employee
from web.access import EVERYBODY, Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Form, posted
from web.pages import back_to, page
from web.tried import trying
from workers.queues import Wake

router = APIRouter(prefix="/me", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
SOUNDS = {"bell": "колокольчик", "soft": "мягкий", "classic": "телефонный", "marimba": "маримба", "silent": "без звука"}


def _page(request: Request, visitor: Visitor, errors: dict[str, str], status: int = 200) -> Response:
    with desk_of(request).database.reading() as session:
        open_sessions = sign_in.sessions_of(session, visitor.id)
    return page(request, visitor, "me.html", sessions=open_sessions, sounds=SOUNDS, errors=errors, status=status)


@router.get("")
def me(request: Request, visitor: Visitor = allow(*EVERYBODY)) -> Response:
    """Everything about oneself."""
    return _page(request, visitor, {})


@router.post("/password")
def change_password(request: Request, form: Posted, visitor: Visitor = allow(*EVERYBODY)) -> Response:
    """The old one proves that it is really she; all other sessions end."""
    desk, at = desk_of(request), datetime.now(UTC)
    old, new, again = (form.first(name) for name in ("old", "new", "again"))
    errors: dict[str, str] = {}
    if new != again:
        errors["again"] = "Пароли не совпадают."
    elif not passwords.matches(visitor.employee.password_hash, old):
        errors["old"] = "Прежний пароль неверен."
    if not errors:
        with trying(desk) as (session, tried):
            employee = session.get_one(Employee, visitor.id)
            sign_in.set_password(session, employee, new, at, keep_session=visitor.session_id)
            audit.write(session, visitor.actor, "password.change")
        if tried.refused:
            errors["new"] = tried.sentence
    if errors:
        return _page(request, visitor, errors, 422)
    desk.wake(Wake.EXCHANGE)
    return back_to(request, "/me", "Пароль изменён, остальные сеансы завершены.")


@router.post("/sound")
def change_sound(request: Request, form: Posted, visitor: Visitor = allow(*EVERYBODY)) -> Response:
    """The ring that this person wants to hear."""
    choice = form.first("sound_choice")
    if choice not in SOUNDS:
        raise BadForm
    with desk_of(request).database.transaction() as session:
        session.get_one(Employee, visitor.id).sound_choice = choice
    return back_to(request, "/me", "Звук звонка сохранён.")


@router.post("/sessions/{session_id}/end")
def end_session(request: Request, session_id: int, visitor: Visitor = allow(*EVERYBODY)) -> Response:
    """Sign another browser out."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.transaction() as session:
        if sign_in.end_session(session, session_id, visitor.id, at, "signed_out"):
            audit.write(session, visitor.actor, "session.end", subject="web_session", subject_id=session_id)
    desk.wake(Wake.EXCHANGE)
    return back_to(request, "/me", "Сеанс завершён.")
