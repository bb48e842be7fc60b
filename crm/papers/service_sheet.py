"""The service report as an Excel file: the figures of the page, line by line (A-11, A-13)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from crm.appeals.access import readable_services
from crm.errors import NotFound
from crm.papers.workbook import Sheet
from crm.service_report.figures import ServiceFigures, check_period, figures
from crm.service_report.wording import call_back_formula, formula, lines_of
from crm.staff import Employee, Role

HEADINGS = ("Раздел", "Показатель", "Значение")
WIDTHS = (38.0, 52.0, 26.0)
READERS = (Role.HEAD.value, Role.DIRECTOR.value)


def clean(session: Session, filters: Mapping[str, Any], viewer: Employee) -> dict[str, Any]:
    """Return the filters as they are stored: service and days. Raises NotFound, Incomplete."""
    service_id, since, until = _read(session, filters, viewer)
    check_period(since, until)
    return {"service_id": service_id, "since": since.isoformat(), "until": until.isoformat()}


def prepare(session: Session, filters: Mapping[str, Any], viewer: Employee) -> tuple[Sheet, Iterator[Sequence[str]]]:
    """Return the sheet and its rows. Raises NotFound, also for whoever may not read the report; Incomplete."""
    found = figures(session, *_read(session, filters, viewer))
    return _sheet(found), iter(lines_of(found))


def _read(session: Session, filters: Mapping[str, Any], viewer: Employee) -> tuple[int, date, date]:
    try:
        service_id = int(filters["service_id"])
        since, until = (date.fromisoformat(str(filters[name])) for name in ("since", "until"))
    except (KeyError, TypeError, ValueError):
        raise NotFound("Такого отчёта нет.") from None
    if viewer.role not in READERS or service_id not in readable_services(session, viewer):
        raise NotFound("Такого отчёта нет.")
    return service_id, since, until


def _sheet(found: ServiceFigures) -> Sheet:
    lines = (
        "Отчёт об обслуживании звонков",
        f"«{found.service}», {found.since:%d.%m.%Y} — {found.until:%d.%m.%Y}",
    )
    return Sheet(
        title="Обслуживание",
        headings=HEADINGS,
        widths=WIDTHS,
        heading_lines=lines,
        numbered=False,
        footer_lines=(formula(found.targets), call_back_formula(found.targets)),
    )
