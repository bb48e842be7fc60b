"""What an operator may see of a card before the caller's identity is confirmed: enough to greet and to be careful
(S15).
"""

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from callflow.names import address_form
from callflow.phone import PhoneNumber
from crm.family_tables import Family, Person, Phone
from crm.staff import Employee
from crm.visibility import visible_to

CHILD_RELATIONS = frozenset(["сын", "дочь", "подопечный", "подопечная", "внук", "внучка"])
SPECIAL_STATUSES = frozenset(["ребёнок-инвалид", "инвалид", "беременная", "СОП", "семья участника СВО"])
"""Health, a resolution of the commission, service at the front: never in a text that is printed or read aloud (§4.1).
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
    number = masked_number(phone if isinstance(phone, str) else phone.number)
    if family is not None and not visible_to(session, family, viewer):
        warning = family.warning or RESTRICTED_WARNING
        return MaskedFamily(
            person_id=person.id,
            family_id=family.id,
            restricted=True,
            family_name=RESTRICTED_TITLE,
            phone=number,
            warnings=(warning,),
            remembered=remembered,
        )
    statuses = [status.type for status in family.statuses] if family else []
    return MaskedFamily(
        person_id=person.id,
        family_id=family.id if family else None,
        restricted=bool(family and family.restricted),
        greeting=address_form(person.surname, person.name, person.patronymic),
        relation=person.relation,
        family_name=family.name if family else person.surname,
        phone=number,
        address=masked_address(family) if family else "",
        statuses=tuple(status for status in statuses if status not in SPECIAL_STATUSES),
        children=len(children_of(family)) if family else 0,
        warnings=(family.warning,) if family and family.warning else (),
        remembered=remembered,
    )


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
    """Return the family's children in the order of the card."""
    return [person for person in family.people if person.relation in CHILD_RELATIONS]


def brief_of(family: Family) -> str:
    """Return column 3 of the journal: «Кузнецовы, 3 детей (2010, 2014, 2019 г. р.), многодетная».

    Made from fields that are not special only (domain.md §4.3: free text is where data leaks).
    """
    children = children_of(family)
    years = ", ".join(str(child.birth_date.year) for child in children if child.birth_date)
    parts = [family.name]
    if children:
        parts.append(f"{_counted(len(children))}{f' ({years} г. р.)' if years else ''}")
    parts.extend(status.type for status in family.statuses if status.type not in SPECIAL_STATUSES)
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
