"""The card of one family: the page, and the forms of its own sections. People, statuses and needs have files of their
own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy.orm import Session

from crm import families
from crm.appointments.reading import of_family as bookings_of
from crm.cards import editing, restricting
from crm.cards.safe_contact import CHANNELS
from crm.errors import NotFound
from crm.family_tables import SOURCES, Family
from crm.staff import Role
from web import why_calls
from web.access import ON_CALLS, WITH_FAMILIES, Visitor, allow
from web.attempts import Attempt, VersionedForm, untouched
from web.card import names_of, options, read_card
from web.card_forms import as_form, save
from web.consents import line as consent_line
from web.desk import desk_of
from web.forms import Form, Line, Text, posted
from web.no_calls import lines_of
from web.pages import back_to, page
from web.routes.card_form import TypedDate
from web.told import told_of

router = APIRouter(prefix="/families/{family_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
GUARDIANS = (Role.HEAD, Role.DIRECTOR)


class MainForm(VersionedForm):
    """What the card is called, where the family lives, who is responsible."""

    name: Line = ""
    locality: Line = ""
    address: Text = ""
    source: Line = ""
    responsible_id: int | None = None
    next_action: Text = ""
    next_action_on: TypedDate | None = None


class ContactForm(VersionedForm):
    """How the family may be contacted without doing harm."""

    warning: Text = ""
    contact_from: Line = ""
    contact_until: Line = ""
    no_messages: bool = False
    ask_only_for: Line = ""
    preferred_channel: Line = ""


class LivingForm(VersionedForm):
    """Housing, income, transport."""

    housing: Line = ""
    income_band: Line = ""
    transport: Line = ""


class SituationForm(VersionedForm):
    """What the family says itself, and what help it has had."""

    situation: Text = ""
    measures_received: Text = ""


@dataclass(frozen=True)
class Section:
    """One form of the card."""

    title: str
    model: type[VersionedForm]


SECTIONS = {
    "main": Section("Основные сведения", MainForm),
    "contact": Section("Как безопасно связываться", ContactForm),
    "living": Section("Условия жизни", LivingForm),
    "situation": Section("Ситуация семьи", SituationForm),
}


def open_family(session: Session, family_id: int, visitor: Visitor) -> Family:
    """The card, with its opening in the audit log; of one merged away, the card that was kept. Raises NotFound."""
    return families.open_card(session, family_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)


@router.get("")
def card(request: Request, family_id: int, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """The full card; opening it is an entry in the audit log."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        family = open_family(session, family_id, visitor)
        shown = read_card(session, family, visitor, clock)
        applicants = [person.id for person in shown.people if person.is_applicant]
        consents = consent_line(session, applicants, clock.at)
        context: dict[str, Any] = {"card": shown, "clock": clock, "consents": consents}
        context["bookings"] = bookings_of(session, family, visitor.employee, clock.at)
        context["calls"] = why_calls.of_family(session, family, desk, clock.at)
        context["no_calls"] = lines_of(session, family, clock)
        context["told"] = told_of(session, family.id, clock.today)
    if family.id != family_id:
        said = f"Эта карточка объединена с карточкой {family.card_number}: она и открыта."
        return back_to(request, f"/families/{family.id}", said)
    return page(request, visitor, "family.html", family=family, tab="card", **context)


@router.get("/edit/{section}")
def edit_form(request: Request, family_id: int, section: str, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """One section's form."""
    return _edit_page(request, family_id, section, visitor)


@router.post("/edit/{section}")
def edit(request: Request, family_id: int, section: str, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Save one section."""
    known = _section(section)

    def act(session: Session, fields: VersionedForm) -> None:
        editing.save_header(
            session, family_id, fields.sent(), fields.version, visitor.employee, datetime.now(UTC), ip=visitor.ip
        )

    attempt = save(desk_of(request), form, known.model, act)
    if attempt is None:
        return back_to(request, f"/families/{family_id}", f"Сохранено: {known.title.lower()}.")
    return _edit_page(request, family_id, section, visitor, attempt)


def _section(name: str) -> Section:
    if name not in SECTIONS:
        raise NotFound("Такого раздела в карточке нет.")
    return SECTIONS[name]


def _edit_page(
    request: Request, family_id: int, section: str, visitor: Visitor, attempt: Attempt | None = None
) -> Response:
    known = _section(section)
    with desk_of(request).database.transaction() as session:
        family = open_family(session, family_id, visitor)
        stored = {name: as_form(getattr(family, name)) for name in known.model.model_fields if name != "version"}
        context = _choices(session, family)
    attempt = attempt or untouched(stored, family.version)
    return page(
        request,
        visitor,
        "card_edit.html",
        status=attempt.status,
        family=family,
        section=section,
        title=known.title,
        attempt=attempt,
        values=attempt.values,
        errors=attempt.errors,
        **context,
    )


def _choices(session: Session, family: Family) -> dict[str, Any]:
    return {
        "sources": list(SOURCES.items()),
        "channels": list(CHANNELS.items()),
        "housings": options(session, "housing", family.housing),
        "incomes": options(session, "income", family.income_band),
        "transports": options(session, "transport", family.transport),
        "employees": _responsible_options(session, family),
    }


def _responsible_options(session: Session, family: Family) -> list[tuple[int, str]]:
    """Those who may be responsible: they see the card; and whoever is responsible now."""
    found = [(one.id, one.full_name) for one in editing.may_be_responsible(session, family)]
    if family.responsible_id and family.responsible_id not in dict(found):
        found.append((family.responsible_id, names_of(session, [family.responsible_id])[family.responsible_id]))
    return found


class AccessForm(VersionedForm):
    """Limited visibility."""

    restricted: bool = False
    entrusted: list[int] = Field(default_factory=list)
    reason: Line = ""


@router.get("/access")
def access_form(request: Request, family_id: int, visitor: Visitor = allow(*GUARDIANS)) -> Response:
    """Who may see the card."""
    return _access_page(request, family_id, visitor)


@router.post("/access")
def change_access(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*GUARDIANS)) -> Response:
    """Close or open the card, and entrust it."""

    def act(session: Session, fields: AccessForm) -> None:
        restricting.restrict(
            session,
            family_id,
            fields.restricted,
            fields.entrusted,
            fields.reason,
            fields.version,
            visitor.employee,
            datetime.now(UTC),
            ip=visitor.ip,
        )

    attempt = save(desk_of(request), form, AccessForm, act)
    if attempt is None:
        return back_to(request, f"/families/{family_id}", "Доступ к карточке изменён.")
    return _access_page(request, family_id, visitor, attempt)


def _access_page(request: Request, family_id: int, visitor: Visitor, attempt: Attempt | None = None) -> Response:
    with desk_of(request).database.transaction() as session:
        family = open_family(session, family_id, visitor)
        known = [one.id for one in restricting.entrusted(session, family.id)]
        people = restricting.may_be_entrusted(session)
    if attempt is None:
        stored = {"restricted": as_form(family.restricted), "entrusted": known, "reason": ""}
        attempt = untouched(stored, family.version)
    return page(
        request,
        visitor,
        "card_access.html",
        status=attempt.status,
        family=family,
        people=people,
        attempt=attempt,
        values=attempt.values,
        errors=attempt.errors,
    )
