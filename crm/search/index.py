"""Keeping the families' words in step with their cards, in the card's own transaction; and with them what segments ask
(`crm.segments.facts`).

The index is made from the records alone; `reindex_everything` makes it again.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from crm.db import Database
from crm.family_tables import ACTIVE, IMPORTING, Family, Person
from crm.search.tables import FamilyWord
from crm.search.words import ADDRESS_SIGNS, CHUNK, ids_of, words_of
from crm.segments import facts

KEPT_STATES = (ACTIVE, IMPORTING)
"""Cards of an import are indexed before they are confirmed, so that confirming is one small step; `crm.search.families`
finds active ones only."""


class Place(IntEnum):
    """Where a word stands in the card, in the order in which results are shown."""

    APPLICANT = 1
    """The applicant's surname."""
    PERSON = 2
    """Any other part of a member's name."""
    FAMILY = 3
    """The family's name."""
    ADDRESS = 4
    LEFT = 5
    """The name of somebody who has left the family."""


def reindex_family(session: Session, family: Family) -> None:
    """Bring the words of this card up to date: the members, the family's name, address and locality as they are now.

    A card merged away or destroyed loses its words. Call it after every change of those, in the same transaction.
    """
    session.flush()
    _replace(session, [family.id])


def forget_family(session: Session, family_id: int) -> None:
    """Take the card's words out of the index."""
    session.execute(delete(FamilyWord).where(FamilyWord.family_id == family_id))


def index_many(session: Session, family_ids: Sequence[int]) -> None:
    """Index many cards at once: an import, a bench, a repair."""
    session.flush()
    for start in range(0, len(family_ids), CHUNK):
        _replace(session, family_ids[start : start + CHUNK])


def reindex_everything(database: Database) -> int:
    """Make the whole index again, a thousand cards a transaction; return how many. Others may go on working."""
    done = last = 0
    while True:
        with database.transaction() as session:
            ids = session.scalars(select(Family.id).where(Family.id > last).order_by(Family.id).limit(CHUNK)).all()
            if not ids:
                return done
            _replace(session, ids)
        done, last = done + len(ids), ids[-1]


def places_of(
    family_name: str, address: str, locality: str, people: Iterable[tuple[str, str, str, bool, bool]]
) -> dict[str, int]:
    """Return each word of a card with its best place. People as (surname, name, patronymic, is applicant, has left)."""
    places: dict[str, int] = {}

    def note(text: str, place: Place) -> None:
        for word in words_of(text):
            places[word] = min(place, places.get(word, place))

    for surname, name, patronymic, is_applicant, has_left in people:
        if has_left:
            note(f"{surname} {name} {patronymic}", Place.LEFT)
        else:
            note(surname, Place.APPLICANT if is_applicant else Place.PERSON)
            note(f"{name} {patronymic}", Place.PERSON)
    note(family_name, Place.FAMILY)
    for word in set(words_of(f"{address} {locality}")) - ADDRESS_SIGNS:
        places.setdefault(word, Place.ADDRESS)
    return places


def _replace(session: Session, family_ids: Sequence[int]) -> None:
    cards = _cards(session, family_ids)
    ids = ids_of(session, {word for places in cards.values() for word in places}, of_cards=True)
    wanted = {(ids[word], place, family_id) for family_id, places in cards.items() for word, place in places.items()}
    facts.refresh(session, family_ids)
    columns = (FamilyWord.word_id, FamilyWord.place, FamilyWord.family_id)
    stored = {tuple(row) for row in session.execute(select(*columns).where(FamilyWord.family_id.in_(family_ids)))}
    for word_id, place, family_id in sorted(stored - wanted):
        session.execute(
            delete(FamilyWord).where(
                FamilyWord.word_id == word_id, FamilyWord.place == place, FamilyWord.family_id == family_id
            )
        )
    rows: list[dict[str, Any]] = [
        {"word_id": word_id, "place": place, "family_id": family_id}
        for word_id, place, family_id in sorted(wanted - stored)
    ]
    if rows:
        session.connection().execute(insert(FamilyWord), rows)


def _cards(session: Session, family_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return the words of each card that is kept in the index, with their places."""
    people: dict[int | None, list[tuple[str, str, str, bool, bool]]] = {}
    member = select(
        Person.family_id, Person.surname, Person.name, Person.patronymic, Person.is_applicant, Person.left_at
    )
    for family_id, surname, name, patronymic, is_applicant, left_at in session.execute(
        member.where(Person.family_id.in_(family_ids))
    ):
        people.setdefault(family_id, []).append((surname, name, patronymic, is_applicant, left_at is not None))
    header = select(Family.id, Family.name, Family.address, Family.locality)
    return {
        id_: places_of(name, address, locality, people.get(id_, ()))
        for id_, name, address, locality in session.execute(
            header.where(Family.id.in_(family_ids), Family.state.in_(KEPT_STATES))
        )
    }
