"""The draft of a campaign: its form, its dry run, the text heard on one's own phone, the launch (A-18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import institution
from crm.base import fetch
from crm.campaigns import editing, launching, texts
from crm.campaigns import trying as dry_runs
from crm.campaigns.access import fetch_campaign, services_seen
from crm.campaigns.editing import MAKERS
from crm.campaigns.kinds import KINDS
from crm.campaigns.tables import DRAFT
from crm.errors import NotFound, RecordsError
from crm.institution import Service
from crm.measures.tables import SupportMeasure
from crm.segments.tables import Segment
from crm.speech import calls as speech_calls
from web.access import Visitor, allow
from web.attempts import Attempt, save, untouched
from web.campaigns import WORDS, CampaignForm, heard_as, moved, read_form, shown
from web.desk import desk_of
from web.forms import Fields, Form, posted
from web.pages import back_to, page
from web.tried import Tried, trying
from workers.feed import Notice, NoticeKind
from workers.queues import Wake, enqueue_papers

router = APIRouter(prefix="/campaigns", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
USUAL_DAYS = timedelta(days=30)


class Launch(Fields):
    """Which draft she has seen."""

    version: Annotated[int, Field(ge=0, lt=2**31)] = 0


@router.get("/new")
def new(request: Request, measure: str = "", segment: str = "", visitor: Visitor = allow(*MAKERS)) -> Response:
    """An empty draft; `measure` and `segment` as the pages of these lead here."""
    desk = desk_of(request)
    today = desk.clock().today
    with desk.database.reading() as session:
        known = fetch(session, SupportMeasure, _id(measure))
        segment_id = _id(segment) or (known.segment_id if known is not None else None)
    values = {
        "title": known.title if known is not None else "",
        "kind": "measure",
        "measure_id": known.id if known is not None else "",
        "segment_id": segment_id or "",
        "channel": "human",
        "rest_by_people": True,
        "starts_on": today.isoformat(),
        "ends_on": (today + USUAL_DAYS).isoformat(),
        "per_day": 40,
        "form_key": uuid4().hex,
    }
    return _form(request, visitor, untouched(values))


@router.post("/new")
def create(request: Request, form: Posted, visitor: Visitor = allow(*MAKERS)) -> Response:
    """Write the draft."""
    at = datetime.now(UTC)
    made: list[int] = []

    def act(session: Session, sent: CampaignForm) -> None:
        wanted = sent.wanted(_first_service(session, visitor), [])
        row = editing.create(session, wanted, visitor.employee, at, form_key=_key(sent.form_key), ip=visitor.ip)
        made.append(row.id)

    attempt = save(desk_of(request), form, CampaignForm, act)
    if attempt is not None:
        return _form(request, visitor, attempt)
    return back_to(request, f"/campaigns/{made[0]}", "Черновик сохранён. Сделайте пробный прогон.")


@router.get("/{campaign_id}/edit")
def edit_form(request: Request, campaign_id: int, visitor: Visitor = allow(*MAKERS)) -> Response:
    """The draft in its form."""
    with desk_of(request).database.reading() as session:
        row = fetch_campaign(session, campaign_id, visitor.employee)
        if row.state != DRAFT:
            raise RecordsError(editing.LAUNCHED)
        values = {name: getattr(row, name) for name in CampaignForm.model_fields if hasattr(row, name)}
        text = texts.current(session, row.id)
    values |= {"text": text.text if text is not None else ""}
    values |= {name: values[name].isoformat() for name in ("starts_on", "ends_on")}
    values = {name: "" if value is None else value for name, value in values.items()}
    return _form(request, visitor, untouched(values, row.version), campaign_id)


@router.post("/{campaign_id}/edit")
def edit(request: Request, campaign_id: int, form: Posted, visitor: Visitor = allow(*MAKERS)) -> Response:
    """Change the draft; what was seen of it must be what stands."""
    at = datetime.now(UTC)

    def act(session: Session, sent: CampaignForm) -> None:
        row = fetch_campaign(session, campaign_id, visitor.employee)
        kept = list(row.conditions) if row.segment_id is None and sent.segment_id is None else []
        wanted = sent.wanted(row.service_id, kept)
        editing.edit(session, campaign_id, sent.version, wanted, visitor.employee, at, ip=visitor.ip)

    attempt = save(desk_of(request), form, CampaignForm, act)
    if attempt is not None:
        return _form(request, visitor, attempt, campaign_id)
    return back_to(request, f"/campaigns/{campaign_id}", "Сохранено. Сделайте пробный прогон ещё раз.")


@router.post("/{campaign_id}/dry-run")
def try_it(request: Request, campaign_id: int, form: Posted, visitor: Visitor = allow(*MAKERS)) -> Response:
    """Have the dry run made."""
    read_form(Fields, form)
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        dry_runs.ask(session, campaign_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return shown(request, visitor, campaign_id, tried)
    enqueue_papers(desk.settings.redis_address())
    return back_to(request, f"/campaigns/{campaign_id}")


@router.post("/{campaign_id}/launch")
def launch(request: Request, campaign_id: int, form: Posted, visitor: Visitor = allow(*MAKERS)) -> Response:
    """Start it."""
    sent = read_form(Launch, form)
    desk, at, tried = desk_of(request), datetime.now(UTC), Tried()
    try:
        launching.launch(
            desk.database, campaign_id, sent.version, visitor.employee, at, mode=desk.settings.mode, ip=visitor.ip
        )
    except NotFound:
        raise
    except RecordsError as error:
        tried = Tried({"": str(error)}, 409, error)
    if tried.refused:
        return shown(request, visitor, campaign_id, tried)
    desk.publish(Notice(NoticeKind.DIAL))
    return back_to(request, f"/campaigns/{campaign_id}", "Кампания запущена.")


@router.post("/{campaign_id}/hear")
def hear(request: Request, campaign_id: int, form: Posted, visitor: Visitor = allow(*MAKERS)) -> Response:
    """«Позвонить мне»: her phone rings and says the text as a family would hear it."""
    read_form(Fields, form)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        row = fetch_campaign(session, campaign_id, visitor.employee)
        text = texts.current(session, row.id)
        words = texts.words_for(text.text, texts.values_of(session, row, at), None) if text is not None else None
        if words is None or words.unresolved:
            raise RecordsError("В тексте не хватает сведений: прослушать его пока нельзя.")
        service = session.get_one(Service, row.service_id)
        speech_calls.ask(
            session,
            service,
            heard_as(row, text.version if text is not None else 0),
            visitor.employee,
            at,
            kind=speech_calls.PLAY,
            words=words.text,
            ip=visitor.ip,
        )
    if not tried.refused:
        desk.wake(Wake.ORDER)
    return moved(request, visitor, campaign_id, tried, "Звоним на ваш телефон: снимите трубку.")


def _form(request: Request, visitor: Visitor, attempt: Attempt, campaign_id: int | None = None) -> Response:
    desk = desk_of(request)
    with desk.database.reading() as session:
        seen = services_seen(session, visitor.employee)
        measures = session.scalars(select(SupportMeasure).where(SupportMeasure.active).order_by(SupportMeasure.title))
        segments = session.scalars(select(Segment).where(Segment.active).order_by(Segment.title))
        options = {
            "services": [(one.id, one.name) for one in institution.services(session) if one.id in seen],
            "measures": [(one.id, one.title) for one in measures],
            "segments": [(one.id, one.title) for one in segments],
            "defaults": {kind: editing.default_words(session, kind, None) for kind in KINDS},
        }
    return page(
        request,
        visitor,
        "campaigns_form.html",
        status=attempt.status,
        attempt=attempt,
        campaign_id=campaign_id,
        variables=texts.VARIABLES,
        **options,
        **WORDS,
    )


def _first_service(session: Session, visitor: Visitor) -> int:
    return next(iter(visitor.service_ids or services_seen(session, visitor.employee)), 0)


def _key(text: str) -> str:
    return text if text.isascii() and text.isalnum() and 16 <= len(text) <= 64 else ""


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
