"""«Настройки»: lines, people, inner numbers. Every change asks the exchange for a new configuration."""

from __future__ import annotations

import secrets
from collections import defaultdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callflow.phone import normalise
from crm import audit, exchange_state, institution, keys, passwords, sign_in, staff
from crm.base import fetch
from crm.errors import NotFound, RecordsError
from crm.institution import Line as TelephoneLine
from crm.staff import Employee, EmployeeService, Extension, Role
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import Fields, Form, Line, fill, posted
from web.pages import SETTINGS_ROLES, back_to, page
from workers.queues import Wake

router = APIRouter(prefix="/settings", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class _NotWritten(Exception):
    """Rolls the transaction back; the sentences are already in hand."""


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


class LineFields(Fields):
    """A number of ours."""

    id: int | None = None
    did: Line
    service_id: int
    kind: Literal["landline", "mobile"]
    title: Line = ""
    active: Literal["", "yes"] = ""


@router.post("/lines")
def save_line(request: Request, form: Posted, visitor: Visitor = allow(*SETTINGS_ROLES)) -> Response:
    """Add or change a line."""
    return _save(request, visitor, form, name="line", model=LineFields, write=_write_line)


def _write_line(session: Session, fields: LineFields, visitor: Visitor) -> dict[str, str]:
    known = normalise(fields.did, institution.area_code(session))
    if known is None:
        return {"did": "Нужен номер телефона, например 8 (49248) 2-12-34."}
    if fetch(session, institution.Service, fields.service_id) is None:
        return {"service_id": "Выберите службу."}
    other = institution.line_of(session, known.e164)
    line = fetch(session, TelephoneLine, fields.id) if fields.id else None
    if fields.id and line is None:
        raise NotFound
    if other is not None and other is not line:
        return {"did": "Такая линия уже есть."}
    if line is None:
        line = TelephoneLine(did=known.e164, service_id=fields.service_id, kind=fields.kind)
        session.add(line)
    line.did, line.service_id, line.kind = known.e164, fields.service_id, fields.kind
    line.title, line.active = fields.title, fields.active == "yes"
    session.flush()
    audit.write(session, visitor.actor, "settings.line", subject="line", subject_id=line.id)
    return {}


class PersonFields(Fields):
    """An account."""

    id: int | None = None
    surname: Annotated[Line, Field(min_length=1, max_length=80)]
    name: Annotated[Line, Field(min_length=1, max_length=80)]
    patronymic: Line = ""
    login: Annotated[Line, Field(pattern=r"^[a-zA-Zа-яА-ЯёЁ0-9._-]{2,40}$")]
    role: Role
    position: Line = ""
    advises_on: Line = ""
    room: Line = ""
    services: tuple[int, ...] = ()
    password: str = ""
    active: Literal["", "yes"] = ""


@router.post("/people")
def save_person(request: Request, form: Posted, visitor: Visitor = allow(*SETTINGS_ROLES)) -> Response:
    """Add or change a person; closing the account, a new role or a new password ends their sessions."""
    return _save(request, visitor, form, name="person", model=PersonFields, write=_write_person)


def _write_person(session: Session, fields: PersonFields, visitor: Visitor) -> dict[str, str]:
    at = datetime.now(UTC)
    other = staff.by_login(session, fields.login)
    employee = fetch(session, Employee, fields.id) if fields.id else None
    if fields.id and employee is None:
        raise NotFound
    if other is not None and other is not employee:
        return {"login": "Такое имя для входа уже занято."}
    is_self = employee is not None and employee.id == visitor.id
    if is_self and (fields.active != "yes" or fields.role is not visitor.role):
        return {"role": "Свою роль и свою учётную запись меняет другой администратор."}
    if employee is None:
        if not fields.password:
            return {"password": "Задайте первый пароль: сотрудник сменит его на своей странице."}
        employee = Employee(login=fields.login.casefold(), role=fields.role.value, created_at=at, surname="", name="")
        session.add(employee)
    changed_role = employee.role != fields.role.value
    employee.surname, employee.name, employee.patronymic = fields.surname, fields.name, fields.patronymic
    employee.login, employee.role, employee.position = fields.login.casefold(), fields.role.value, fields.position
    employee.advises_on, employee.room = fields.advises_on, fields.room
    employee.active = fields.active == "yes" or fields.id is None
    session.flush()
    if problem := _password(session, employee, fields.password, at):
        return problem
    if changed_role or not employee.active:
        sign_in.end_sessions(session, employee.id, at, "by_administrator" if employee.active else "disabled")
    _assign_services(session, employee, fields.services)
    audit.write(session, visitor.actor, "settings.person", subject="employee", subject_id=employee.id,
                details={"role": employee.role, "active": employee.active})  # fmt: skip
    return {}


def _password(session: Session, employee: Employee, password: str, at: datetime) -> dict[str, str]:
    if not password:
        return {}
    if sentence := passwords.refusal(password, employee.login, employee.surname):
        return {"password": sentence}
    sign_in.set_password(session, employee, password, at)
    return {}


def _assign_services(session: Session, employee: Employee, wanted: tuple[int, ...]) -> None:
    known = {service.id for service in institution.services(session)}
    kept = {row.service_id: row.penalty for row in session.scalars(
        select(EmployeeService).where(EmployeeService.employee_id == employee.id))}  # fmt: skip
    session.execute(delete(EmployeeService).where(EmployeeService.employee_id == employee.id))
    for service_id in sorted(known.intersection(wanted)):
        session.add(EmployeeService(employee_id=employee.id, service_id=service_id, penalty=kept.get(service_id, 0)))


class ExtensionFields(Fields):
    """An inner number."""

    id: int | None = None
    number: Annotated[Line, Field(pattern=r"^[1-9][0-9]{2,4}$")]
    employee_id: int | None = None


@router.post("/extensions")
def save_extension(request: Request, form: Posted, visitor: Visitor = allow(*SETTINGS_ROLES)) -> Response:
    """Add an inner number or give it to somebody else."""
    return _save(request, visitor, form, name="extension", model=ExtensionFields, write=_write_extension)


def _write_extension(session: Session, fields: ExtensionFields, visitor: Visitor) -> dict[str, str]:
    same = session.scalars(select(Extension).where(Extension.number == fields.number)).one_or_none()
    extension = fetch(session, Extension, fields.id) if fields.id else None
    if fields.id and extension is None:
        raise NotFound
    if same is not None and same is not extension:
        return {"number": "Такой внутренний номер уже есть."}
    if fields.employee_id is not None and fetch(session, Employee, fields.employee_id) is None:
        return {"employee_id": "Выберите сотрудника."}
    if extension is None:
        extension = Extension(number=fields.number, desk_secret_salt=secrets.token_hex(8))
        session.add(extension)
    extension.number, extension.employee_id = fields.number, fields.employee_id
    session.flush()
    audit.write(session, visitor.actor, "settings.extension", subject="extension", subject_id=extension.id)
    return {}


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
        try:
            with desk.database.transaction() as session:
                errors = write(session, fields, visitor)
                if errors:
                    raise _NotWritten  # nothing of a refused form stays
                exchange_state.touch(session)
        except _NotWritten:
            pass
        except NotFound:
            raise
        except RecordsError as error:
            errors = {"": str(error)}
    if errors:
        values = defaultdict(str, {key: sent[0] for key, sent in form.items() if key != "password"})
        values["services"] = ",".join(form.get("services", []))
        return _page(request, visitor, errors=errors, form_name=f"{name}-{form.first('id')}", values=values, status=422)
    desk.wake(Wake.EXCHANGE)
    return back_to(request, "/settings", SAVED)
