"""«Реестр многодетных семей»: the five columns of the procedure on the screen, fifty families a page (B-5)."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from crm.papers import registry_sheet
from web.access import Visitor, allow
from web.desk import desk_of
from web.pages import REGISTRY_ROLES, page

router = APIRouter(default_response_class=HTMLResponse)
PAGE = 50


@router.get("/registry")
def registry(request: Request, number: str = "1", visitor: Visitor = allow(*REGISTRY_ROLES)) -> Response:
    """One page of the registry as this person may see it; every look is in the audit log."""
    desk = desk_of(request)
    wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 7 else 1
    with desk.database.transaction() as session:
        total = registry_sheet.count(session, visitor.employee)
        pages = max(1, -(-total // PAGE))
        shown = min(max(wanted, 1), pages)
        rows = registry_sheet.page(session, visitor.employee, (shown - 1) * PAGE, PAGE)
        registry_sheet.opened(session, visitor.actor, shown, datetime.now(UTC))
    return page(
        request,
        visitor,
        "registry.html",
        rows=rows,
        total=total,
        number=shown,
        pages=pages,
        title=registry_sheet.TITLE,
        headings=registry_sheet.HEADINGS,
    )
