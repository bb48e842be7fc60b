"""The search field: a name in any order, a telephone in any spelling, or a card number, within what the viewer may
see.
"""

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from callflow.phone import normalise
from callflow.text import clean_line, search_key
from crm import institution
from crm.family_tables import Family, Person, Phone
from crm.staff import Employee
from crm.visibility import seen_by, sees_families

LONGEST_QUERY = 200
MOST_WORDS = 6


@dataclass(frozen=True)
class Found:
    """One line of the result: a person, with the card where there is one."""

    person: Person
    family: Family | None


def search(session: Session, text: str, viewer: Employee, limit: int = 20) -> list[Found]:
    """Return people whose name, telephone or card matches, by name; nothing for an empty text.

    Families that the viewer may not see are not found and not counted. `%`, `_` and `\\` are letters like others (B62).
    """
    condition = _condition(session, text)
    if condition is None or not sees_families(viewer):
        return []
    statement = _visible(viewer).where(condition).options(joinedload(Person.family))
    statement = statement.order_by(Person.search_key, Person.id).limit(max(1, min(limit, 200)))
    return [Found(person, person.family) for person in session.scalars(statement)]


def count(session: Session, text: str, viewer: Employee) -> int:
    """Return how many people `search` would find without its limit."""
    condition = _condition(session, text)
    if condition is None or not sees_families(viewer):
        return 0
    return session.scalar(select(func.count()).select_from(_visible(viewer).where(condition).subquery())) or 0


def _visible(viewer: Employee) -> Select[Person]:
    return (
        select(Person)
        .outerjoin(Family, Family.id == Person.family_id)
        .where(or_(Person.family_id.is_(None), seen_by(viewer)))
    )


def _condition(session: Session, text: str) -> ColumnElement[bool] | None:
    """What the text means: a telephone, else a card number, else parts of a name."""
    line = clean_line(text, LONGEST_QUERY)
    if not line:
        return None
    number = normalise(line, institution.area_code(session))
    if number is not None:
        return Person.id.in_(select(Phone.person_id).where(Phone.number == number.e164))
    card = re.fullmatch(r"(?:[CcСс][-– ]?|№ ?)?0*([1-9][0-9]{0,9})", line)
    if card:
        return Family.card_number == f"С-{int(card[1]):05d}"
    words = search_key(line).split()[:MOST_WORDS]
    if not words:
        return None
    return and_(*(_name_part(word) for word in words))


def _name_part(word: str) -> ColumnElement[bool]:
    """A word of the person's name, from its beginning: «водкина» finds «Петрова-Водкина», «ова» does not find half the
    town.

    `search_key` has single spaces between words and no signs, so a word begins the key or follows a space.
    """
    # autoescape: the reader's % and _ are letters.
    begins = Person.search_key.startswith(word, autoescape=True)
    return or_(begins, Person.search_key.contains(f" {word}", autoescape=True))
