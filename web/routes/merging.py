"""Likely duplicates for the head, two cards side by side, and making them one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy.orm import Session

from callflow.names import full_name
from callflow.text import search_key
from crm import families
from crm.cards import catalogues, duplicate_pairs, merging
from crm.cards.safe_contact import CHANNELS
from crm.family_tables import Family, Person
from crm.search.families import search as search_families
from crm.staff import Employee, Role
from web import words
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Text, fill, posted
from web.found import lines, note_search
from web.pages import back_to, page
from web.tried import trying

router = APIRouter(prefix="/families", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
KEEPERS = (Role.COORDINATOR, Role.HEAD)
SHOWN = 20
CHANGED = "Одну из карточек изменили, пока вы смотрели. Показано то, что сохранено: проверьте ещё раз."

TITLES = {
    "name": "Название",
    "locality": "Населённый пункт",
    "address": "Адрес",
    "warning": "Как безопасно связываться",
    "contact_from": "Звонить с",
    "contact_until": "Звонить до",
    "ask_only_for": "Спрашивать только",
    "preferred_channel": "Удобный способ связи",
    "housing": "Жильё",
    "income_band": "Доход",
    "transport": "Транспорт",
    "situation": "Ситуация",
    "measures_received": "Полученная помощь",
    "responsible_id": "Ответственный",
    "next_action": "Следующее действие",
    "next_action_on": "Когда",
}
"""Every field of `crm.cards.merging.HEADER`, in the order of the page."""

CATALOGUES = {"housing": "housing", "income_band": "income", "transport": "transport"}
"""Fields that hold a code of a catalogue."""


@router.get("/duplicates")
def duplicates(request: Request, by: str = "phone", after: int = 0, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Pairs of cards that look alike; `after` is a record's id, where the page before ended."""
    with desk_of(request).database.reading() as session:
        found = duplicate_pairs.pairs(session, visitor.employee, by, after)
        pairs = [(_side(session, pair.first), _side(session, pair.second)) for pair in found.pairs]
    return page(request, visitor, "duplicates.html", by=by, kinds=duplicate_pairs.KINDS, pairs=pairs, after=found.after)


