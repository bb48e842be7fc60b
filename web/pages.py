"""Whole pages: the frame around a template, redirects after a form, and the page for what went wrong."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from crm import institution
from crm.staff import Role
from web.access import ON_CALLS, WITH_FAMILIES, Visitor
from web.desk import Desk, desk_of

SETTINGS_ROLES = (Role.ADMINISTRATOR,)
SYSTEM_ROLES = (Role.ADMINISTRATOR, Role.HEAD)
SUBJECT_ROLES = (Role.HEAD, Role.DIRECTOR)
AUDIT_ROLES = (Role.AUDITOR, Role.HEAD, Role.DIRECTOR)
JOURNAL_ROLES = (*ON_CALLS, Role.DIRECTOR)
SPECIALIST_VIEWERS = (*WITH_FAMILIES, Role.ADMINISTRATOR)
REGISTRY_ROLES = (Role.COORDINATOR, Role.HEAD, Role.DIRECTOR)
TRAINING_ROLES = (Role.HEAD, Role.ADMINISTRATOR)
RECORDING_ROLES = (Role.HEAD, Role.DIRECTOR)
REPORT_ROLES = (Role.HEAD, Role.DIRECTOR)
SPEECH_ROLES = (Role.HEAD, Role.DIRECTOR, Role.ADMINISTRATOR)
MEASURE_KEEPERS = (Role.HEAD,)
SEGMENT_KEEPERS = (Role.COORDINATOR, Role.HEAD)
SEGMENT_ROLES = (*SEGMENT_KEEPERS, Role.DIRECTOR)

_MENU = (
    ("/workplace", "Рабочее место", "headphones", ON_CALLS),
    ("/missed", "Перезвонить", "phone-missed", ON_CALLS),
    ("/dialling", "Обзвоны", "phone-outgoing", ON_CALLS),
    ("/campaigns", "Кампании", "megaphone", JOURNAL_ROLES),
    ("/packet", "Переводы", "phone-incoming", (Role.SPECIALIST,)),
    ("/appointments", "Запись", "calendar-days", WITH_FAMILIES),
    ("/families", "Семьи", "users", WITH_FAMILIES),
    ("/journal", "Журнал", "book-open", JOURNAL_ROLES),
    ("/tips", "Информация от третьих лиц", "hand-helping", JOURNAL_ROLES),
    ("/specialists", "Специалисты", "user-check", SPECIALIST_VIEWERS),
    ("/registry", "Реестр", "clipboard-list", REGISTRY_ROLES),
    ("/upkeep", "Актуализация", "refresh-cw", ON_CALLS),
    ("/measures", "Меры поддержки", "life-buoy", WITH_FAMILIES),
    ("/segments", "Группы семей", "users", SEGMENT_ROLES),
    ("/reports", "Отчёты", "chart-column", REPORT_ROLES),
    ("/wallboard", "Табло", "monitor", JOURNAL_ROLES),
    ("/recordings", "Записи разговоров", "mic", RECORDING_ROLES),
    ("/subjects", "Обращения о данных", "shield-check", SUBJECT_ROLES),
    ("/settings/calendar", "Часы и календарь", "clock", REPORT_ROLES),
    ("/settings/voice", "Линии и приветствия", "volume-2", REPORT_ROLES),
    ("/settings/dialling", "Настройки обзвона", "phone-outgoing", REPORT_ROLES),
    ("/settings/speech", "Тексты и голос", "message-square", SPEECH_ROLES),
    ("/training", "Учебный звонок", "graduation-cap", TRAINING_ROLES),
    ("/settings", "Настройки", "settings", SETTINGS_ROLES),
    ("/system", "Проверка системы", "monitor-check", SYSTEM_ROLES),
    ("/audit", "Аудит", "eye", AUDIT_ROLES),
)

_ERRORS = {
    400: ("Запрос не понят", "Адрес или форма повреждены. Вернитесь назад и попробуйте ещё раз."),
    401: ("Нужно войти", "Сеанс закончился. Войдите снова."),
    403: (
        "Нет доступа",
        "У вашей роли нет права на это действие. Если страница открыта давно, обновите её и повторите.",
    ),
    404: ("Такой страницы нет", "Запись удалена, перенесена или её номер набран с ошибкой."),
    405: ("Так нельзя", "Это действие выполняется кнопкой на странице, а не адресом."),
    408: ("Слишком долго", "Данные не дошли до сервера. Проверьте связь и повторите."),
    409: ("Запись уже изменена", "Обновите страницу: в ней показано то, что сохранено последним."),
    413: ("Слишком много данных", "Сократите текст или выберите файл меньше и повторите."),
    415: ("Запрос не понят", "Такой вид данных страница не принимает."),
    422: ("Форма заполнена не полностью", "Вернитесь и проверьте поля."),
    429: ("Слишком часто", "Подождите минуту и повторите."),
    503: ("Временно недоступно", "Нет связи с базой данных. Подождите минуту и повторите."),
}


def menu(desk: Desk, visitor: Visitor) -> list[tuple[str, str, str]]:
    """What this person finds in the menu: (address, title, icon)."""
    return [
        (path, title, icon)
        for path, title, icon, roles in _MENU
        if visitor.role in roles and not (path == "/training" and not may_train(desk, visitor))
    ]


def may_train(desk: Desk, visitor: Visitor) -> bool:
    """The head trains people; in demo mode the administrator tries the installation too."""
    return visitor.role is Role.HEAD or desk.settings.mode == "demo"


def page(request: Request, visitor: Visitor, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A whole page with the frame."""
    from web.parts import frame  # noqa: PLC0415 - the frame shows parts, the parts' routes show pages

    desk = desk_of(request)
    with desk.database.reading() as session:
        services = institution.services(session)
    own = [service for service in services if service.id in visitor.service_ids]
    text = desk.render(
        name,
        visitor=visitor,
        menu=menu(desk, visitor),
        clock=context.pop("clock", None) or desk.clock(),
        service_name=next(iter(own or services), None),
        frame=frame(desk, visitor, on_workplace=name == "workplace.html"),
        **context,
    )
    # A refused form keeps the address of its page: that of the form is no page to come back to.
    headers = {"HX-Push-Url": "false"} if status >= 400 else None
    return HTMLResponse(text, status_code=status, headers=headers)


def back_to(request: Request, path: str, said: str = "") -> Response:
    """After a form: show `path` (PRG); `said` is a short confirmation in the corner.

    A scripted request gets the order to fetch the page; a redirect would lose the header with the confirmation.
    """
    if request.headers.get("hx-request") == "true":
        headers = {"HX-Location": json.dumps({"path": path, "target": "#main", "select": "#main", "swap": "outerHTML"})}
        if said:
            headers["HX-Trigger"] = json.dumps({"fd:said": said})
        return Response(status_code=200, headers=headers)
    return RedirectResponse(path, status_code=303)


def error_page(desk: Desk, status: int, error_id: str = "") -> str:
    """What went wrong in people's words; no traceback, no path, no name (reliability.md S38)."""
    title, advice = _ERRORS.get(
        status, ("Не получилось", "Повторите. Если не поможет, назовите администратору код ошибки.")
    )
    return desk.render("error.html", title=title, advice=advice, status=status, error_id=error_id)
