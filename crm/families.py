"""The families' cards: who may be calling, who may see which card, and new cards.

A caller's number is not an identity (reliability.md S15): `find_by_number` gives candidates, `crm.masked` what the
dispatcher needs to greet and to be careful; the full card is opened by `open_card`, which is audited.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVarTuple

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, contains_eager

from callflow.names import full_name
from callflow.phone import normalise
from callflow.text import clean_line, clean_text, search_key
from crm import institution
from crm.audit import Actor, write
from crm.base import MAX_ID, fetch
from crm.errors import Incomplete, NotFound
from crm.family_tables import (
    ACTIVE,
    IMPORTING,
    MERGED,
    CallerChoice,
    Candidate,
    Family,
    FamilyAssignment,
    FamilyStatus,
    Person,
    Phone,
)
from crm.masked import MaskedFamily, brief_of, masked
from crm.search.families import search
from crm.search.index import reindex_family
from crm.staff import Employee
from crm.visibility import seen_by, seen_family, sees_families, visible_to

__all__ = [
    "CallerChoice",
    "Candidate",
    "Family",
    "FamilyAssignment",
    "FamilyStatus",
    "MaskedFamily",
    "Person",
    "Phone",
    "brief_of",
    "fetch_family",
    "fetch_person",
    "find_by_number",
    "masked",
    "new_card",
    "open_card",
    "owners",
    "search",
    "seen_by",
    "sees_families",
    "sole_owner",
    "visible_to",
]

_Columns = TypeVarTuple("_Columns")


def find_by_number(session: Session, number: str) -> list[Candidate]:
    """Return everybody who has this number (E.164), remembered first, then applicants, then by age of the record.

    All of them, restricted families included: what of them may be shown is `masked`'s matter. Not those of cards that
    were merged or destroyed, nor removed numbers, nor people who have left. ≤ 10 ms at a million families.
    """
    statement = (
        _of_number(select(Phone), number)
        .options(contains_eager(Phone.person).contains_eager(Person.family))
        .order_by(Phone.id)
        .limit(50)
    )
    remembered = session.scalars(select(CallerChoice.person_id).where(CallerChoice.number == number)).one_or_none()
    candidates: dict[int, Candidate] = {}
    for phone in session.scalars(statement):
        person = phone.person
        candidates.setdefault(person.id, Candidate(person, person.family, phone, person.id == remembered))
    return sorted(candidates.values(), key=lambda one: (not one.remembered, not one.person.is_applicant, one.person.id))


def sole_owner(session: Session, number: str) -> tuple[int, int | None] | None:
    """Return the one person who has this number and his family, if any; None where nobody has it or several share it.

    Whom `find_by_number` would find, without reading a card: asked for every call that comes.
    """
    found = _of_number(select(Person.id, Person.family_id).select_from(Phone), number).distinct()
    people = [(person_id, family_id) for person_id, family_id in session.execute(found.limit(2))]
    return people[0] if len(people) == 1 else None


def owners(session: Session, number: str) -> set[int | None]:
    """Return the families whose people have this number; None stands for a person without a card."""
    found = _of_number(select(Person.family_id).select_from(Phone), number).distinct()
    return set(session.scalars(found.limit(50)))


def _of_number(statement: Select[*_Columns], number: str) -> Select[*_Columns]:
    """Not those of cards that were merged or destroyed, nor removed numbers, nor people who have left."""
    joined = statement.join(Phone.person).outerjoin(Person.family)
    there = joined.where(Phone.number == number, Phone.removed_at.is_(None), Person.left_at.is_(None))
    return there.where(or_(Family.id.is_(None), Family.state == ACTIVE))


def fetch_family(session: Session, family_id: int, viewer: Employee) -> Family:
    """Return the card, or the one that it was merged into: old links lead to where the records are now.

    Raises NotFound where there is none, where an import is not confirmed yet, and where the viewer may not know of it.
    """
    family = seen_family(session, _kept_instead_of(session, family_id), viewer)
    if family is None or family.state == IMPORTING:
        raise NotFound("Такой карточки нет.")
    return family


def _kept_instead_of(session: Session, family_id: int) -> int:
    """The card that this one was merged into, in the end of the chain; itself where it was not."""
    merged = select(Family.merged_into_id).where(Family.state == MERGED)
    while 1 <= family_id <= MAX_ID:
        kept = session.scalar(merged.where(Family.id == family_id))
        if kept is None:
            break
        family_id = kept
    return family_id


def fetch_person(session: Session, person_id: int, viewer: Employee) -> Person:
    """Return the person. Raises NotFound as `fetch_family` does."""
    person = fetch(session, Person, person_id)
    if person is None or not sees_families(viewer):
        raise NotFound("Такого человека нет в картотеке.")
    if person.family_id is not None:
        fetch_family(session, person.family_id, viewer)
    return person


def open_card(
    session: Session, family_id: int, viewer: Employee, at: datetime, *, call_id: int | None = None, ip: str = ""
) -> Family:
    """Return the full card and log that it was opened (domain.md §4.3). Raises NotFound as `fetch_family` does."""
    family = fetch_family(session, family_id, viewer)
    details = {} if call_id is None else {"call": call_id}
    actor = Actor.of(viewer, ip)
    write(
        session,
        actor,
        "family.open",
        subject="family",
        subject_id=family.id,
        family_id=family.id,
        details=details,
        at=at,
    )
    return family


def new_card(
    session: Session,
    *,
    surname: str,
    employee: Employee | None,
    at: datetime,
    name: str = "",
    patronymic: str = "",
    relation: str = "заявитель",
    birth_date: date | None = None,
    phones: Sequence[str] = (),
    family_name: str = "",
    address: str = "",
    locality: str = "",
    warning: str = "",
    ip: str = "",
) -> Family:
    """Open a card for an applicant; `phones` as typed. Raises Incomplete, field by field.

    The card number is «С-» and the row's id: unique and never reused, also on two engines and under two savers.
    """
    problems: dict[str, str] = {}
    surname = clean_line(surname)
    if not surname:
        problems["surname"] = "Укажите фамилию."
    code = institution.area_code(session)
    numbers = [(typed, normalise(typed, code)) for typed in phones if typed.strip()]
    if any(number is None for _typed, number in numbers):
        problems["phones"] = "Номер телефона не распознан: нужно 11 цифр, например 8 907 000-01-01."
    if birth_date is not None and not date(1900, 1, 1) <= birth_date <= at.date():
        problems["birth_date"] = "Такой даты рождения быть не может."
    if problems:
        raise Incomplete(problems)
    name, patronymic = clean_line(name), clean_line(patronymic)
    family = Family(
        card_number=f"new:{at.timestamp()}:{id(problems)}",
        name=clean_line(family_name) or surname,
        address=clean_line(address, 300),
        locality=clean_line(locality, 120),
        warning=clean_text(warning, 500),
        created_at=at,
        created_by_id=employee.id if employee else None,
        statuses=[],
    )
    person = Person(
        relation=clean_line(relation),
        surname=surname,
        name=name,
        patronymic=patronymic,
        birth_date=birth_date,
        is_applicant=True,
        search_key=search_key(full_name(surname, name, patronymic)),
    )
    person.phones = [
        Phone(number=number.e164, raw=clean_line(typed)) for typed, number in numbers if number is not None
    ]
    family.people = [person]
    session.add(family)
    session.flush()
    family.card_number = f"С-{family.id:05d}"
    reindex_family(session, family)
    if employee is not None:
        actor = Actor.of(employee, ip)
        write(session, actor, "family.create", subject="family", subject_id=family.id, family_id=family.id, at=at)
    return family
