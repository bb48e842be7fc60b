"""What a family needs, which risks were seen, and the disability of a member."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy.orm import Session

from crm.cards import catalogues, health, needs, risks
from crm.consents.rules import locked, may_hold_health
from crm.errors import NotFound
from web.access import ON_CALLS, Visitor, allow
from web.attempts import Attempt, VersionedForm, untouched
from web.card import names_of, options
from web.card_forms import ReasonForm, as_form, save
from web.desk import desk_of
from web.forms import Form, Line, Text, posted
from web.pages import back_to, page
from web.routes.card_form import TypedDate
from web.routes.cards import open_family

router = APIRouter(prefix="/families/{family_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class NeedForm(VersionedForm):
    """The decision of A-16 and A-17."""

    ground: Line = ""
    form: Line = ""
    kinds: list[Line] = Field(default_factory=list)
    urgent: bool = False
    remote_explained: bool = False
    long_support: bool = False
    reason: Text = ""


class RiskForm(VersionedForm):
    """A risk that was seen."""

    code: Line = ""
    note: Line = ""


class HealthForm(VersionedForm):
    """Fact, group, term, certificate; no diagnosis."""

    kind: Line = ""
    group: Literal["", "1", "2", "3"] = ""
    valid_to: TypedDate | None = None
    certificate: Line = ""


@router.get("/needs")
def needs_form(request: Request, family_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The assessment of today, and those before it."""
    return _needs_page(request, family_id, visitor)


@router.post("/needs")
def assess(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Write down what the family needs now."""

    def act(session: Session, fields: NeedForm) -> None:
        needs.assess(session, family_id, fields.sent(), visitor.employee, datetime.now(UTC), ip=visitor.ip)

    attempt = save(desk_of(request), form, NeedForm, act)
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Потребность записана.")
    return _needs_page(request, family_id, visitor, attempt)


@router.post("/needs/{need_id}/end")
def end_need(
    request: Request, family_id: int, need_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """The need is no longer there."""

    def act(session: Session, fields: ReasonForm) -> None:
        needs.end(
            session, need_id, fields.reason, visitor.employee, datetime.now(UTC), family_id=family_id, ip=visitor.ip
        )

    attempt = save(desk_of(request), form, ReasonForm, act, form_name="end")
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Оценка завершена; она остаётся в истории.")
    return _needs_page(request, family_id, visitor, attempt)


def _needs_page(request: Request, family_id: int, visitor: Visitor, attempt: Attempt | None = None) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        family = open_family(session, family_id, visitor)
        known = needs.needs_of(session, family.id)
        current = next((need for need in known if need.ended_at is None), None)
        context = {
            "grounds": options(session, "ground", current.ground if current else ""),
            "forms": options(session, "service_form", current.form if current else ""),
            "kinds": options(session, "service_kind"),
            "titles": {name: catalogues.titles(session, name) for name in ("ground", "service_form", "service_kind")},
            "names": names_of(session, [need.assessed_by_id for need in known]),
            "health_locked": "health" in locked(session, family, clock.at),
        }
    stored = {name: as_form(getattr(current, name)) for name in needs.NEED_FIELDS} if current else {}
    attempt = attempt or untouched(stored, family.version)
    mine = attempt.form_name == ""
    return page(
        request,
        visitor,
        "card_needs.html",
        status=attempt.status,
        family=family,
        current=current,
        known=known,
        attempt=attempt,
        values=attempt.values if mine else stored,
        errors=attempt.errors if mine else {},
        clock=clock,
        **context,
    )


@router.get("/risks")
def risks_form(request: Request, family_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Risks that stand, and those that are over."""
    return _risks_page(request, family_id, visitor)


@router.post("/risks")
def raise_flag(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Note a risk."""

    def act(session: Session, fields: RiskForm) -> None:
        risks.raise_flag(
            session, family_id, fields.code, fields.note, visitor.employee, datetime.now(UTC), ip=visitor.ip
        )

    attempt = save(desk_of(request), form, RiskForm, act)
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Признак риска отмечен.")
    return _risks_page(request, family_id, visitor, attempt)


@router.post("/risks/{risk_id}/clear")
def clear(
    request: Request, family_id: int, risk_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """The risk is over."""

    def act(session: Session, fields: ReasonForm) -> None:
        risks.clear(
            session, risk_id, fields.reason, visitor.employee, datetime.now(UTC), family_id=family_id, ip=visitor.ip
        )

    attempt = save(desk_of(request), form, ReasonForm, act, form_name=f"clear-{risk_id}")
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Признак риска снят.")
    return _risks_page(request, family_id, visitor, attempt)


def _risks_page(request: Request, family_id: int, visitor: Visitor, attempt: Attempt | None = None) -> Response:
    desk = desk_of(request)
    with desk.database.transaction() as session:
        family = open_family(session, family_id, visitor)
        known = risks.risks_of(session, family.id, with_cleared=True)
        standing = {flag.code for flag in known if flag.cleared_at is None}
        context = {
            "codes": [(code, title) for code, title in options(session, "risk") if code not in standing],
            "titles": catalogues.titles(session, "risk"),
            "names": names_of(session, [one for flag in known for one in (flag.raised_by_id, flag.cleared_by_id)]),
        }
    attempt = attempt or untouched({}, family.version)
    return page(
        request,
        visitor,
        "card_risks.html",
        status=attempt.status,
        family=family,
        known=known,
        attempt=attempt,
        **context,
    )


@router.get("/health/{person_id}")
def health_form(request: Request, family_id: int, person_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The disability of a member, once a paper allows it."""
    return _health_page(request, family_id, person_id, visitor)


@router.post("/health/{person_id}")
def record_health(
    request: Request, family_id: int, person_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """Write it down."""

    def act(session: Session, fields: HealthForm) -> None:
        health.record(
            session, person_id, fields.sent(), visitor.employee, datetime.now(UTC), family_id=family_id, ip=visitor.ip
        )

    attempt = save(desk_of(request), form, HealthForm, act)
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Сведения записаны.")
    return _health_page(request, family_id, person_id, visitor, attempt)


@router.post("/health/{person_id}/end")
def end_health(
    request: Request, family_id: int, person_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """What was written down no longer holds."""

    def act(session: Session, fields: ReasonForm) -> None:
        record = health.record_of(session, person_id)
        if record is None:
            raise NotFound("Такой записи в карточке нет.")
        health.end(
            session, record.id, fields.reason, visitor.employee, datetime.now(UTC), family_id=family_id, ip=visitor.ip
        )

    attempt = save(desk_of(request), form, ReasonForm, act, form_name="end")
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Запись завершена.")
    return _health_page(request, family_id, person_id, visitor, attempt)


def _health_page(
    request: Request, family_id: int, person_id: int, visitor: Visitor, attempt: Attempt | None = None
) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        family = open_family(session, family_id, visitor)
        person = next((one for one in family.people if one.id == person_id), None)
        if person is None:
            raise NotFound("Такого человека нет в карточке.")
        allowed = may_hold_health(session, person.id, clock.at)
        record = health.record_of(session, person.id) if allowed else None
    stored = {name: as_form(getattr(record, name)) for name in health.HEALTH_FIELDS} if record else {}
    attempt = attempt or untouched(stored, family.version)
    mine = attempt.form_name == ""
    return page(
        request,
        visitor,
        "card_health.html",
        status=attempt.status,
        family=family,
        person=person,
        record=record,
        allowed=allowed,
        kinds=list(health.KINDS.items()),
        groups=list(health.GROUPS.items()),
        attempt=attempt,
        values=attempt.values if mine else stored,
        errors=attempt.errors if mine else {},
        clock=clock,
    )
