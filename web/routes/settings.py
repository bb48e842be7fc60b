"""«Настройки»: lines, people, inner numbers. Every change asks the exchange for a new configuration."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import audit, exchange_state, institution, keys, sign_in, staff
from crm.base import fetch
from crm.errors import Incomplete, NotFound
from crm.institution import Line as TelephoneLine
from crm.staff import Employee, EmployeeService, Extension, Role
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import Form, fill, posted
from web.pages import SETTINGS_ROLES, back_to, page
from web.routes.settings_forms import (
    ExtensionFields,
    LineFields,
    PersonFields,
    write_extension,
    write_line,
    write_person,
)
from web.tried import trying
from workers.queues import Wake

router = APIRouter(prefix="/settings", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


SAVED = "Сохранено. АТС применит изменение через несколько секунд."


@router.get("")
def overview(request: Request, visitor: Visitor = allow(*SETTINGS_ROLES)) -> Response:
    """Everything at one look, with what the exchange has made of it."""
    return _page(request, visitor, errors={}, form_name="", values={}, status=200)


def _page(
    request: Request,
    visitor: Visitor,
    *,
    errors: dict[str, str],
    form_name: str,
    values: dict[str, str],
    status: int,
) -> Response:
    desk = desk_of(request)
    with desk.database.reading() as session:
        context: dict[str, Any] = {
            "lines": session.scalars(select(TelephoneLine).order_by(TelephoneLine.did)).all(),
            "services": institution.services(session),
            "people": session.scalars(select(Employee).order_by(Employee.active.desc(), Employee.surname)).all(),
            "extensions": session.scalars(select(Extension).order_by(Extension.number)).all(),
            "members": _members(session),
            "exchange": exchange_state.exchange_state(session),
        }
    context["service_options"] = [(service.id, service.name) for service in context["services"]]
    context["role_options"] = [(role.value, role.title) for role in Role]
    context["people_options"] = [(one.id, one.full_name) for one in context["people"] if one.active]
    context |= {"errors": errors, "form_name": form_name, "values": values}
    return page(request, visitor, "settings.html", status=status, **context)


def _members(session: Session) -> dict[int, dict[int, int]]:
    members: dict[int, dict[int, int]] = {}
    for row in session.scalars(select(EmployeeService)):
        members.setdefault(row.employee_id, {})[row.service_id] = row.penalty
    return members


@router.post("/lines")
def save_line(request: Request, form: Posted, visitor: Visitor = allow(*SETTINGS_ROLES)) -> Response:
    """Add or change a line."""
    return _save(request, visitor, form, name="line", model=LineFields, write=write_line)


@router.post("/people")
def save_person(request: Request, form: Posted, visitor: Visitor = allow(*SETTINGS_ROLES)) -> Response:
    """Add or change a person; closing the account, a new role or a new password ends their sessions."""
    return _save(request, visitor, form, name="person", model=PersonFields, write=write_person)


@router.post("/extensions")
def save_extension(request: Request, form: Posted, visitor: Visitor = allow(*SETTINGS_ROLES)) -> Response:
    """Add an inner number or give it to somebody else."""
    return _save(request, visitor, form, name="extension", model=ExtensionFields, write=write_extension)


@router.post("/people/{employee_id}/end-sessions")
def end_sessions(request: Request, employee_id: int, visitor: Visitor = allow(*SETTINGS_ROLES)) -> Response:
    """Sign somebody out everywhere (reliability.md S8)."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.transaction() as session:
        if fetch(session, Employee, employee_id) is None:
            raise NotFound
        ended = sign_in.end_sessions(session, employee_id, at, "by_administrator", keep=visitor.session_id)
        audit.write(session, visitor.actor, "session.end_all", subject="employee", subject_id=employee_id)
    desk.wake(Wake.EXCHANGE)
    return back_to(request, "/settings", f"Завершено сеансов: {ended}.")


@router.post("/extensions/{extension_id}/secret")
def show_secret(request: Request, extension_id: int, visitor: Visitor = allow(*SETTINGS_ROLES)) -> Response:
    """The SIP password of the desk phone, to be typed into it; showing it is an entry in the audit log."""
    desk = desk_of(request)
    with desk.database.transaction() as session:
        extension = fetch(session, Extension, extension_id)
        if extension is None:
            raise NotFound
        secret = staff.desk_secret(extension, keys.key_of(session, "desk-phone"))
        audit.write(session, visitor.actor, "extension.secret", subject="extension", subject_id=extension.id)
    return HTMLResponse(desk.render("parts/desk_secret.html", extension=extension, secret=secret))


def _save(request: Request, visitor: Visitor, form: Form, *, name: str, model: Any, write: Any) -> Response:
    """Read, write, ask the exchange to follow; or show the form again with its sentences."""
    desk = desk_of(request)
    fields, errors = fill(model, form)
    if fields is not None:
        with trying(desk) as (session, tried):
            if wrong := write(session, fields, visitor):
                raise Incomplete(wrong)  # nothing of a refused form stays
            exchange_state.touch(session)
        errors = tried.errors
    if errors:
        values = defaultdict(str, {key: sent[0] for key, sent in form.items() if key != "password"})
        values["services"] = ",".join(form.get("services", []))
        return _page(request, visitor, errors=errors, form_name=f"{name}-{form.first('id')}", values=values, status=422)
    desk.wake(Wake.EXCHANGE)
    return back_to(request, "/settings", SAVED)
