"""What happened with a family, and what was changed on its card."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from crm.base import MAX_ID
from crm.cards import health, timeline
from crm.cards.tables import CardChange
from web.access import WITH_FAMILIES, Visitor, allow
from web.card import names_of
from web.card_words import read_words
from web.desk import desk_of
from web.pages import page
from web.routes.cards import open_family

router = APIRouter(prefix="/families/{family_id}", default_response_class=HTMLResponse)
LINES = 50
CHANGES = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = 253_402_300_799_000_000  # the end of the year 9999, in microseconds


@router.get("/timeline")
def story(request: Request, family_id: int, before: int = 0, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """One page of the family's line of time; `before` in microseconds since 1970 continues an earlier page."""
    desk = desk_of(request)
    at = datetime.now(UTC)
    cursor = EPOCH + timedelta(microseconds=before) if 0 < before <= LAST else None
    with desk.database.transaction() as session:
        family = open_family(session, family_id, visitor)
        items = timeline.timeline(session, family.id, visitor.employee, before=cursor, limit=LINES, at=at)
    older = int((items[-1].at - EPOCH) / timedelta(microseconds=1)) if len(items) >= LINES else 0
    return page(
        request,
        visitor,
        "card_timeline.html",
        family=family,
        tab="timeline",
        items=items,
        kinds=timeline.KINDS,
        older=older,
        continued=cursor is not None,
    )


@router.get("/changes")
def changes(request: Request, family_id: int, before: int = 0, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """Which field was what, who changed it, and when; `before` is the last change of the page before."""
    desk = desk_of(request)
    with desk.database.transaction() as session:
        family = open_family(session, family_id, visitor)
        statement = select(CardChange).where(CardChange.family_id == family.id)
        if 0 < before <= MAX_ID:
            statement = statement.where(CardChange.id < before)
        rows = session.scalars(statement.order_by(CardChange.id.desc()).limit(CHANGES + 1)).all()
        words = read_words(session)
        names = names_of(session, [row.employee_id for row in rows])
        open_health = health.open_records(session, family, datetime.now(UTC))
    return page(
        request,
        visitor,
        "card_changes.html",
        family=family,
        tab="changes",
        rows=rows[:CHANGES],
        older=rows[CHANGES - 1].id if len(rows) > CHANGES else 0,
        words=words,
        names=names,
        who={person.id: f"{person.surname} {person.name}".strip() for person in family.people},
        open_health=open_health,
        continued=before > 0,
    )
