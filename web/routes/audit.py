"""«Аудит»: who saw, changed, exported, printed what and when (reliability.md S19; domain.md §4.3 «РСБ»)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from crm import audit_reading
from crm.audit_reading import AuditFilters
from crm.base import MAX_ID
from crm.errors import NotFound
from crm.staff import Employee
from web.access import Visitor, allow
from web.audit_words import ACTIONS
from web.desk import Desk, desk_of
from web.forms import Form, posted
from web.identity import read_date
from web.pages import AUDIT_ROLES, page
from web.role_matrix import Matrix, matrix_of

router = APIRouter(prefix="/audit", default_response_class=HTMLResponse)
SHOWN = 100
FIELDS = ("employee", "family", "action", "since", "until")
_LINKS = {
    "family": "/families/{family_id}",
    "journal_entry": "/journal/{entry_id}",
    "exported_file": "/exports/{export_id}",
    "import_job": "/imports/{job_id}",
}
"""Where the subject of an entry is looked at; shown to those whom that page's own rule lets in."""


@router.get("")
def newest(request: Request, visitor: Visitor = allow(*AUDIT_ROLES)) -> Response:
    """The newest entries; everything else comes by POST."""
    return _list(request, visitor, {})


@router.post("")
def filtered(
    request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*AUDIT_ROLES)
) -> Response:
    """By employee, card, action, days; and further back."""
    wanted = {name: form.first(name) for name in FIELDS}
    return _list(request, visitor, wanted, before=_number(form.first("before")))


@router.get("/family/{family_id}")
def of_family(request: Request, family_id: int, visitor: Visitor = allow(*AUDIT_ROLES)) -> Response:
    """Who looked at this family and what was done with it. A number that no card has gives an empty list: the log
    outlives the card."""
    if not 1 <= family_id <= MAX_ID:
        raise NotFound("Такой карточки нет.")
    return _list(request, visitor, {}, family_id=family_id)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 and int(text) <= MAX_ID else None


def _list(
    request: Request,
    visitor: Visitor,
    wanted: dict[str, str],
    *,
    family_id: int | None = None,
    before: int | None = None,
) -> Response:
    desk = desk_of(request)
    values = {name: wanted.get(name, "") for name in FIELDS}
    first, last, errors = _days(values)
    with desk.database.reading() as session:
        if family_id is not None:
            values["family"] = audit_reading.card_of(session, family_id)
        elif values["family"].strip():
            family_id = audit_reading.family_of_card(session, values["family"])
        filters = AuditFilters(
            employee_id=_number(values["employee"]),
            family_id=family_id,
            actions=(values["action"],) if values["action"] in ACTIONS else (),
            since=_start(desk, first) if first else None,
            until=_start(desk, last + timedelta(days=1)) if last and last < date.max else None,
        )
        found = audit_reading.page(session, filters, before=before, limit=SHOWN)
        people = session.scalars(select(Employee).order_by(Employee.surname, Employee.name)).all()
    context: dict[str, Any] = {"rows": found.rows, "older": found.older, "cards": found.cards, "people": people}
    context |= {"values": values, "errors": errors, "family_id": family_id, "links": _links(request, visitor)}
    context["actions"] = sorted(ACTIONS.items(), key=lambda one: one[1])
    context |= {"first": first, "last": last, "further": before is not None}
    return page(request, visitor, "audit.html", titles=ACTIONS, status=422 if errors else 200, **context)


def _days(values: dict[str, str]) -> tuple[date | None, date | None, dict[str, str]]:
    """The two days, and what is wrong with them, by field."""
    first, last = read_date(values["since"]), read_date(values["until"])
    errors = {
        name: "Нужна дата, например 12.11.2026."
        for name, read in (("since", first), ("until", last))
        if values[name].strip() and read is None
    }
    if first and last and first > last:
        errors["until"] = "Последний день раньше первого."
    return first, last, errors


def _start(desk: Desk, day: date) -> datetime:
    return datetime.combine(day, time(), desk.zone).astimezone(UTC)


def _links(request: Request, visitor: Visitor) -> dict[str, str]:
    """The addresses of subjects that this visitor may open: «/families/» by «family»."""
    matrix: Matrix = matrix_of(request.app)
    return {
        subject: path.partition("{")[0]
        for subject, path in _LINKS.items()
        if visitor.role in matrix.roles_of(f"GET {path}")
    }
