"""The quarter of a service: counted from the records while it is open, frozen when it is closed (B-36; domain.md §1.3,
§5.7).

Everything is counted by the database in a handful of grouped queries; no row is loaded (reliability.md L20).
"""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.base import MAX_ID
from crm.errors import NotFound, RecordsError
from crm.institution import Service
from crm.ratings import counting
from crm.ratings.efficiency import bounds, earlier, quarter_of, title_of
from crm.ratings.figures import QuarterFigures, Specialist, Total
from crm.ratings.tables import QuarterReport, Rating
from crm.ratings.visibility import SEE_ALL
from crm.staff import Employee

FIRST_YEAR, LAST_YEAR = 2000, 2100
COMPARED = 8
"""Earlier quarters beside the reported one."""


def service_of(session: Session, service_id: int) -> Service:
    """Return the service. Raises NotFound where there is none."""
    service = session.get(Service, service_id) if 1 <= service_id <= MAX_ID else None
    if service is None:
        raise NotFound("Такой службы нет.")
    return service


def zone_of(service: Service) -> ZoneInfo:
    """Return the institution's zone, which decides where a quarter begins."""
    return ZoneInfo(service.institution.timezone)


def check_quarter(service: Service, year: int, quarter: int, at: datetime) -> None:
    """Raise NotFound for a quarter that is none or has not begun at the institution."""
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= quarter <= 4) or (year, quarter) > quarter_of(
        at, zone_of(service)
    ):
        raise NotFound("Такого квартала ещё нет.")


def closed_report(session: Session, service_id: int, year: int, quarter: int) -> QuarterReport | None:
    """Return the closed report; None while the quarter is open."""
    statement = select(QuarterReport).where(
        QuarterReport.service_id == service_id, QuarterReport.year == year, QuarterReport.quarter == quarter
    )
    return session.scalars(statement).one_or_none()


def report(session: Session, service_id: int, year: int, quarter: int) -> QuarterFigures:
    """Return the figures: of an open quarter as the records are now, of a closed one as they were frozen.

    Raises NotFound for a service or a quarter that cannot be.
    """
    service = service_of(session, service_id)
    _check_number(year, quarter)
    closed = closed_report(session, service_id, year, quarter)
    return QuarterFigures.read(closed.figures) if closed else _counted(session, service, year, quarter)


def close_quarter(  # noqa: PLR0917 - which quarter, who, when: as in every verb
    session: Session, service_id: int, year: int, quarter: int, employee: Employee, at: datetime, *, ip: str = ""
) -> QuarterReport:
    """Freeze the quarter under the next number of its year; a second closing returns the report there is.

    Only the head and the director, and only after the quarter's last day has passed at the institution. Raises NotFound
    and RecordsError.
    """
    if employee.role not in SEE_ALL:
        raise RecordsError("Квартал закрывает заведующий отделением или директор.")
    service = service_of(session, service_id)
    check_quarter(service, year, quarter, at)
    if at < bounds(year, quarter, zone_of(service))[1]:
        raise RecordsError(f"{title_of(year, quarter)} ещё не закончился: закрыть его можно после последнего дня.")
    # Whoever enters a score holds the service too, so that none slips in between counting and freezing.
    session.scalars(select(Service).where(Service.id == service_id).with_for_update(key_share=True, of=Service)).one()
    if (closed := closed_report(session, service_id, year, quarter)) is not None:
        return closed
    figures = _counted(session, service, year, quarter).written()
    own = (QuarterReport.service_id == service_id, QuarterReport.year == year)
    closed = QuarterReport(
        service_id=service_id,
        year=year,
        quarter=quarter,
        number=(session.scalar(select(func.max(QuarterReport.number)).where(*own)) or 0) + 1,
        figures=figures,
        sha256=seal(figures),
        closed_by_id=employee.id,
        closed_at=at,
    )
    session.add(closed)
    session.flush()
    write(
        session,
        Actor.of(employee, ip),
        "report.close",
        subject="quarter_report",
        subject_id=closed.id,
        details={"service": service_id, "year": year, "quarter": quarter, "number": closed.number},
        at=at,
    )
    return closed


def seal(figures: dict[str, Any]) -> str:
    """Return the SHA-256 of the frozen figures, the same whatever way the database stores JSON."""
    text = json.dumps(figures, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def is_intact(closed: QuarterReport) -> bool:
    """Tell whether the frozen figures are those that were closed."""
    return seal(closed.figures) == closed.sha256


def changes_after_closing(session: Session, closed: QuarterReport) -> int:
    """Count the corrections entered since that concern answers of the closed quarter; the report stays as it is."""
    service = service_of(session, closed.service_id)
    old = select(Rating.id).where(
        *counting.given_in(service.id, *bounds(closed.year, closed.quarter, zone_of(service)))
    )
    statement = select(func.count()).where(Rating.corrects_id.in_(old), Rating.created_at > closed.closed_at)
    return session.scalar(statement) or 0


def _check_number(year: int, quarter: int) -> None:
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= quarter <= 4):
        raise NotFound("Такого квартала нет.")


def _counted(session: Session, service: Service, year: int, quarter: int) -> QuarterFigures:
    since, until = bounds(year, quarter, zone_of(service))
    answers = counting.answers(session, service.id, since, until)
    names = {one.id: one.short_name for one in session.scalars(select(Employee).where(Employee.id.in_(answers.rated)))}
    return QuarterFigures(
        institution=service.institution.name,
        department=service.institution.department,
        service=service.name,
        year=year,
        quarter=quarter,
        appeals=counting.appeals(session, service.id, since, until),
        closed=counting.closed(session, service.id, since, until),
        refused=answers.refused,
        unreached=answers.unreached,
        self_taken=answers.self_taken,
        distribution=answers.distribution,
        specialists=[
            Specialist(names[key], *answers.rated[key]) for key in sorted(answers.rated, key=lambda key: names[key])
        ],
        earlier=[_total(session, service, *one) for one in earlier(year, quarter, COMPARED)],
    )


def _total(session: Session, service: Service, year: int, quarter: int) -> Total:
    """Сб and Кг of an earlier quarter: the frozen ones where it is closed."""
    closed = closed_report(session, service.id, year, quarter)
    if closed is not None:
        figures = QuarterFigures.read(closed.figures)
        return Total(year, quarter, figures.efficiency.total, figures.efficiency.raters)
    return Total(year, quarter, *counting.total(session, service.id, *bounds(year, quarter, zone_of(service))))
