"""The dispatcher's list of proactive calls: one family after another, its script and the outcome in one key (A-18)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy.orm import Session

from crm import journal
from crm.campaigns import helping, spoken_by_person, worklist
from crm.campaigns.outcomes import Outcome
from crm.campaigns.worklist import Item
from crm.cards.safe_contact import warnings_of
from crm.dialler import by_person, calling_off, next_hours
from crm.dialler.tables import CAMPAIGN
from crm.errors import RecordsError
from crm.masked import masked_number
from crm.measures.tables import SupportMeasure
from web import workplace
from web.access import ON_CALLS, Visitor, allow
from web.appeal_form import choices, read_appeal
from web.appointments import offered
from web.desk import desk_of
from web.forms import Fields, Form, Line, Text, posted
from web.pages import back_to, page
from web.routes.appeals import enter
from web.tried import NOTHING_TRIED, Tried, trying
from web.worklists import DIALLING, STOPPED, Skipped, later_moment, read_form
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/campaigns/work", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
HERE = "/campaigns/work"
NOBODY = "Список пройден: звонить больше некому."
SPECIALISTS = 4
"""So many of those who see families are offered beside the appeal; the others are a click away."""


class Started(Fields):
    """Which campaign to work on; none: whichever is due."""

    campaign: Annotated[int, Field(ge=1, lt=2**63)] | None = None


class Finished(Fields):
    """What the call came to; `day` and `time` for «позже»."""

    outcome: Literal["told", "help", "later", "not_reached", "wrong_number", "refused", "do_not_call"]
    note: Text = ""
    time: Line = ""
    day: Line = ""


@router.get("")
def working(request: Request, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The family that she works on, or the campaigns that wait for her."""
    return _page(request, visitor)


