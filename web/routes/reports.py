"""«Отчёты»: the quarter's coefficient of efficiency, the rows behind it, its closing (B-36; domain.md §5.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm import audit, institution
from crm.errors import NotFound
from crm.institution import Service
from crm.ratings import reports
from crm.ratings.efficiency import BANDS, METHOD, bounds, days, earlier, quarter_of, title_of
from crm.ratings.figures import QuarterFigures
from crm.ratings.giving import OUTCOMES
from crm.ratings.rows import rated_rows
from crm.staff import Employee
from web.access import Visitor, allow
from web.charts import Bar, bars
from web.desk import desk_of
from web.forms import Form, posted
from web.pages import REPORT_ROLES, back_to, page
from web.tried import trying

router = APIRouter(prefix="/reports", default_response_class=HTMLResponse)
PAGE = 100
CHOICES = 12  # quarters in the list


@dataclass(frozen=True)
class _Chosen:
    services: list[Service]
    service: Service
    year: int
    quarter: int

    @property
    def query(self) -> str:
        return f"service={self.service.id}&quarter={self.year}-{self.quarter}"


@router.get("")
def report(request: Request, service: str = "", quarter: str = "", visitor: Visitor = allow(*REPORT_ROLES)) -> Response:
    """One quarter of one service."""
    return _report(request, visitor, service, quarter)


@router.post("/close")
def close(
    request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*REPORT_ROLES)
) -> Response:
    """Freeze the quarter; twice is once."""
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        chosen = _chosen(session, form.first("service"), form.first("quarter"), at)
        closed = reports.close_quarter(
            session, chosen.service.id, chosen.year, chosen.quarter, visitor.employee, at, ip=visitor.ip
        )
    if tried.refused:
        wanted = form.first("service"), form.first("quarter")
        return _report(request, visitor, *wanted, problem=tried.sentence, status=tried.status)
    return back_to(request, f"/reports?{chosen.query}", f"Квартал закрыт, отчёт № {closed.number}.")


@router.get("/rows")
def rows(  # noqa: PLR0917 - what narrows the list
    request: Request,
    service: str = "",
    quarter: str = "",
    mark: str = "",
    number: str = "1",
    visitor: Visitor = allow(*REPORT_ROLES),
) -> Response:
    """The answers behind the figures, each with its row of the journal; looking at them is in the audit log."""
    desk, at = desk_of(request), datetime.now(UTC)
    place = max(int(number), 1) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    score = int(mark) if mark in {str(one) for one in range(1, 11)} else None
    with desk.database.transaction() as session:
        chosen = _chosen(session, service, quarter, at)
        found = rated_rows(
            session,
            chosen.service,
            chosen.year,
            chosen.quarter,
            outcome=mark if mark in OUTCOMES else "",
            score=score,
            limit=PAGE + 1,
            offset=(place - 1) * PAGE,
        )
        details = {"service": chosen.service.id, "year": chosen.year, "quarter": chosen.quarter}
        audit.write(session, visitor.actor, "report.rows", subject="report", details=details)
    marks = [(str(score), str(score)) for score in range(1, 11)] + list(OUTCOMES.items())[1:]
    context: dict[str, Any] = {"chosen": chosen, "mark": mark if mark in dict(marks) else "", "marks": marks}
    context |= {"title": title_of(chosen.year, chosen.quarter), "number": place, "more": len(found) > PAGE}
    return page(request, visitor, "report_rows.html", rows=found[:PAGE], **context)


def _report(
    request: Request, visitor: Visitor, service: str, quarter: str, *, problem: str = "", status: int = 200
) -> Response:
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.reading() as session:
        if not service and not institution.services(session):
            return page(request, visitor, "reports.html", chosen=None)
        chosen = _chosen(session, service or _own(visitor), quarter, at)
        zone = reports.zone_of(chosen.service)
        figures = reports.report(session, chosen.service.id, chosen.year, chosen.quarter)
        closed = reports.closed_report(session, chosen.service.id, chosen.year, chosen.quarter)
        context: dict[str, Any] = {
            "changes": reports.changes_after_closing(session, closed) if closed else 0,
            "closed_by": session.get_one(Employee, closed.closed_by_id).short_name if closed else "",
        }
    now = quarter_of(at, zone)
    choices = [*earlier(*now, CHOICES - 1), now]
    if (chosen.year, chosen.quarter) not in choices:
        choices = [(chosen.year, chosen.quarter), *choices]
    context |= {
        "chosen": chosen,
        "choices": [(f"{year}-{number}", title_of(year, number)) for year, number in reversed(choices)],
        "figures": figures,
        "days": days(chosen.year, chosen.quarter),
        "closed": closed,
        "intact": reports.is_intact(closed) if closed else True,
        "is_over": at >= bounds(chosen.year, chosen.quarter, zone)[1],
        "method": METHOD,
        "problem": problem,
        "distribution_chart": _distribution(figures),
        "quarters_chart": _quarters(figures),
    }
    return page(request, visitor, "reports.html", status=status, **context)


def _own(visitor: Visitor) -> str:
    return str(visitor.service_ids[0]) if visitor.service_ids else ""


def _chosen(session: Session, service: str, quarter: str, at: datetime) -> _Chosen:
    """The service and the quarter of the address. Raises NotFound for what cannot be."""
    services = list(institution.services(session))
    found = next((one for one in services if str(one.id) == service), None) if service else next(iter(services), None)
    if found is None:
        raise NotFound("Такой службы нет.")
    year, _, number = quarter.partition("-")
    if not quarter:
        wanted = quarter_of(at, reports.zone_of(found))
    elif year.isascii() and year.isdecimal() and len(year) == 4 and number in ("1", "2", "3", "4"):
        wanted = int(year), int(number)
    else:
        raise NotFound("Такого квартала нет.")
    reports.check_quarter(found, *wanted, at)
    return _Chosen(services, found, *wanted)


def _distribution(figures: QuarterFigures) -> Any:
    columns = [Bar(str(score), count, str(count)) for score, count in enumerate(figures.distribution, start=1)]
    return bars("by-score", "Сколько каких оценок", columns, top=max(figures.distribution) or 1)


def _quarters(figures: QuarterFigures) -> Any:
    """K of this quarter and up to eight before it, with the procedure's bounds across."""
    known = [one for one in figures.earlier if one.raters]
    shown = figures.earlier[figures.earlier.index(known[0]) :] if known else []
    columns = [_column(one.year, one.quarter, one.efficiency) for one in shown]
    columns.append(_column(figures.year, figures.quarter, figures.efficiency, marked=True))
    lines = [float(bound) for bound, _ in BANDS if bound]
    return bars("by-quarter", "Кэф по кварталам", columns, top=100, lines=[*lines, 100])


def _column(year: int, quarter: int, result: Any, *, marked: bool = False) -> Bar:
    label = f"{('I', 'II', 'III', 'IV')[quarter - 1]}\n{year}"
    value = float(result.k) if result.k is not None else None
    return Bar(label, value, result.shown if value is not None else "нет", marked)
