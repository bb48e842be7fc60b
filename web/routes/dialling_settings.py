"""The head's settings of calls: whether the robot may call at all, when, how often, what follows; who is not called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BeforeValidator, Field, create_model
from sqlalchemy.orm import Session

from callflow.dialler.retry import EDITABLE
from crm import institution
from crm.dialler import deciding, refusal_list, refusals, refusing
from crm.dialler.deciding import Decided
from web.access import Visitor, allow
from web.attempts import Attempt, VersionedForm, save, untouched
from web.desk import desk_of
from web.dialling import MARKS, SCOPES, THEN
from web.forms import BadForm, Fields, Form, Line, Text, fill, posted
from web.no_calls import SCOPES as CHOICES
from web.no_calls import NoCallsAt, proof_of
from web.pages import REPORT_ROLES, back_to, page
from web.slot_words import WEEKDAYS_FULL, minutes, read_minutes
from web.tried import trying
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/settings/dialling", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
WEEK = range(5)
CLOCKS = ("earliest", "latest_usual")
NUMBERS = (
    "lines", "trunk_lines", "per_second", "ring_seconds", "gap_minutes", "attempts", "per_day", "per_week",
    "per_month", "per_service_day",
)  # fmt: skip
PLAN_CLOCKS = ("since", "until", "morning_since", "morning_until")


def _minute(value: Any) -> Any:
    read = read_minutes(value) if isinstance(value, str) else value
    if read is None:
        raise ValueError("Нужно время, например 9:00.")
    return read


Minute = Annotated[int, BeforeValidator(_minute)]


class _Decision(VersionedForm):
    """What every service decides; the rows of «что дальше» and the weekdays are added below."""

    service: Annotated[int, Field(ge=1, lt=2**63)]
    robot_on: bool = False
    legal: bool = False
    legal_ground: Text = ""
    shown_line_id: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    caller_label: Line = ""
    morning: bool = False
    rate_by_robot: bool = False
    days_before: Number
    lead_minutes: Number


_MORE: dict[str, Any] = dict.fromkeys(NUMBERS, (Number, ...))
_MORE |= dict.fromkeys((*CLOCKS, *PLAN_CLOCKS), (Minute, ...))
_MORE |= {f"latest_{day}": (Minute | None, None) for day in WEEK}
_MORE |= {f"then_{one.value}": (Line, ...) for one in EDITABLE}
_MORE |= {f"{what}_{one.value}": (Number, ...) for one in EDITABLE for what in ("minutes", "times")}
DecisionForm: type[_Decision] = create_model("DecisionForm", __base__=_Decision, **_MORE)


class Reason(Fields):
    """Why a refusal ends."""

    reason: Line = ""


@router.get("")
def settings(request: Request, visitor: Visitor = allow(*REPORT_ROLES)) -> Response:
    """One form for each service."""
    return _page(request, visitor, untouched())


@router.post("")
def change(request: Request, form: Posted, visitor: Visitor = allow(*REPORT_ROLES)) -> Response:
    """Store one service's decision."""
    service = form.first("service")

    def act(session: Session, sent: _Decision) -> None:
        wanted = _decided(sent.model_dump())
        deciding.decide(session, sent.service, wanted, visitor.employee, datetime.now(UTC), ip=visitor.ip)

    attempt = save(desk_of(request), form, DecisionForm, act, form_name=f"service-{service}")
    if attempt is not None:
        if "service" in attempt.errors:
            raise BadForm
        return _page(request, visitor, attempt)
    desk_of(request).publish(Notice(NoticeKind.DIAL))
    return back_to(request, "/settings/dialling", "Сохранено: действует со следующего звонка.")


@router.get("/refusals")
def listing(request: Request, visitor: Visitor = allow(*REPORT_ROLES)) -> Response:
    """Who is not called, and why."""
    return _refusals(request, visitor)


@router.post("/refusals")
def refuse(request: Request, form: Posted, visitor: Visitor = allow(*REPORT_ROLES)) -> Response:
    """A refusal of whoever has a number: of a letter without a card, or a talk."""
    sent, problems = fill(NoCallsAt, form)
    if sent is None:
        return _refusals(request, visitor, problems, 422)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        wanted = sent.wanted(desk.clock().today)
        refusing.of_number(session, sent.number, wanted, visitor.employee, at, ip=visitor.ip)
    if tried.refused:
        return _refusals(request, visitor, tried.errors, tried.status, sent=sent)
    desk.wake(Wake.ORDER)
    desk.publish(Notice(NoticeKind.DIAL))
    return back_to(request, "/settings/dialling/refusals", "Отказ записан и уже действует.")