@router.post("/next")
def take_next(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The next one that nobody has."""
    sent = read_form(Started, form)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        item = worklist.take_next(
            session, visitor.employee, at, mode=desk.settings.mode, campaign_id=sent.campaign, ip=visitor.ip
        )
    return _after(request, visitor, tried, "" if item is not None else NOBODY)


@router.post("/{task_id}/call")
def call(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Her own phone rings first; refused while a caller waits."""
    read_form(Fields, form)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        by_person.keep(session, task_id, visitor.employee, at)
        if trouble := workplace.link_trouble(session, at):
            raise RecordsError(trouble)
        worklist.call(session, task_id, visitor.employee, mode=desk.settings.mode, at=at, ip=visitor.ip)
    if not tried.refused:
        desk.wake(Wake.ORDER)
        desk.wake(Wake.PRESENCE)
    return _after(request, visitor, tried, DIALLING)


@router.post("/{task_id}/outcome")
def outcome(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """What it came to; the next family comes up by itself, but for one that needs help: its appeal does."""
    sent = read_form(Finished, form)
    desk, at = desk_of(request), datetime.now(UTC)
    wanted, said = Outcome(sent.outcome), ""
    with trying(desk) as (session, tried):
        moment = None
        if wanted is Outcome.LATER:
            moment = later_moment(sent.day, sent.time, desk.zone, at)
        by_person.keep(session, task_id, visitor.employee, at)
        target = worklist.finish(
            session, task_id, wanted, sent.note, visitor.employee, at, call_at=moment, ip=visitor.ip
        )
        said = f"{wanted.title}: записано."
        if wanted is Outcome.HELP:
            helping.open_appeal(session, target, visitor.employee, at)
        else:
            said = f"{said} {_next_of(session, visitor, target.campaign_id, at, desk.settings.mode)}".strip()
    desk.wake(Wake.PRESENCE)
    return _after(request, visitor, tried, said, sent=sent.model_dump())


@router.post("/{task_id}/skip")
def skip(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Passed over with a reason: a colleague may take it at once."""
    sent = read_form(Skipped, form)
    desk, at = desk_of(request), datetime.now(UTC)
    said = ""
    with trying(desk) as (session, tried):
        item = worklist.held(session, visitor.employee)
        worklist.skip(session, task_id, sent.words, visitor.employee, at, ip=visitor.ip)
        if sent.stop:
            said = STOPPED
        elif item is not None:
            said = _next_of(session, visitor, item.campaign.id, at, desk.settings.mode)
    return _after(request, visitor, tried, said, sent=sent.model_dump())


@router.post("/{target_id}/appeal")
def save_appeal(request: Request, target_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The appeal of a family that asked for help goes into the journal, and she comes back to the list."""
    with desk_of(request).database.reading() as session:
        _, entry, _ = helping.fetch_help(session, target_id, visitor.employee)
    return enter(request, read_appeal(form), visitor, entry.id, home=HERE)


def _next_of(session: Session, visitor: Visitor, campaign_id: int, at: datetime, mode: Literal["demo", "live"]) -> str:
    """The next one of the same campaign, then of any other."""
    employee = visitor.employee
    for wanted in (campaign_id, None):
        if worklist.take_next(session, employee, at, mode=mode, campaign_id=wanted, ip=visitor.ip) is not None:
            return ""
    return NOBODY


def _after(
    request: Request, visitor: Visitor, tried: Tried, said: str = "", *, sent: dict[str, Any] | None = None
) -> Response:
    if tried.refused:
        return _page(request, visitor, tried, sent)
    desk_of(request).publish(Notice(NoticeKind.DIAL))
    return back_to(request, HERE, said)


def _page(
    request: Request, visitor: Visitor, tried: Tried = NOTHING_TRIED, sent: dict[str, Any] | None = None
) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    context: dict[str, Any] = {"item": None, "help": None}
    with desk.database.reading() as session:
        item = worklist.held(session, visitor.employee)
        needs_help = helping.unwritten(session, visitor.employee) if item is None else None
        if item is not None:
            context |= _one(session, visitor, item, clock.at, desk.settings.mode)
        elif needs_help is not None:
            context |= _helped(session, visitor, needs_help.id, clock.at, clock.today)
        left = worklist.left(session, visitor.employee, clock.at)
        gone = calling_off.sentence_for(session, CAMPAIGN, visitor.employee, clock.at) if item is None else ""
        opens_at = next_hours.opens_at(session, visitor.employee, clock.at) if item is None else None
        bar = workplace.bar_state(session, visitor, clock.at)
    return page(
        request,
        visitor,
        "campaigns_work.html",
        status=tried.status,
        clock=clock,
        left=left,
        gone=gone,
        opens_at=opens_at,
        order=bar.order,
        waiting=bar.waiting,
        errors=tried.errors,
        sent=sent or {},
        outcomes=list(Outcome),
        zone=desk.zone,
        **context,
    )


def _one(session: Session, visitor: Visitor, item: Item, at: datetime, mode: Literal["demo", "live"]) -> dict[str, Any]:
    person, family = item.person, item.family
    phone = next((one for one in person.phones if one.id == item.task.phone_id), None) if person else None
    verdict = worklist.may_call(session, item, visitor.employee, at, mode=mode)
    return {
        "item": item,
        "people": workplace.load_people(family),
        "measure": session.get(SupportMeasure, item.campaign.measure_id) if item.campaign.measure_id else None,
        "words": spoken_by_person.words_of(session, item, visitor.employee, at),
        "number": masked_number(item.task.number),
        "warnings": warnings_of(family, phone, person=person),
        "verdict": verdict,
        "tries": by_person.times_not_reached(session, item.task),
    }


def _helped(session: Session, visitor: Visitor, target_id: int, at: datetime, today: Any) -> dict[str, Any]:
    target, entry, family = helping.fetch_help(session, target_id, visitor.employee)
    return {
        "help": target,
        "entry": journal.fetch_entry(session, entry.id, visitor.employee),
        "family": family,
        "offered": offered(session, at, 4)[:SPECIALISTS],
        **choices(session, visitor, today),
    }
