"""What the forms of «Настройки» hold, and how each is written: lines, people, inner numbers.

Every `write_…` runs inside one transaction, which the route rolls back when sentences come out.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callflow.phone import normalise
from crm import audit, institution, passwords, sign_in, staff
from crm.base import fetch
from crm.errors import NotFound
from crm.institution import Line as TelephoneLine
from crm.staff import Employee, EmployeeService, Extension, Role
from web.access import Visitor
from web.forms import Fields, Line


class LineFields(Fields):
    """A number of ours."""

    id: int | None = None
    did: Line
    service_id: int
    kind: Literal["landline", "mobile"]
    title: Line = ""
    active: Literal["", "yes"] = ""
    by_hand: Literal["", "yes"] = ""


def write_line(session: Session, fields: LineFields, visitor: Visitor) -> dict[str, str]:
    """Add or change a line; return a sentence for each field that is wrong. Raises NotFound."""
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
    line.on_exchange = fields.by_hand != "yes"
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


def write_person(session: Session, fields: PersonFields, visitor: Visitor) -> dict[str, str]:
    """Add or change an account; return a sentence for each field that is wrong. Raises NotFound."""
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


def write_extension(session: Session, fields: ExtensionFields, visitor: Visitor) -> dict[str, str]:
    """Add an inner number or give it to somebody else; return a sentence for each wrong field. Raises NotFound."""
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
