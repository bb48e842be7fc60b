"""«Актуализация»: lists that lead to a call, and «данные подтверждены» (B-5, A-12)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import audit
from crm.cards import upkeep
from crm.errors import NotFound
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import Form, posted
from web.pages import back_to, page
from web.tried import trying
from web.upkeep import TITLES, WHAT_TO_SAY, rows_of

router = APIRouter(default_response_class=HTMLResponse)
WINDOWS = {30: "30 дней", 60: "60 дней", 90: "3 месяца", 180: "полгода", 365: "год"}
USUAL = 60
PAGE = 50
COUNTED = 100
"""Beside the shown list the others only tell how long they are; beyond this, «100+» is enough."""


@router.get("/upkeep")
def lists(
    request: Request, kind: str = "unconfirmed", days: str = "", number: str = "1", visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """One list, with the lengths of the others."""
    return _lists(request, visitor, kind, days, number)


@router.post("/upkeep/{family_id}/confirm")
def confirm(
    request: Request, family_id: int, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """The family said that the card is right; twice on a day is once. Back to the list, or to the card."""
    desk, at = desk_of(request), datetime.now(UTC)
    kind, days, number = (form.first(name) for name in ("kind", "days", "number"))
    from_list = kind in TITLES
    with trying(desk) as (session, tried):
        new = upkeep.confirm(session, family_id, visitor.employee, at, at.astimezone(desk.zone).date(), ip=visitor.ip)
    if tried.refused:
        shown = kind if from_list else "unconfirmed"
        return _lists(request, visitor, shown, days, number, tried.sentence, tried.status)
    address = f"/upkeep?kind={kind}&days={_window(days)}&number={_number(number)}"
    said = "Отмечено: данные семьи подтверждены сегодня." if new else "Данные этой семьи уже подтверждены сегодня."
    return back_to(request, address if from_list else f"/families/{family_id}", said)


def _lists(  # noqa: PLR0917 - what narrows the list, and what went wrong
    request: Request, visitor: Visitor, kind: str, days: str, number: str, problem: str = "", status: int = 200
) -> Response:
    if kind not in TITLES:
        raise NotFound("Такого списка нет.")
    desk = desk_of(request)
    clock, window, place = desk.clock(), _window(days), _number(number)
    with desk.database.transaction() as session:
        found = upkeep.due(session, kind, visitor.employee, clock.today, window)
        counts = {
            one: len(upkeep.due(session, one, visitor.employee, clock.today, window, COUNTED))
            for one in upkeep.kinds()
            if one != kind
        } | {kind: len(found)}
        place = min(place, max(1, -(-len(found) // PAGE)))
        shown = found[(place - 1) * PAGE : place * PAGE]
        rows = rows_of(session, kind, shown, visitor.employee, clock.today)
        audit.write(session, visitor.actor, "upkeep.list", subject="upkeep", details={"list": kind, "found": len(rows)})
    return page(
        request,
        visitor,
        "upkeep.html",
        status=status,
        clock=clock,
        rows=rows,
        kind=kind,
        titles=TITLES,
        advice=WHAT_TO_SAY[kind],
        counts=counts,
        limits={one: upkeep.MOST if one == kind else COUNTED for one in counts},
        most=upkeep.MOST,
        days=window,
        windows=WINDOWS,
        number=place,
        pages=max(1, -(-len(found) // PAGE)),
        problem=problem,
    )


def _window(days: str) -> int:
    """One of the windows; anything else is the usual one."""
    return int(days) if days in {str(one) for one in WINDOWS} else USUAL


def _number(text: str) -> int:
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
