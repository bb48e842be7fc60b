"""«Проверка системы»: for those who look after the program."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from web import checks
from web.access import Visitor, allow
from web.desk import desk_of
from web.pages import SYSTEM_ROLES, page

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/system")
def system(request: Request, visitor: Visitor = allow(*SYSTEM_ROLES)) -> Response:
    """Each part green, or a sentence that says what to do."""
    lines = checks.run(desk_of(request), datetime.now(UTC))
    return page(request, visitor, "system.html", checks=lines, bad=sum(line.state == "bad" for line in lines))