@router.get("/{family_id}/merge")
def choose_form(request: Request, family_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Which card is the same family's."""
    return _choose_page(request, family_id, visitor, "")


@router.post("/{family_id}/merge")
def choose(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Look for the other card; by POST, as every search."""
    return _choose_page(request, family_id, visitor, form.first("text"))


def _choose_page(request: Request, family_id: int, visitor: Visitor, text: str) -> Response:
    with desk_of(request).database.transaction() as session:
        family = families.fetch_family(session, family_id, visitor.employee)
        found = search_families(session, text, visitor.employee, SHOWN) if text else []
        if text:
            note_search(session, visitor, text, len(found))
        shown = [line for line in lines(session, found, visitor) if line.masked.family_id not in (None, family.id)]
    return page(request, visitor, "merge_choose.html", family=family, text=text, found=shown)


@router.get("/{family_id}/merge/{other_id}")
def compare(request: Request, family_id: int, other_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Both cards side by side; opening them is in the audit log."""
    return _compare_page(request, family_id, other_id, visitor)


class MergeForm(Fields):
    """What the page sends besides the fields' and people's choices (`field-…`, `person-…`)."""

    kept_version: Annotated[int, Field(ge=1, le=2**31)]
    other_version: Annotated[int, Field(ge=1, le=2**31)]
    reason: Text = ""


@router.post("/{family_id}/merge/{other_id}")
def merge(
    request: Request, family_id: int, other_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """Make the two cards one: `family_id` stays."""
    own = {name: sent for name, sent in form.items() if not name.startswith(("field-", "person-"))}
    fields, _ = fill(MergeForm, Form(own))
    if fields is None:
        raise BadForm
    choices = merging.Choices(
        versions=(fields.kept_version, fields.other_version),
        from_other=frozenset(name for name in merging.HEADER if form.first(f"field-{name}") == "other"),
        same_people=_same_people(form),
    )
    values = {name: sent[0] for name, sent in form.items()}
    with trying(desk_of(request), stale=CHANGED) as (session, tried):
        merging.merge(
            session, family_id, other_id, choices, visitor.employee, datetime.now(UTC),
            reason=fields.reason, ip=visitor.ip,
        )  # fmt: skip
    if tried.refused:
        return _compare_page(request, family_id, other_id, visitor, values, tried.errors, tried.status)
    return back_to(request, f"/families/{family_id}", "Карточки объединены: всё перенесено в эту.")


@router.post("/{family_id}/different/{other_id}")
def different(
    request: Request, family_id: int, other_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """These are different families: not proposed again."""
    with desk_of(request).database.transaction() as session:
        duplicate_pairs.call_different(session, family_id, other_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    target = (
        "/families/duplicates" if form.first("from") == "list" and visitor.may(*KEEPERS) else f"/families/{family_id}"
    )
    return back_to(request, target, "Отмечено: это разные семьи.")


def _same_people(form: Form) -> dict[int, int]:
    same: dict[int, int] = {}
    for name, sent in form.items():
        other, chosen = name.removeprefix("person-"), sent[0]
        if name.startswith("person-") and chosen:
            if not (other.isdecimal() and chosen.isdecimal() and len(other) < 19 and len(chosen) < 19):
                raise BadForm
            same[int(other)] = int(chosen)
    return same


@dataclass(frozen=True)
class Side:
    """One card as the page needs it."""

    id: int
    card_number: str
    version: int
    name: str
    address: str
    created_at: datetime
    people: tuple[str, ...]


def _side(session: Session, family: Family) -> Side:  # noqa: ARG001
    people = tuple(_person(person) for person in family.members)
    address = ", ".join(part for part in (family.locality, family.address) if part)
    return Side(family.id, family.card_number, family.version, family.name, address, family.created_at, people)


def _person(person: Person) -> str:
    born = f", {person.birth_date:%d.%m.%Y}" if person.birth_date else ""
    return f"{full_name(person.surname, person.name, person.patronymic)} ({person.relation or 'член семьи'}{born})"


def _compare_page(  # noqa: PLR0917 - what was typed, what is wrong with it, which answer
    request: Request,
    family_id: int,
    other_id: int,
    visitor: Visitor,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    at = datetime.now(UTC)
    with desk_of(request).database.transaction() as session:
        kept = families.open_card(session, family_id, visitor.employee, at, ip=visitor.ip)
        other = families.open_card(session, other_id, visitor.employee, at, ip=visitor.ip)
        if kept.id == other.id:
            return back_to(request, f"/families/{kept.id}", "Эти карточки уже объединены.")
        rows = [_row(session, name, kept, other) for name in merging.HEADER]
        context: dict[str, Any] = {
            "kept": kept,
            "other": other,
            "rows": [row for row in rows if row["ours"] or row["theirs"]],
            "people": [(person, _person(person), _same_as(person, kept)) for person in other.members],
            "kept_people": [(person.id, _person(person)) for person in kept.members],
        }
    return page(request, visitor, "merge.html", status=status, values=values or {}, errors=errors or {}, **context)


def _row(session: Session, name: str, kept: Family, other: Family) -> dict[str, str]:
    ours, theirs = (_shown(session, name, getattr(card, name)) for card in (kept, other))
    return {"name": name, "title": TITLES[name], "ours": ours, "theirs": theirs}


def _shown(session: Session, name: str, value: object) -> str:
    if name == "responsible_id" and isinstance(value, int):
        employee = session.get(Employee, value)
        return employee.full_name if employee else ""
    if name in CATALOGUES and value:
        return catalogues.title(session, CATALOGUES[name], str(value))
    if name == "preferred_channel":
        return CHANNELS.get(str(value), str(value))
    return words.day(value) if isinstance(value, date) else str(value or "")


def _same_as(person: Person, kept: Family) -> int | None:
    """The person of the kept card who is likely the same: one name, and no other birth date."""
    for one in kept.members:
        same_name = search_key(f"{one.surname} {one.name}") == search_key(f"{person.surname} {person.name}")
        if same_name and (None in (one.birth_date, person.birth_date) or one.birth_date == person.birth_date):
            return one.id
    return None
