"""The form of a new card, used beside a talk and on its own page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from sqlalchemy.orm import Session

from crm import families
from crm.errors import Incomplete
from crm.families import Family
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


def make_card(
    session: Session, fields: CardFields, visitor: Visitor, at: datetime, *, extra_phone: str = ""
) -> tuple[Family | None, dict[str, str]]:
    """The card, or a sentence by field."""
    typed = [part for part in fields.phones.replace(";", ",").split(",") if part.strip()]
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
