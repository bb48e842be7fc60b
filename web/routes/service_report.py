"""«Обслуживание звонков»: the service report by day, hour, line and operator, and the targets it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from callflow.service_level import Tally, level_light, lost_light
from crm import institution
from crm.errors import Incomplete, NotFound
from crm.institution import Service
from crm.service_report import targets as promised
from crm.service_report import wording
from crm.service_report.figures import ServiceFigures, check_period, figures
from crm.staff import Role
from web.access import Visitor, allow
from web.charts import Bar, bars
from web.desk import desk_of
from web.forms import BadForm, Form, posted
from web.pages import REPORT_ROLES, back_to, page
from web.tried import trying

router = APIRouter(prefix="/reports/service", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
MOST_BARS = 31


@dataclass(frozen=True)
class _Chosen:
    services: list[Service]
    service: Service
    since: date
    until: date


@router.get("")
def report(
    request: Request, service: str = "", since: str = "", until: str = "", visitor: Visitor = allow(*REPORT_ROLES)
) -> Response:
    """One period of one service."""
    desk = desk_of(request)
    today = desk.clock().today
    with desk.database.reading() as session:
        if not institution.services(session):
            return page(request, visitor, "service_report.html", chosen=None)
        chosen = _chosen(session, visitor, service, since, until, today)
        try:
            check_period(chosen.since, chosen.until)
            found, problem = figures(session, chosen.service.id, chosen.since, chosen.until), ""
        except Incomplete as error:
            found, problem = None, error.fields["until"]
    context: dict[str, Any] = {"chosen": chosen, "figures": found, "problem": problem, "wording": wording}
    context |= {"periods": _periods(today), "lights": {"level": level_light, "lost": lost_light}}
    if found is not None:
        context |= {"hours_chart": _hours(found), "days_chart": _days(found)}
        context |= {
            "hour_rows": [(f"{hour:02}:00–{hour:02}:59", one) for hour, one in found.hours.items()],
            "day_rows": [
                (f"{day:%d.%m.%Y}", one) for day, one in found.days.items() if one.total or len(found.days) < 8
            ],
        }
    return page(request, visitor, "service_report.html", status=422 if problem else 200, **context)


@router.get("/targets")
def targets_form(request: Request, service: str = "", visitor: Visitor = allow(*REPORT_ROLES)) -> Response:
    """What the service promises; only the head changes it."""
    return _targets_page(request, visitor, service)


@router.post("/targets")
def save_targets(request: Request, form: Posted, visitor: Visitor = allow(Role.HEAD)) -> Response:
    """Set the targets of one service."""
    if set(form) - {*promised.LIMITS, "service", "version", "csrf"}:
        raise BadForm
    desk, sent = desk_of(request), {name: values[0] for name, values in form.items()}
    numbers = {name: int(text) for name in promised.LIMITS if _is_number(text := sent.get(name, "").strip())}
    version = int(sent["version"]) if _is_number(sent.get("version", "")) else -1
    with trying(desk) as (session, tried):
        chosen = _service(list(institution.services(session)), sent.get("service", ""))
        promised.set_targets(session, chosen.id, numbers, version, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        shown = {} if tried.stale else sent  # the sentence says that the stored values are shown
        return _targets_page(
            request, visitor, sent.get("service", ""), sent=shown, errors=tried.errors, status=tried.status
        )
    return back_to(request, f"/reports/service/targets?service={chosen.id}", "Сохранено.")


def _targets_page(
    request: Request,
    visitor: Visitor,
    service: str,
    *,
    sent: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    desk = desk_of(request)
    with desk.database.reading() as session:
        services = list(institution.services(session))
        chosen = _service(services, service or _own(visitor) or (str(services[0].id) if services else ""))
        stored = promised.targets_of(session, chosen.id)
        version = promised.version_of(session, chosen.id)
    values = {name: getattr(stored, name) for name in promised.LIMITS} | {
        name: text for name, text in (sent or {}).items() if name in promised.LIMITS
    }
    context: dict[str, Any] = {"services": services, "service": chosen, "values": values, "errors": errors or {}}
    context |= {"version": (sent or {}).get("version", version), "minutes": stored.missed_minutes}
    return page(request, visitor, "service_targets.html", status=status, **context)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 7


def _own(visitor: Visitor) -> str:
    return str(visitor.service_ids[0]) if visitor.service_ids else ""


def _service(services: list[Service], wanted: str) -> Service:
    found = next((one for one in services if str(one.id) == wanted), None)
    if found is None:
        raise NotFound("Такой службы нет.")
    return found


def _chosen(  # noqa: PLR0917 - what narrows the report
    session: Session, visitor: Visitor, service: str, since: str, until: str, today: date
) -> _Chosen:
    """The service and the days of the address; without days this month so far. Raises NotFound."""
    services = list(institution.services(session))
    found = _service(services, service or _own(visitor) or str(services[0].id))
    try:
        begin = date.fromisoformat(since) if since else today.replace(day=1)
        end = date.fromisoformat(until) if until else today
    except ValueError:
        raise NotFound("Таких дат нет.") from None
    if not 2000 <= begin.year <= 2100 or not 2000 <= end.year <= 2100:
        raise NotFound("Таких дат нет.")
    return _Chosen(services, found, begin, end)


def _periods(today: date) -> list[tuple[str, date, date]]:
    """What is asked for most."""
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    last_month_end = first - timedelta(days=1)
    return [
        ("сегодня", today, today),
        ("вчера", today - timedelta(days=1), today - timedelta(days=1)),
        ("эта неделя", monday, today),
        ("прошлая неделя", monday - timedelta(days=7), monday - timedelta(days=1)),
        ("этот месяц", first, today),
        ("прошлый месяц", last_month_end.replace(day=1), last_month_end),
    ]


def _hours(found: ServiceFigures) -> Any:
    columns = [Bar(f"{hour:02}", one.total, str(one.total), marked=True) for hour, one in found.hours.items()]
    top = max((one.total for one in found.hours.values()), default=0)
    return bars("by-hour", "Сколько звонков поступило в каждый час", columns, top=top or 1) if columns else ""


def _days(found: ServiceFigures) -> Any:
    """The service level of each day with the target across; a longer period has its table only."""
    if not 2 <= len(found.days) <= MOST_BARS:
        return ""
    columns = [_day(day, one) for day, one in found.days.items()]
    return bars("by-day", "Уровень обслуживания по дням, %", columns, top=100, lines=[found.targets.level_percent, 100])


def _day(day: date, one: Tally) -> Bar:
    value = float(one.level) if one.level is not None else None
    shown = f"{one.level:.0f}" if one.level is not None else "нет"
    return Bar(f"{day:%d.%m}", value, shown, value is not None and value >= one.targets.level_percent)
