"""What an operator may see of a card before the caller's identity is confirmed: enough to greet and to be careful
(S15).
"""

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session, object_session

from callflow.names import address_form
from callflow.phone import PhoneNumber
from crm.cards.catalogues import special_codes
from crm.cards.safe_contact import warnings_of
from crm.family_tables import Family, FamilyStatus, Person, Phone
from crm.staff import Employee
from crm.visibility import visible_to

CHILD_RELATIONS = frozenset(["сын", "дочь", "пасынок", "падчерица", "подопечный", "подопечная", "внук", "внучка"])
SPECIAL_STATUSES = frozenset(["ребёнок-инвалид", "инвалид", "беременная", "СОП", "семья участника СВО"])
"""Health, a resolution of the commission, service at the front: never in a text that is printed or read aloud (§4.1).

These whatever the institution's list says; the list may add to them.
"""

RESTRICTED_TITLE = "карточка с ограниченным доступом"
RESTRICTED_WARNING = "Сведения о семье не раскрывать; сообщите заведующему отделением."


@dataclass(frozen=True)
class MaskedFamily:
    """What the pop shows. `greeting` «Елена Викторовна»; `address` without house and flat; no child's name or birth
    date.
    """

    person_id: int
    family_id: int | None
    restricted: bool
    family_name: str
    phone: str
    greeting: str = ""
    relation: str = ""
    address: str = ""
    statuses: tuple[str, ...] = ()
    children: int = 0
    warnings: tuple[str, ...] = ()
    remembered: bool = False


def masked(
    session: Session,
    person: Person,
    family: Family | None,
    phone: str | Phone,
    viewer: Employee,
    *,
    remembered: bool = False,
) -> MaskedFamily:
    """Return what `viewer` may see of this person while the telephone rings; `phone` is the number that calls.

    Of a restricted family, those not entitled see only that there is such a card, and what to do.
    """
    known = phone if isinstance(phone, Phone) else _number_of(person, phone)
    number = masked_number(phone if isinstance(phone, str) else phone.number)
    if family is not None and not visible_to(session, family, viewer):
        warnings = (family.warning or RESTRICTED_WARNING, *warnings_of(family, named=False))
        return MaskedFamily(
            person_id=person.id,
            family_id=family.id,
            restricted=True,
            family_name=RESTRICTED_TITLE,
            phone=number,
            warnings=warnings,
            remembered=remembered,
        )
    return MaskedFamily(
        person_id=person.id,
        family_id=family.id if family else None,
        restricted=bool(family and family.restricted),
        greeting=address_form(person.surname, person.name, person.patronymic),
        relation=person.relation,
        family_name=family.name if family else person.surname,
        phone=number,
        address=masked_address(family) if family else "",
        statuses=tuple(status.type for status in open_statuses(family)) if family else (),
        children=len(children_of(family)) if family else 0,
        warnings=warnings_of(family, known, person=person) if family else (),
        remembered=remembered,
    )


def _number_of(person: Person, number: str) -> Phone | None:
    return next((phone for phone in person.active_phones if phone.number == number), None)


def masked_number(number: str) -> str:
    """Return «+7 907 •••-••-01»; of a number that is not Russian, its last two digits; of none, nothing."""
    try:
        return PhoneNumber(number).masked
    except ValueError:
        return f"•••{number[-2:]}" if number else ""


def masked_address(family: Family) -> str:
    """«г. Заречинск, ул. Лесная, ••»: the street tells who it may be, the house where they live."""
    street = re.split(r",?\s*(?:д(?:ом)?\.?\s*)?\d", family.address, maxsplit=1)[0].strip(" ,")
    parts = [part for part in (family.locality, street) if part]
    return ", ".join([*parts, "••"]) if parts else ""


def children_of(family: Family) -> list[Person]:
    """Return the family's children in the order of the card; who has left is not among them."""
    return [person for person in family.members if person.relation in CHILD_RELATIONS]


def open_statuses(family: Family, today: date | None = None) -> list[FamilyStatus]:
    """Return the statuses that may be printed or read aloud: in force, and not special.

    With `today`, those whose term has run out are left out as well.
    """
    session = object_session(family)
    special = SPECIAL_STATUSES | (special_codes(session, "status") if session else frozenset())
    return [
        status
        for status in family.standing_statuses
        if status.type not in special and not (today and status.valid_to and status.valid_to < today)
    ]


def brief_of(family: Family, today: date | None = None) -> str:
    """Return column 3 of the journal: «Кузнецовы, 3 детей (2010, 2014, 2019 г. р.), многодетная».

    Made from fields that are not special only (domain.md §4.3: free text is where data leaks).
    """
    children = children_of(family)
    years = ", ".join(str(child.birth_date.year) for child in children if child.birth_date)
    parts = [family.name]
    if children:
        parts.append(f"{_counted(len(children))}{f' ({years} г. р.)' if years else ''}")
    parts.extend(status.type for status in open_statuses(family, today))
    return ", ".join(parts)


def _counted(number: int) -> str:
    if number % 10 == 1 and number % 100 != 11:
        return f"{number} ребёнок"
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return f"{number} ребёнка"
    return f"{number} детей"


def age(person: Person, today: date) -> int | None:
    """Return the age in whole years on `today`."""
    born = person.birth_date
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
