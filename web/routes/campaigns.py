"""«Кампании»: what is told to whom, tried before it is launched, paused, resumed, stopped (A-18, B-6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm.campaigns import editing, reading, running, worklist
from crm.campaigns.editing import MAKERS
from crm.campaigns.outcomes import TARGET_STATES
from web.access import ON_CALLS, Visitor, allow
from web.campaigns import WORDS, moved, read_form, shown
from web.desk import desk_of
from web.forms import Fields, Form, Line, Text, posted
from web.pages import JOURNAL_ROLES, page
from web.tried import trying

router = APIRouter(prefix="/campaigns", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class Reason(Fields):
    """Why a campaign is held or ended."""

    reason: Line = ""


class Words(Fields):
    """Another text of a campaign that goes on."""

    text: Text = ""


@router.get("")
def listed(request: Request, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """Every campaign of hers, those under way first."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        rows = reading.listed(session, visitor.employee)
        left = (
            sum(one.now for one in worklist.left(session, visitor.employee, clock.at)) if visitor.may(*ON_CALLS) else 0
        )
    return page(
        request, visitor, "campaigns.html", clock=clock, rows=rows, left=left, may_make=visitor.may(*MAKERS), **WORDS
    )


@router.get("/{campaign_id}")
def one(request: Request, campaign_id: int, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """One campaign: the draft with its dry run, or how far it has come."""
    return shown(request, visitor, campaign_id)


@router.get("/{campaign_id}/progress")
def progress(request: Request, campaign_id: int, visitor: Visitor = allow(*MAKERS, activity=False)) -> Response:
    """The same page, asked for by itself while a dry run is made or a phone rings: nobody is awake for that."""
    return shown(request, visitor, campaign_id)


@router.post("/{campaign_id}/pause")
def pause(request: Request, campaign_id: int, form: Posted, visitor: Visitor = allow(*MAKERS)) -> Response:
    """Hold it."""
    sent = read_form(Reason, form)
    with trying(desk_of(request)) as (session, tried):
        running.pause(session, campaign_id, sent.reason, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    return moved(request, visitor, campaign_id, tried, "Кампания на паузе: новых звонков не будет.")


@router.post("/{campaign_id}/resume")
def resume(request: Request, campaign_id: int, form: Posted, visitor: Visitor = allow(*MAKERS)) -> Response:
    """Go on."""
    read_form(Fields, form)
    with trying(desk_of(request)) as (session, tried):
        running.resume(session, campaign_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    return moved(request, visitor, campaign_id, tried, "Кампания продолжается.")


@router.post("/{campaign_id}/stop")
def stop(request: Request, campaign_id: int, form: Posted, visitor: Visitor = allow(*MAKERS)) -> Response:
    """End it for good."""
    sent = read_form(Reason, form)
    with trying(desk_of(request)) as (session, tried):
        running.stop(session, campaign_id, sent.reason, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    return moved(request, visitor, campaign_id, tried, "Кампания остановлена: больше никому не звоним.")


@router.post("/{campaign_id}/text")
def say_otherwise(request: Request, campaign_id: int, form: Posted, visitor: Visitor = allow(*MAKERS)) -> Response:
    """Another version of the text."""
    sent = read_form(Words, form)
    with trying(desk_of(request)) as (session, tried):
        editing.say_otherwise(session, campaign_id, sent.text, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    return moved(request, visitor, campaign_id, tried, "Новый текст действует со следующего звонка.", typed=sent.text)


@router.get("/{campaign_id}/families")
def families(
    request: Request, campaign_id: int, state: str = "", first: int = 0, visitor: Visitor = allow(*JOURNAL_ROLES)
) -> Response:
    """Its families, as far as this person may see them."""
    desk = desk_of(request)
    clock = desk.clock()
    state = state if state in TARGET_STATES else ""
    first = min(max(0, first), 10_000_000)
    with desk.database.transaction() as session:
        found = reading.whole(session, campaign_id, visitor.employee)
        lines = reading.targets(
            session, campaign_id, visitor.employee, clock.at, state=state, first=first, ip=visitor.ip
        )
    shown = found.row.counts.get(state, 0) if state else found.row.total
    return page(
        request, visitor, "campaigns_families.html", clock=clock, found=found, lines=lines, state=state, first=first,
        shown=shown, size=reading.PAGE, **WORDS,
    )  # fmt: skip
