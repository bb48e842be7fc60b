"""«Проверка системы» and «Аудит»: for those who look after the program and those who look after its users."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.base import MAX_ID
from crm.staff import Employee
from web import checks
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import Form, posted
from web.pages import AUDIT_ROLES, SYSTEM_ROLES, page

router = APIRouter(default_response_class=HTMLResponse)
SHOWN = 100

ACTIONS = {
    "sign_in": "вход",
    "sign_in.failed": "неудачный вход",
    "sign_out": "выход",
    "access.denied": "отказано в доступе",
    "request.forged": "поддельный запрос",
    "family.open": "открыта карточка",
    "family.search": "поиск семьи",
    "family.create": "заведена карточка",
    "phone.add": "добавлен телефон",
    "caller.choose": "выбран звонящий",
    "call.attach": "звонок связан с карточкой",
    "identity.confirm": "личность подтверждена",
    "identity.differs": "ответ не совпал с карточкой",
    "journal.save": "запись в журнал",
    "wrapup.without_entry": "обработка без записи",
    "training.request": "учебный звонок",
    "settings.line": "изменена линия",
    "settings.person": "изменён сотрудник",
    "settings.extension": "изменён внутренний номер",
    "extension.secret": "показан пароль аппарата",
    "session.end_all": "завершены сеансы сотрудника",
    "session.end": "завершён сеанс",
    "password.change": "смена пароля",
}


@router.get("/system")
def system(request: Request, visitor: Visitor = allow(*SYSTEM_ROLES)) -> Response:
    """Each part green, or a sentence that says what to do."""
    lines = checks.run(desk_of(request), datetime.now(UTC))
    return page(request, visitor, "system.html", checks=lines, bad=sum(line.state == "bad" for line in lines))


@router.get("/audit")
def audit_list(request: Request, before: str = "", visitor: Visitor = allow(*AUDIT_ROLES)) -> Response:
    """The newest entries; older ones by «before»."""
    return _list(request, visitor, Form(), before)


@router.post("/audit")
def audit_filtered(
    request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*AUDIT_ROLES)
) -> Response:
    """By employee, family or action."""
    return _list(request, visitor, form, form.first("before"))


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 and 0 < int(text) <= MAX_ID else None


def _list(request: Request, visitor: Visitor, form: Form, before: str) -> Response:
    employee, family, action = (form.first(name) for name in ("employee", "family", "action"))
    statement = select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(SHOWN + 1)
    if number := _number(employee):
        statement = statement.where(AuditEvent.actor_id == number)
    if family.strip():
        statement = statement.where(AuditEvent.family_id == (_number(family.strip().lstrip("СCсc-0")) or 0))
    if action in ACTIONS:
        statement = statement.where(AuditEvent.action == action)
    if number := _number(before):
        statement = statement.where(AuditEvent.seq < number)
    with desk_of(request).database.reading() as session:
        rows = list(session.scalars(statement))
        people = session.scalars(select(Employee).order_by(Employee.surname)).all()
    context: dict[str, Any] = {"rows": rows[:SHOWN], "more": len(rows) > SHOWN, "people": people, "actions": ACTIONS}
    context |= {"employee": employee, "family": family, "action": action}
    return page(request, visitor, "audit.html", **context)
