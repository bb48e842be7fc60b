"""«Позвонить» on a tip: a person calls, never the robot; in the whole open time, and with a reason even a family that
asked not to be called (domain.md §3.3, §6.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from callflow.calendar import LineState
from callflow.text import clean_line
from crm.calendar.reading import calendar_of
from crm.cards.safe_contact import warnings_of
from crm.dialler import refusals
from crm.errors import Incomplete, NotFound, RecordsError
from crm.families import Person, Phone
from crm.family_tables import Family
from crm.outgoing import asking
from crm.outgoing.tables import OutgoingCall
from crm.outgoing.target import SOMEBODY_ELSE
from crm.staff import Employee
from crm.tips import attempts
from crm.tips.access import card_of, working
from crm.tips.log import log
from crm.tips.rules import is_adult

PURPOSE = "информация от третьего лица"
URGENT = "срочно: сообщили, что семье нужна помощь"
"""Why we call at an hour when the family asked not to be called."""


@dataclass(frozen=True)
class Number:
    """One telephone of the family. `phone`: of the card, None for what we were told. `refused`: asked not to be called.

    `warnings`: sentences, the most important first.
    """

    number: str
    phone: Phone | None = None
    person: Person | None = None
    refused: bool = False
    warnings: Sequence[str] = ()


def numbers_of(session: Session, told: Sequence[str], family: Family | None, at: datetime) -> list[Number]:
    """Every known telephone: the card's, grown-ups first, then what we were told. `family`: as the viewer sees it."""
    found: dict[str, Number] = {}
    today = at.date()
    members = sorted(family.members, key=lambda one: (not is_adult(one.birth_date, today), not one.is_applicant, one.id)
                     ) if family else []  # fmt: skip
    for person in members:
        for phone in person.phones:
            if phone.removed_at is None and phone.number and phone.number not in found and family is not None:
                refused = person.do_not_call or refusals.of(session, phone.number, person.id).everything
                warnings = warnings_of(family, phone, person=person)
                found[phone.number] = Number(phone.number, phone, person, refused, warnings)
    for number in told:
        found.setdefault(number, Number(number, refused=refusals.of(session, number, None).everything))
    return list(found.values())


def call(
    session: Session,
    tip_id: int,
    employee: Employee,
    *,
    number: str = "",
    phone_id: int | None = None,
    reason: str = "",
    mode: Literal["demo", "live"],
    at: datetime,
    ip: str = "",
) -> OutgoingCall:
    """Write the order to call one of the family's telephones. After the commit the page wakes the clerk.

    Raises NotFound; Incomplete (reason) where the person asked not to be called; RecordsError outside of open time, for
    a tip that is over, and where `crm.outgoing` refuses.
    """
    tip = working(session, tip_id, employee)
    if tip.ended_at is not None:
        raise RecordsError("Работа по этой информации закончена: звонить не нужно.")
    if calendar_of(session, tip.service_id).at(at).state is not LineState.OPEN:
        raise RecordsError("Сейчас перерыв или нерабочее время: звонок возможен, как только служба откроется.")
    wanted = _wanted(numbers_of(session, tip.numbers, card_of(session, tip, employee), at), number, phone_id)
    why = clean_line(reason, 200)
    if wanted.refused and not why:
        raise Incomplete({"reason": "Человек просил не звонить. Напишите, почему звоните всё равно."})
    order = asking.ask(
        session,
        employee,
        number=wanted.number,
        phone_id=wanted.phone.id if wanted.phone else None,
        person_id=wanted.person.id if wanted.person else SOMEBODY_ELSE,
        purpose=PURPOSE,
        reason=why or URGENT,
        mode=mode,
        at=at,
        ip=ip,
    )
    attempts.note_order(session, tip, order, employee, at)
    log(session, "tip.call", tip, employee, at, ip, **({"despite": True} if wanted.refused else {}))
    session.flush()
    return order


def _wanted(known: Sequence[Number], number: str, phone_id: int | None) -> Number:
    for one in known:
        if phone_id is not None and one.phone is not None and one.phone.id == phone_id:
            return one
        if phone_id is None and one.phone is None and one.number == number:
            return one
    raise NotFound("Такого телефона у семьи нет.")
