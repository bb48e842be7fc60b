"""«Охват»: how many of those entitled to a measure have been told, by place and by status (B-6)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from crm.campaigns import coverage
from web.access import Visitor, allow
from web.desk import desk_of
from web.pages import JOURNAL_ROLES, page

router = APIRouter(prefix="/campaigns/coverage", default_response_class=HTMLResponse)


@router.get("")
def covered(request: Request, topic: str = "", visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """All measures, or one with its parts."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        whole = coverage.of_topic(session, visitor.employee, topic, clock.today) if topic else None
        lines = coverage.overview(session, visitor.employee, clock.today) if whole is None else []
    return page(request, visitor, "campaigns_coverage.html", clock=clock, lines=lines, whole=whole, topic=topic)
