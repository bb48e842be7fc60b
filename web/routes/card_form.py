"""The form of a new card, used beside a talk and on its own page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from sqlalchemy.orm import Session

from callflow.names import full_name
from crm import families
from crm.cards.duplicates import likely
from crm.errors import Incomplete
from crm.families import Family
from crm.masked import MaskedFamily
from web.access import Visitor
from web.forms import Fields, Line, Text
from web.identity import read_date


def _date(value: object) -> object:
    """Dates as people type them."""
    if not isinstance(value, str):
        return value
    known = read_date(value)
    if known is None:
        raise ValueError("Нужна дата, например 12.11.1990.")
    return known


TypedDate = Annotated[date, BeforeValidator(_date)]


class CardFields(Fields):
    """What is asked at the first call; everything else is added later."""

    surname: Annotated[Line, Field(min_length=1, max_length=80)]
    name: Line = ""
    patronymic: Line = ""
    birth_date: TypedDate | None = None
    phones: Line = ""
    locality: Line = ""
    address: Line = ""
    warning: Text = ""
    take_number: Literal["", "yes"] = ""
    anyway: Literal["", "yes"] = ""


@dataclass(frozen=True)
class Alike:
    """A card that the new one resembles, as a line of the warning."""

    masked: MaskedFamily
    name: str
    card_number: str
    reasons: tuple[str, ...]


def likely_of(session: Session, fields: CardFields, visitor: Visitor, *, extra_phone: str = "") -> list[Alike]:
    """The cards that this one may repeat; none of a card that the visitor may not see."""
    found = likely(
        session,
        surname=fields.surname,
        name=fields.name,
        patronymic=fields.patronymic,
        birth_date=fields.birth_date,
        phones=[*_typed_phones(fields), extra_phone],
        address=fields.address,
        viewer=visitor.employee,
    )
    alike = []
    for one in found:
        person = next((member for member in one.family.people if member.is_applicant), None)
        if person is None:
            continue
        name = full_name(person.surname, person.name, person.patronymic)
        masked = families.masked(session, person, one.family, "", visitor.employee)
        alike.append(Alike(masked, name, one.family.card_number, one.reasons))
    return alike


def _typed_phones(fields: CardFields) -> list[str]:
    return [part for part in fields.phones.replace(";", ",").split(",") if part.strip()]


def make_card(
    session: Session, fields: CardFields, visitor: Visitor, at: datetime, *, extra_phone: str = ""
) -> tuple[Family | None, dict[str, str]]:
    """The card, or a sentence by field."""
    typed = _typed_phones(fields)
    try:
        family = families.new_card(
            session,
            surname=fields.surname,
            name=fields.name,
            patronymic=fields.patronymic,
            birth_date=fields.birth_date,
            phones=[*typed, *([extra_phone] if extra_phone else [])],
            address=fields.address,
            locality=fields.locality,
            warning=fields.warning,
            employee=visitor.employee,
            at=at,
            ip=visitor.ip,
        )
    except Incomplete as error:
        return None, error.fields
    return family, {}
