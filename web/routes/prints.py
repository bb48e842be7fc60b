"""Printing: the page says what is about to be printed, then prints (web/assets/print.js)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from crm import printing
from crm.base import MAX_ID
from crm.errors import NotFound
from crm.staff import Role
from web.access import WITH_FAMILIES, Visitor, allow
from web.desk import desk_of
from web.forms import Form, posted
from web.pages import AUDIT_ROLES
from web.role_matrix import matrix_of

router = APIRouter()
_PAGES = {
    "journal": "GET /journal",
    "registry": "GET /registry",
    "report": "GET /reports",
    "service_report": "GET /reports/service",
    "audit": "GET /audit",
    "upkeep": "GET /upkeep",
    "appointments": "GET /appointments",
    "handover": "GET /handover",
    "journal_entry": "GET /journal/{entry_id}",
}
"""Whose rule decides who may print a list: that of the page that shows it."""


@router.post("/prints")
def note_print(
    request: Request,
    form: Annotated[Form, Depends(posted)],
    visitor: Visitor = allow(*dict.fromkeys((*WITH_FAMILIES, *AUDIT_ROLES))),
) -> Response:
    """Log the print; nothing to show."""
    subject, number = form.first("subject"), form.first("id")
    subject_id = int(number) if number.isascii() and number.isdecimal() and len(number) < 20 else 0
    if not _may(request, visitor.role, subject) or subject_id > MAX_ID:
        raise NotFound("Такого документа нет.")
    with desk_of(request).database.transaction() as session:
        printing.printed(session, subject, subject_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    return Response(status_code=204)


def _may(request: Request, role: Role, subject: str) -> bool:
    return role in matrix_of(request.app).roles_of(_PAGES[subject]) if subject in _PAGES else True