@router.post("/refusals/{refusal_id}/end")
def end_refusal(request: Request, refusal_id: int, form: Posted, visitor: Visitor = allow(*REPORT_ROLES)) -> Response:
    """The family allows calls again."""
    sent, problems = fill(Reason, form)
    if sent is None:
        return _refusals(request, visitor, problems, 422, refusal_id)
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        refusals.end_refusal(session, refusal_id, sent.reason, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return _refusals(request, visitor, tried.errors, tried.status, refusal_id)
    return back_to(request, "/settings/dialling/refusals", "Отказ снят, причина записана.")


@router.post("/marks/{mark_id}/clear")
def clear_mark(request: Request, mark_id: int, form: Posted, visitor: Visitor = allow(*REPORT_ROLES)) -> Response:
    """Somebody has asked the family: the number is right."""
    fill(Fields, form)
    desk = desk_of(request)
    with trying(desk) as (session, tried):
        refusals.clear_mark(session, mark_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return _refusals(request, visitor, tried.errors, tried.status)
    return back_to(request, "/settings/dialling/refusals", "Отметка снята.")


def flat(decided: Decided) -> dict[str, Any]:
    """A decision as the fields of its form."""
    values: dict[str, Any] = {name: getattr(decided, name) for name in NUMBERS}
    values |= {name: minutes(getattr(decided, name)) for name in CLOCKS}
    values |= {f"latest_{day}": minutes(decided.latest.get(str(day))) for day in WEEK}
    values |= {name: minutes(decided.plan[name]) for name in PLAN_CLOCKS}
    values |= {name: decided.plan[name] for name in ("days_before", "morning", "lead_minutes", "rate_by_robot")}
    for name, rule in decided.retry.items():
        values |= {f"then_{name}": rule["then"], f"minutes_{name}": rule["minutes"], f"times_{name}": rule["times"]}
    for name in ("robot_on", "legal", "legal_ground", "shown_line_id", "caller_label"):
        values[name] = getattr(decided, name)
    return values


def _decided(sent: Mapping[str, Any]) -> Decided:
    """The fields of the form as a decision."""
    own = ("robot_on", "legal", "legal_ground", "shown_line_id", "caller_label", *NUMBERS, *CLOCKS)
    latest = {str(day): sent[f"latest_{day}"] for day in WEEK if sent[f"latest_{day}"] is not None}
    retry = {
        one.value: {
            "then": sent[f"then_{one.value}"],
            "minutes": sent[f"minutes_{one.value}"],
            "times": sent[f"times_{one.value}"],
        }
        for one in EDITABLE
    }
    plan = {name: sent[name] for name in ("days_before", "morning", "lead_minutes", "rate_by_robot", *PLAN_CLOCKS)}
    return Decided(**{name: sent[name] for name in own}, latest=latest, retry=retry, plan=plan, version=sent["version"])


def _page(request: Request, visitor: Visitor, attempt: Attempt) -> Response:
    desk = desk_of(request)
    with desk.database.reading() as session:
        lines = institution.active_lines(session)
        found = [
            (
                one,
                deciding.decided_of(session, one.id),
                deciding.ticked_by(session, one.id),
                [(line.id, f"{line.title or line.kind}, {line.did}") for line in lines if line.service_id == one.id],
            )
            for one in institution.services(session)
        ]
    return page(
        request,
        visitor,
        "dialling_settings.html",
        status=attempt.status,
        found=found,
        attempt=attempt,
        flat=flat,
        then=THEN.items(),
        outcomes=deciding.titles(),
        weekdays=[(day, WEEKDAYS_FULL[day]) for day in WEEK],
        longest_label=deciding.LONGEST_LABEL,
    )


def _refusals(  # noqa: PLR0917 - what is wrong with which form
    request: Request,
    visitor: Visitor,
    errors: dict[str, str] | None = None,
    status: int = 200,
    wrong: int = 0,
    sent: NoCallsAt | None = None,
) -> Response:
    with desk_of(request).database.reading() as session:
        found = refusal_list.refusals(session, visitor.employee)
        marks = refusal_list.marks(session, visitor.employee)
        on_cards = refusal_list.on_cards(session, visitor.employee)
    return page(
        request,
        visitor,
        "dialling_refusals.html",
        status=status,
        refusals=found,
        marks=marks,
        on_cards=on_cards,
        mark_words=MARKS,
        scopes=SCOPES,
        proof_of=proof_of,
        choices=CHOICES,
        sent=sent or NoCallsAt(source="letter"),
        errors=errors or {},
        wrong=wrong,
    )
