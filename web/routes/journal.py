"""«Журнал учёта обращений»: the statutory list of eight columns, what is to be done, one row."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm import audit, institution, journal
from crm.appeals import control, reading
from crm.appeals.following import possible_responsibles
from crm.appeals.printing import HEADINGS, printed
from crm.appeals.reading import JournalFilters
from crm.appeals.states import TITLES
from crm.cards import catalogues
from crm.institution import Service
from crm.journal_tables import CONTACT_METHODS, zone_of_service
from crm.ratings.visibility import marks_seen_by
from web.access import Visitor, allow
from web.appeal_form import identifier
from web.desk import desk_of
from web.entry_view import entry_page
from web.forms import Form, posted
from web.identity import read_date
from web.pages import JOURNAL_ROLES, page

router = APIRouter(prefix="/journal", default_response_class=HTMLResponse)
_LONGEST_NUMBER = 9


@router.get("")
def list_entries(request: Request, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """The journal of one service; every filter stays in the address but the words, which never do."""
    return _list(request, visitor, dict(request.query_params), "")


@router.post("")
def search_entries(
    request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*JOURNAL_ROLES)
) -> Response:
    """The same, by words from the row."""
    return _list(request, visitor, {name: form.first(name) for name in form}, clean_line(form.first("text"), 200))


@router.get("/control")
def show_control(
    request: Request, *, service: str = "", show: str = "overdue", visitor: Visitor = allow(*JOURNAL_ROLES)
) -> Response:
    """What is to be done: open rows by their control date, the overdue ones first."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        services, chosen = _services(session, visitor, service)
        board = control.board(session, visitor.employee, chosen.id if chosen else 0, show, clock.today)
    show = show if show in control.VIEWS else "overdue"
    context: dict[str, Any] = {
        "services": services,
        "chosen": chosen,
        "board": board,
        "show": show,
        "progress_titles": TITLES,
    }
    context["views"] = control.VIEWS
    return page(request, visitor, "journal_control.html", clock=clock, **context)


@router.get("/{entry_id}")
def entry(request: Request, entry_id: int, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """One row: a draft to be finished, or what was entered."""
    return entry_page(request, visitor, entry_id)


def _list(request: Request, visitor: Visitor, wanted: dict[str, str], text: str) -> Response:
    desk, at = desk_of(request), datetime.now(UTC)
    clock = desk.clock()
    with desk.database.transaction() as session:
        services, chosen = _services(session, visitor, wanted.get("service", ""))
        filters = _filters(wanted, chosen, text)
        cursor = wanted.get("at", "")
        shown = reading.page(session, visitor.employee, filters, cursor, today=clock.today)
        marks = marks_seen_by(session, shown.rows, visitor.employee, at)
        zone = zone_of_service(session, chosen.id) if chosen else desk.zone
        rows = [(row, printed(row, zone, marks.get(row.id, ""))) for row in shown.rows]
        topics = [item.title for item in catalogues.items(session, "topic")]
        people = [(one.id, one.short_name) for one in possible_responsibles(session)]
        if text:
            audit.write(session, visitor.actor, "journal.search", details={"by": "text", "found": shown.count})
    exported = {name: value for name, value in asdict(filters).items() if value is not None}
    exported |= {name: exported[name].isoformat() for name in ("since", "until") if name in exported}
    plain = {name: value for name, value in exported.items() if name not in ("text", "service_id")}
    context: dict[str, Any] = {
        "services": services,
        "chosen": chosen,
        "rows": rows,
        "journal": shown,
        "filters": filters,
        "is_filtered": bool([value for value in plain.values() if value]) or bool(text),
        "headings": HEADINGS,
        "progress_titles": TITLES,
        "methods": list(CONTACT_METHODS.items()),
        "topics": topics,
        "people": people,
        "address": _address(filters, chosen),
        "export_filters": exported,
    }
    return page(request, visitor, "journal.html", clock=clock, **context)


def _services(session: Session, visitor: Visitor, wanted: str) -> tuple[list[Service], Service | None]:
    readable = journal.readable_services(session, visitor.employee)
    services = [one for one in institution.services(session) if one.id in readable]
    first = next((one for one in services if one.id in visitor.service_ids), services[0] if services else None)
    return services, next((one for one in services if str(one.id) == wanted), first)


def _filters(wanted: dict[str, str], chosen: Service | None, text: str) -> JournalFilters:
    """What the address or the form asks for; what cannot be meant is not asked."""
    progress, method, number = wanted.get("progress", ""), wanted.get("contact_method", ""), wanted.get("number", "")
    is_number = number.strip().isdecimal() and len(number.strip()) <= _LONGEST_NUMBER
    return JournalFilters(
        service_id=chosen.id if chosen else None,
        since=read_date(wanted.get("since", "")),
        until=read_date(wanted.get("until", "")),
        progress=progress if progress in TITLES else "",
        contact_method=method if method in CONTACT_METHODS else "",
        responsible_id=identifier(wanted.get("responsible", "")),
        author_id=identifier(wanted.get("author", "")),
        topic=clean_line(wanted.get("topic", ""), 100),
        overdue=wanted.get("overdue", "") == "yes",
        text=text,
        number=int(number) if is_number else None,
    )


def _address(filters: JournalFilters, chosen: Service | None) -> str:
    """The list's address without its place and without words: the links to newer and older rows begin with it."""
    known = replace(filters, text="")
    asked = {
        "service": chosen.id if chosen else "",
        "since": known.since or "",
        "until": known.until or "",
        "progress": known.progress,
        "contact_method": known.contact_method,
        "responsible": known.responsible_id or "",
        "author": known.author_id or "",
        "topic": known.topic,
        "overdue": "yes" if known.overdue else "",
        "number": known.number if known.number is not None else "",
    }
    return "/journal?" + urlencode({name: value for name, value in asked.items() if value != ""})
