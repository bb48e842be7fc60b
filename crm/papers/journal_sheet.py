"""«Журнал учета»: exactly the 8 columns of the procedure, as the page shows them to this viewer (B-17, B-18).

The cells are those of `crm.appeals.printing`: column 5 begins with date and time of the contact (domain.md §5.2).
Annulled rows stay, struck through and with their reason: the journal has no gaps.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm.appeals import reading
from crm.appeals.access import readable_services
from crm.appeals.printing import HEADINGS, printed
from crm.appeals.reading import JournalFilters
from crm.base import fetch
from crm.errors import NotFound, RecordsError
from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.papers.workbook import Sheet, Struck
from crm.ratings.visibility import marks_seen_by
from crm.staff import Employee

WIDTHS = (6, 20, 24, 16, 40, 36, 26, 14)
BATCH = 500
_DATES = ("since", "until")


def clean(session: Session, filters: Mapping[str, Any], viewer: Employee) -> dict[str, Any]:
    """Return the filters as an export keeps them: known names only, dates as «2026-11-22», nothing that is empty.

    Raises NotFound for a service whose journal this person does not read, RecordsError for what is no filter.
    """
    known = {field.name for field in dataclasses.fields(JournalFilters)}
    cleaned = {name: value for name, value in filters.items() if name in known and value not in (None, "", False)}
    for name in _DATES:
        if isinstance(cleaned.get(name), date):
            cleaned[name] = cleaned[name].isoformat()
    _service(session, cleaned, viewer)
    filters_of(cleaned)
    return cleaned


def clean_quarter(session: Session, filters: Mapping[str, Any], viewer: Employee) -> dict[str, Any]:
    """The same for the report on a quarter: service, year, quarter."""
    try:
        cleaned = {name: int(filters[name]) for name in ("service_id", "year", "quarter")}
    except (KeyError, TypeError, ValueError):
        raise NotFound("Такого отчёта нет.") from None
    if cleaned["service_id"] not in readable_services(session, viewer):
        raise NotFound("Такого отчёта нет.")
    return cleaned


def filters_of(stored: Mapping[str, Any]) -> JournalFilters:
    """Return stored filters as the journal takes them. Raises RecordsError for what is no filter."""
    try:
        days = {name: date.fromisoformat(stored[name]) for name in _DATES if name in stored}
        return JournalFilters(**{**stored, **days})
    except (TypeError, ValueError):
        raise RecordsError("Условия отбора не поняты. Откройте журнал и выгрузите ещё раз.") from None


def count(session: Session, filters: Mapping[str, Any], viewer: Employee, at: datetime) -> int:
    """Return how many rows there are, for the progress on the page; 0 where that is not known."""
    service = _service(session, filters, viewer)
    found = reading.page(session, viewer, filters_of(filters), limit=1, today=at.astimezone(_zone(service)).date())
    return found.count if found.count_is_exact else 0


def prepare(
    session: Session, filters: Mapping[str, Any], viewer: Employee, at: datetime
) -> tuple[Sheet, Iterator[Sequence[str]]]:
    """Return the sheet and its rows as this viewer may see them at this moment."""
    wanted = filters_of(filters)
    service = _service(session, filters, viewer)
    lines = (service.journal_title, service.institution.name, _period(filters))
    return Sheet("Журнал", HEADINGS, WIDTHS, lines), _rows(session, wanted, viewer, at, _zone(service))


def _service(session: Session, filters: Mapping[str, Any], viewer: Employee) -> Service:
    service_id = filters.get("service_id")
    service = fetch(session, Service, service_id) if isinstance(service_id, int) else None
    if service is None or service.id not in readable_services(session, viewer):
        raise NotFound("Такого журнала нет.")
    return service


def _zone(service: Service) -> ZoneInfo:
    return ZoneInfo(service.institution.timezone)


def _rows(
    session: Session, filters: JournalFilters, viewer: Employee, at: datetime, zone: ZoneInfo
) -> Iterator[Sequence[str]]:
    stream = reading.stream(session, viewer, filters, today=at.astimezone(zone).date())
    while batch := list(islice(stream, BATCH)):
        marks = marks_seen_by(session, batch, viewer, at)
        for entry in batch:
            yield row_of(entry, marks[entry.id], zone)


def row_of(entry: JournalEntry, mark: str, zone: ZoneInfo) -> tuple[str, ...]:
    """Return the eight columns as the page prints them; an annulled row as `Struck`."""
    cells = printed(entry, zone, mark)
    return Struck(cells) if entry.annulled_at else cells


def _period(filters: Mapping[str, Any]) -> str:
    since, until = (date.fromisoformat(filters[name]) if name in filters else None for name in _DATES)
    parts = [f"с {since:%d.%m.%Y}"] if since else []
    parts += [f"по {until:%d.%m.%Y}"] if until else []
    said = f"За период {' '.join(parts)}" if parts else "За всё время"
    others = set(filters) - {"service_id", *_DATES}
    return f"{said}; не все записи: есть отбор" if others else said
