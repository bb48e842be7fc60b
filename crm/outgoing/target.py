"""Whom a click on «Позвонить» means, and what the operator must know before the number is dialled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.phone import normalise
from crm import families, institution
from crm.base import fetch
from crm.cards.safe_contact import warnings_of, when_allowed
from crm.dialler import refusals
from crm.errors import Incomplete, NotFound
from crm.family_tables import Candidate, Family, Person, Phone
from crm.staff import Employee

SOMEBODY_ELSE = 0
"""In place of a person's id: «другой человек», nobody of those who have the number."""


@dataclass(frozen=True)
class Target:
    """One number and who may answer it.

    `people`: whom the operator may choose among; `person`, `family`: whom the call is for, None while that is not
    known; `welcome`: whether the family may be called now; `refused`: it has refused every call, and is called for an
    urgent reason only (domain.md §3.2); `warnings`: sentences, the most important first.
    """

    number: str
    people: Sequence[Candidate] = ()
    person: Person | None = None
    family: Family | None = None
    must_choose: bool = False
    welcome: bool = True
    refused: bool = False
    hours: str = ""
    warnings: Sequence[str] = ()


def find(
    session: Session,
    employee: Employee,
    at: datetime,
    *,
    number: str = "",
    phone_id: int | None = None,
    family_id: int | None = None,
    person_id: int | None = None,
) -> Target:
    """Whom `phone_id` of a card, or a number as somebody wrote it, means.

    Without `person_id` a number that several people share leaves `must_choose`; SOMEBODY_ELSE settles it too. Cards
    that this employee may not see are not offered, but their hours hold. Raises NotFound, and Incomplete for a text
    that is no number.
    """
    if phone_id is not None:
        phone = _phone_of_card(session, phone_id, employee)
        number, family_id = phone.number, phone.person.family_id
        if person_id is None:
            person_id = phone.person_id
    known = normalise(number, institution.area_code(session))
    if known is None:
        # The text itself is judged and named by `callflow.phone.refusal`.
        return Target(number)
    found = families.find_by_number(session, known.e164)
    seen = [one for one in found if one.family is None or families.visible_to(session, one.family, employee)]
    people = [one for one in seen if family_id is None or one.person.family_id == family_id]
    chosen = _chosen(people, person_id)
    if chosen is None and person_id not in (None, SOMEBODY_ELSE):
        raise Incomplete({"person_id": "У этого человека такого номера нет: выберите из списка."})
    if chosen is None and person_id is None and len(found) == 1 and family_id in (None, found[0].person.family_id):
        chosen = found[0]
    meant = [chosen] if chosen else found
    family = chosen.family if chosen else _family(session, family_id, employee)
    limits = [one.family for one in meant if one.family is not None] or ([family] if family else [])
    local = at.astimezone(_zone(session))
    contacts = [when_allowed(one.contact_from, one.contact_until, local) for one in limits]
    refused = _refused(session, known.e164, meant, family)
    return Target(
        number=known.e164,
        people=people,
        person=chosen.person if chosen else None,
        family=family,
        must_choose=chosen is None and person_id is None and bool(people),
        welcome=all(one.allowed for one in contacts) and not refused,
        refused=refused,
        hours=next((one.words for one in contacts if not one.allowed), ""),
        warnings=_warnings(session, meant, family, employee),
    )


def _refused(session: Session, number: str, meant: Sequence[Candidate], family: Family | None) -> bool:
    """Whether one of those who may be called here does not want to be: by his card, or by a refusal with its proof."""
    people = [one.person for one in meant]
    if any(person.do_not_call or refusals.of(session, number, person.id).everything for person in people):
        return True
    return refusals.of(session, number, None, family.id if family is not None else None).everything


def _phone_of_card(session: Session, phone_id: int, employee: Employee) -> Phone:
    phone = fetch(session, Phone, phone_id)
    family = phone.person.family if phone else None
    if phone is None or phone.removed_at is not None or phone.person.left_at is not None:
        raise NotFound("Такого номера в карточке нет.")
    if family is not None and not families.visible_to(session, family, employee):
        raise NotFound("Такого номера в карточке нет.")
    return phone


def _chosen(people: Sequence[Candidate], person_id: int | None) -> Candidate | None:
    if person_id is not None:
        return next((one for one in people if one.person.id == person_id), None)
    return people[0] if len(people) == 1 else None


def _family(session: Session, family_id: int | None, employee: Employee) -> Family | None:
    """The card that the page named, for a number that stands on no card (a missed call's)."""
    if family_id is None:
        return None
    family = fetch(session, Family, family_id)
    return family if family is not None and families.visible_to(session, family, employee) else None


def _warnings(
    session: Session, meant: Sequence[Candidate], family: Family | None, employee: Employee
) -> tuple[str, ...]:
    sentences: list[str] = []
    for one in meant:
        if one.family is not None:
            named = families.visible_to(session, one.family, employee)
            sentences.extend(warnings_of(one.family, one.phone, person=one.person, named=named))
    if family is not None and not meant:
        sentences.extend(warnings_of(family))
    return tuple(dict.fromkeys(sentences))


def _zone(session: Session) -> ZoneInfo:
    name = session.scalars(select(institution.Institution.timezone).order_by(institution.Institution.id)).first()
    return ZoneInfo(name or "Europe/Moscow")
