"""«Журнал учёта обращений»: the statutory list, columns 1–5."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm import institution, journal
from crm.journal import JournalEntry
from web.access import Visitor, allow
from web.desk import Desk, desk_of
from web.forms import Form, posted
from web.identity import read_date
from web.pages import JOURNAL_ROLES, page
from web.routes.appeals import entry_page

router = APIRouter(prefix="/journal", default_response_class=HTMLResponse)
PAGE = 50


@router.get("")
def list_entries(
    request: Request,
    *,
    service: str = "",
    since: str = "",
    until: str = "",
    number: str = "1",
    visitor: Visitor = allow(*JOURNAL_ROLES),
) -> Response:
    """The journal of one service; dates and page stay in the address, words never do."""
    return _list(request, visitor, service=service, since=since, until=until, number=number, text="")


@router.post("")
def search_entries(
    request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*JOURNAL_ROLES)
) -> Response:
    """The same, by words from the row."""
    wanted = {name: form.first(name) for name in ("service", "since", "until", "text")}
    return _list(request, visitor, number=form.first("number") or "1", **wanted)


@router.get("/{entry_id}")
def entry(request: Request, entry_id: int, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """One row: a draft to be finished, or what was entered."""
    with desk_of(request).database.reading() as session:
        found = journal.fetch_entry(session, entry_id, visitor.employee)
    return entry_page(request, visitor, found, {})


def _list(
    request: Request, visitor: Visitor, *, service: str, since: str, until: str, number: str, text: str
) -> Response:
    desk = desk_of(request)
    first, last = read_date(since), read_date(until)
    page_number = min(max(int(number), 1), 100_000) if number.isdecimal() and len(number) < 7 else 1
    with desk.database.reading() as session:
        readable = journal.readable_services(session, visitor.employee)
        services = [one for one in institution.services(session) if one.id in readable]
        chosen = next((one for one in services if str(one.id) == service), services[0] if services else None)
        rows, total = _rows(
            session,
            desk,
            chosen.id if chosen else 0,
            first=first,
            last=last,
            text=clean_line(text, 100),
            number=page_number,
        )
    context: dict[str, Any] = {"services": services, "chosen": chosen, "rows": rows, "total": total}
    context |= {"since": first, "until": last, "text": text, "number": page_number}
    context["pages"] = max(1, -(-total // PAGE))
    return page(request, visitor, "journal.html", **context)


def _rows(
    session: Session, desk: Desk, service_id: int, *, first: date | None, last: date | None, text: str, number: int
) -> tuple[list[JournalEntry], int]:
    """Saved rows, newest number first; days are the institution's days."""
    statement = select(JournalEntry).where(JournalEntry.service_id == service_id, JournalEntry.state == journal.SAVED)
    if first is not None:
        statement = statement.where(JournalEntry.saved_at >= _start(desk, first))
    if last is not None and last < date.max:
        statement = statement.where(JournalEntry.saved_at < _start(desk, last + timedelta(days=1)))
    if text:
        columns = (JournalEntry.applicant_name, JournalEntry.substance, JournalEntry.topic, JournalEntry.family_brief)
        statement = statement.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    order = statement.order_by(JournalEntry.year.desc(), JournalEntry.number.desc())
    return list(session.scalars(order.limit(PAGE).offset((number - 1) * PAGE))), total


def _start(desk: Desk, day: date) -> datetime:
    return datetime.combine(day, time(), desk.zone).astimezone(UTC)
