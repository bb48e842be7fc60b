"""Which cards are likely to be of the family whose card is just being opened (reliability.md B55).

A likeness is a reason to look, never a decision: two families of one block have one telephone, and namesakes exist.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callflow.phone import normalise
from callflow.text import search_key
from crm import institution
from crm.family_tables import ACTIVE, Family, Person, Phone
from crm.masked import CHILD_RELATIONS
from crm.search.families import holding
from crm.search.words import ADDRESS_SIGNS, words_of
from crm.staff import Employee
from crm.visibility import seen_by, sees_families

SHOWN = 5
LOOKED_AT = 200
SAME_PHONE = "тот же телефон"


@dataclass(frozen=True)
class Likeness:
    """A card that may be the same family's, with the reasons in words."""

    family: Family
    reasons: tuple[str, ...]


def likely(
    session: Session,
    *,
    surname: str,
    viewer: Employee,
    name: str = "",
    patronymic: str = "",
    birth_date: date | None = None,
    phones: Sequence[str] = (),
    address: str = "",
) -> list[Likeness]:
    """Return at most five cards that the typed ones resemble, those with more reasons first.

    Small and capital letters, ё and е, doubled spaces and a surname typed into the name's field make no difference.
    A card that the viewer may not see is not among them, nor anything that would tell of it.
    """
    if not sees_families(viewer):
        return []
    reasons: dict[int, dict[str, None]] = {}
    typed = " ".join(part for part in (search_key(surname), search_key(name), search_key(patronymic)) if part)
    for family_id in _by_phone(session, phones):
        reasons.setdefault(family_id, {})[SAME_PHONE] = None
    for family_id, reason in _by_name(session, typed, birth_date):
        reasons.setdefault(family_id, {})[reason] = None
    for family_id, reason in _by_birth(session, typed, birth_date):
        reasons.setdefault(family_id, {})[reason] = None
    by_address = _by_address(session, surname, address, viewer)
    seen = select(Family).where(Family.id.in_([*reasons, *by_address]), Family.state == ACTIVE, seen_by(viewer))
    found = []
    for family in session.scalars(seen.limit(LOOKED_AT)):
        of_card = reasons.get(family.id, {})
        if family.id in by_address and _stem(search_key(surname)) in {
            _surname(one.search_key) for one in family.people
        }:
            of_card["та же фамилия и адрес"] = None
        if of_card:
            found.append(Likeness(family, tuple(of_card)))
    return sorted(found, key=lambda one: (-len(one.reasons), one.family.id))[:SHOWN]


def _by_phone(session: Session, phones: Sequence[str]) -> Iterable[int]:
    code = institution.area_code(session)
    numbers = [number.e164 for number in (normalise(typed, code) for typed in phones) if number is not None]
    if not numbers:
        return []
    statement = (
        select(Person.family_id)
        .join(Phone, Phone.person_id == Person.id)
        .where(Phone.number.in_(numbers), Phone.removed_at.is_(None), Person.family_id.is_not(None))
        .limit(LOOKED_AT)
    )
    return [family_id for family_id in session.scalars(statement) if family_id is not None]


def _by_name(session: Session, typed: str, birth_date: date | None) -> Iterable[tuple[int, str]]:
    """The whole name in any order of its parts, unless both birth dates are known and differ: that is a namesake."""
    words = typed.split()
    if not 2 <= len(words) <= 4:
        return
    orders = [" ".join(order) for order in permutations(words)]
    same = select(Person.family_id, Person.search_key).where(Person.search_key.in_(orders))
    if birth_date is not None:
        same = same.where(or_(Person.birth_date.is_(None), Person.birth_date == birth_date))
    for family_id, key in session.execute(same.limit(LOOKED_AT)):
        if family_id is not None:
            yield family_id, "те же фамилия и имя" if key == typed else "те же фамилия и имя, переставлены"


def _by_birth(session: Session, typed: str, birth_date: date | None) -> Iterable[tuple[int, str]]:
    """Somebody born on that day whose surname is the same, in the other gender too."""
    if birth_date is None or not typed:
        return
    born = select(Person.family_id, Person.search_key, Person.relation).where(Person.birth_date == birth_date)
    stems = {_stem(word) for word in typed.split()}
    for family_id, key, relation in session.execute(born.limit(5_000)):
        if family_id is not None and _surname(key) in stems:
            yield family_id, f"та же фамилия и дата рождения{' ребёнка' if relation in CHILD_RELATIONS else ''}"


def _by_address(session: Session, surname: str, address: str, viewer: Employee) -> Sequence[int]:
    numbers_and_street = [word for word in words_of(address[:300]) if word not in ADDRESS_SIGNS]
    stems = [_stem(word) for word in words_of(surname[:80])]
    if len(numbers_and_street) < 2 or not stems:
        return []
    return holding(session, [*stems[:1], *numbers_and_street[:5]], viewer, 20)


def _surname(key: str) -> str:
    return _stem(key.partition(" ")[0])


def _stem(word: str) -> str:
    """«Иванова» and «Иванов», «Белая» and «Белый»: what is left of both."""
    for ending in ("ая", "ий", "ый", "ой", "а"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
