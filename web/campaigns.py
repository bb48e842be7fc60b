"""What the pages of campaigns share: the draft's form, one campaign with its dry run, words for states."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Request
from fastapi.responses import Response
from pydantic import BeforeValidator, Field
from sqlalchemy.orm import Session

from crm import institution
from crm.campaigns import dry_run, reading, running, texts
from crm.campaigns import trying as dry_runs
from crm.campaigns.access import fetch_campaign
from crm.campaigns.dry_run import DryRun
from crm.campaigns.editing import MAKERS, Wanted
from crm.campaigns.kinds import CHANNELS, KINDS, STATES
from crm.campaigns.outcomes import TARGET_STATES
from crm.campaigns.sorting import LeftOut
from crm.campaigns.tables import DRAFT, Campaign
from crm.speech import calls as speech_calls
from crm.speech.tables import SpeechCall
from web.access import Visitor
from web.attempts import VersionedForm
from web.desk import desk_of
from web.forms import BadForm, Form, Line, Text, fill
from web.identity import read_date
from web.pages import back_to, page
from web.tried import NOTHING_TRIED, Tried
from workers.feed import Notice, NoticeKind

Id = Annotated[int, Field(ge=1, lt=2**63)]


def _day(value: Any) -> Any:
    """A day as people type it, or as the browser's calendar sends it."""
    if not isinstance(value, str) or not value.strip():
        return None
    read = read_date(value)
    if read is None:
        raise ValueError("Нужна дата, например 01.12.2026.")
    return read


Day = Annotated[date | None, BeforeValidator(_day)]


class CampaignForm(VersionedForm):
    """A draft as it is typed."""

    service_id: Id | None = None
    title: Line = ""
    kind: Literal["measure", "service", "free"] = "measure"
    measure_id: Id | None = None
    segment_id: Id | None = None
    channel: Literal["human", "robot"] = "human"
    rest_by_people: bool = False
    standing: bool = False
    starts_on: Day = None
    ends_on: Day = None
    per_day: int = 40
    text: Text = ""
    form_key: Line = ""

    def wanted(self, service_id: int, kept: list[Any]) -> Wanted:
        """As the verbs of the records take it."""
        values = self.model_dump(exclude={"version", "form_key", "service_id"})
        return Wanted(service_id=self.service_id or service_id, conditions=kept, **values)


def shown(
    request: Request, visitor: Visitor, campaign_id: int, tried: Tried = NOTHING_TRIED, *, typed: str | None = None
) -> Response:
    desk = desk_of(request)
    _note_heard(request, visitor, campaign_id)
    clock = desk.clock()  # after what was noted just now: it is no future
    with desk.database.reading() as session:
        found = reading.whole(session, campaign_id, visitor.employee)
        row = found.row.campaign
        result = dry_runs.result_of(row, visitor.employee)
        if result is not None:  # what forbade the launch then may be done by now: the text is heard, the robot is on
            result = replace(result, blocks=tuple(dry_run.blocks(session, row, clock.at, called=result.called)))
        names = reading.named(session, _ids(result), visitor.employee) if result is not None else {}
        speech = _speech_call(session, visitor, row, clock.at)
        said = texts.words_for(found.text.text, texts.values_of(session, row, clock.at), None) if found.text else None
        by = {one.id: one for one in institution.services(session)}
    return page(
        request,
        visitor,
        "campaigns_one.html",
        status=tried.status,
        clock=clock,
        found=found,
        kept=dry_runs.kept_by(row, visitor.employee) if row.state == DRAFT else {},
        result=result,
        names=names,
        reasons={one.value: one.title for one in LeftOut},
        said=said,
        call=speech,
        results=speech_calls.RESULTS,
        errors=tried.errors,
        typed=typed,
        may_make=visitor.may(*MAKERS),
        variables=texts.VARIABLES,
        services=by,
        **WORDS,
    )


def moved(
    request: Request, visitor: Visitor, campaign_id: int, tried: Tried, said: str, *, typed: str | None = None
) -> Response:
    if tried.refused:
        return shown(request, visitor, campaign_id, tried, typed=typed)
    desk_of(request).publish(Notice(NoticeKind.DIAL))
    return back_to(request, f"/campaigns/{campaign_id}", said)


def _note_heard(request: Request, visitor: Visitor, campaign_id: int) -> None:
    """Her phone has said the newest text to its end: from now on a robot may say it too."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.reading() as session:
        row = fetch_campaign(session, campaign_id, visitor.employee)
        text = texts.current(session, row.id)
        call = _speech_call(session, visitor, row, at)
        heard = call is not None and not call.live and call.result == "played" and text is not None
        if not heard or row.heard_version == (text.version if text else 0) or not visitor.may(*MAKERS):
            return
        if call is None or text is None or call.name != heard_as(row, text.version):
            return
    with desk.database.transaction() as session:
        running.note_heard(session, campaign_id, visitor.employee, at, ip=visitor.ip)


def _speech_call(session: Session, visitor: Visitor, row: Campaign, at: datetime) -> SpeechCall | None:
    """Her call about this campaign, alive or of the last hour."""
    call = speech_calls.latest(session, visitor.id, at - timedelta(hours=1))
    return call if call is not None and call.name.startswith(f"campaign-{row.id}-") else None


def heard_as(row: Campaign, version: int) -> str:
    return f"campaign-{row.id}-{version}"


def _ids(result: DryRun) -> set[int]:
    return {*result.first, *(one for reason in result.left_out.values() for one in reason.families)}


def read_form(model: type[Any], form: Form) -> Any:
    sent, _problems = fill(model, form)
    if sent is None:
        raise BadForm
    return sent


WORDS: dict[str, Any] = {
    "kinds": KINDS,
    "channels": CHANNELS,
    "states": STATES,
    "target_states": TARGET_STATES,
    "tones": {
        "draft": ("", "pencil"),
        "running": ("accent", "phone-outgoing"),
        "paused": ("warn", "pause"),
        "stopped": ("bad", "square"),
        "done": ("ok", "circle-check"),
    },
}
