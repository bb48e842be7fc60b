"""Pairs of cards that look like one family, for the head; and the answer «these are different families»."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.cards.tables import NotDuplicate
from crm.errors import RecordsError
from crm.families import fetch_family
from crm.family_tables import ACTIVE, Family, Person, Phone
from crm.staff import Employee
from crm.upsert import insert_missing
from crm.visibility import seen_by, sees_families

KINDS = {"phone": "один телефон", "name": "одно имя и дата рождения заявителя"}
PAGE = 20
KEYS_AT_ONCE = 40
LOOKS = 25
"""How often a page looks for more keys before it says «go on from here»: most may have been answered already."""

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Pair:
    """Two cards that look alike; `first` is the older one."""

    first: Family
    second: Family


@dataclass(frozen=True)
class PairsPage:
    """Some pairs; `after` says where to go on (a record's id, never a number or a name), None: that was all."""

    pairs: tuple[Pair, ...]
    after: int | None


def pairs(session: Session, viewer: Employee, kind: str, after: int = 0) -> PairsPage:
    """Return pairs of active cards with the same telephone, or with the same name and birth date of the applicant.

    `after` is what the page before gave, 0 for the first. Pairs that somebody has called different are not proposed
    again. Walks along an index, so that a page costs the same at a million families. Raises RecordsError for a `kind`
    that is none of KINDS.
    """
    if kind not in KINDS:
        raise RecordsError("Такого списка нет.")
    if not sees_families(viewer):
        return PairsPage((), None)
    found: list[Pair] = []
    key = _key_of(session, kind, after)
    for _ in range(LOOKS):
        repeated = _repeated(session, kind, key)
        by_key = _cards_of(session, viewer, kind, repeated)
        for key in repeated:
            found += _without_answered(session, by_key.get(key, []))
            if len(found) >= PAGE:
                return PairsPage(tuple(found), _id_of(session, kind, key))
        if len(repeated) < KEYS_AT_ONCE:
            return PairsPage(tuple(found), None)
    return PairsPage(tuple(found), _id_of(session, kind, key) if key else None)


def call_different(
    session: Session, one_id: int, other_id: int, employee: Employee, at: datetime, *, ip: str = ""
) -> None:
    """Remember that these two are different families. Raises NotFound unless the employee may see both."""
    low, high = sorted((fetch_family(session, one_id, employee).id, fetch_family(session, other_id, employee).id))
    if low == high:
        raise RecordsError("Это одна и та же карточка.")
    values = {"low_id": low, "high_id": high, "employee_id": employee.id, "at": at}
    if session.get(NotDuplicate, (low, high)) is None:
        insert_missing(session, NotDuplicate, values, ["low_id", "high_id"])
        actor = Actor.of(employee, ip)
        details = {"other": high}
        write(
            session, actor, "family.different", subject="family", subject_id=low, family_id=low, details=details, at=at
        )


def _columns(kind: str) -> tuple[Any, ...]:
    return (Phone.number,) if kind == "phone" else (Person.search_key, Person.birth_date)


def _key_of(session: Session, kind: str, row_id: int) -> Key | None:
    model = Phone if kind == "phone" else Person
    row = session.execute(select(*_columns(kind)).where(model.id == row_id)).first() if 0 < row_id < 2**63 else None
    return tuple(row) if row else None


def _id_of(session: Session, kind: str, key: Key) -> int | None:
    model = Phone if kind == "phone" else Person
    return session.scalar(select(func.min(model.id)).where(tuple_(*_columns(kind)) == key))


def _repeated(session: Session, kind: str, after: Key | None) -> list[Key]:
    """The next keys that more than one record has, in the order of the index."""
    columns = _columns(kind)
    statement = select(*columns).group_by(*columns).having(func.count() > 1).order_by(*columns).limit(KEYS_AT_ONCE)
    if kind == "name":
        statement = statement.where(Person.is_applicant, Person.birth_date.is_not(None))
    if after is not None:
        statement = statement.where(tuple_(*columns) > after)
    return [tuple(row) for row in session.execute(statement)]


def _cards_of(session: Session, viewer: Employee, kind: str, keys: Sequence[Key]) -> dict[Key, list[Family]]:
    if not keys:
        return {}
    columns = _columns(kind)
    statement = select(Family, *columns).join(Person, Person.family_id == Family.id)
    if kind == "phone":
        statement = statement.join(Phone, Phone.person_id == Person.id).where(Phone.removed_at.is_(None))
    else:
        statement = statement.where(Person.is_applicant)
    statement = statement.where(tuple_(*columns).in_(keys), Person.left_at.is_(None))
    statement = statement.where(Family.state == ACTIVE, seen_by(viewer)).order_by(Family.id)
    cards: dict[Key, list[Family]] = {}
    for family, *key in session.execute(statement):
        of_key = cards.setdefault(tuple(key), [])
        if family not in of_key:
            of_key.append(family)
    return cards


def _without_answered(session: Session, cards: Sequence[Family]) -> list[Pair]:
    """The oldest card beside each of the others."""
    if len(cards) < 2:
        return []
    first, *others = cards
    answered = select(NotDuplicate.high_id).where(NotDuplicate.low_id == first.id)
    different = set(session.scalars(answered.where(NotDuplicate.high_id.in_([one.id for one in others]))))
    return [Pair(first, one) for one in others if one.id not in different]
