"""Many synthetic families, quickly, for the benchmarks: the same ones every time, found by the search like others.

+7 907 000-xx-xx has room for ten thousand numbers only, so these lie in DEF codes 935 and 943–948, unallocated in the
Rossvyaz table of 04.2026 (domain.md §10.6). Not allocated is not reserved: a database filled by this must never get a
trunk.
"""

from array import array
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.text import search_key
from crm.demo.bulk_names import Surname, names
from crm.demo.bulk_rows import load, move_sequences, set_aside
from crm.family_tables import Family, FamilyStatus, Person, Phone
from crm.search.index import Place, places_of
from crm.search.tables import FamilyWord
from crm.search.words import ids_of
from crm.segments.facts import births_of

CODES = ("935", "943", "944", "945", "946", "947", "948")
CHUNK = 5_000
MANY = 50_000
"""From here on the indexes of the words are made after their rows, not with them."""
EPOCH = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)
CITY = "г. Заречинск"
_TYPES = ("многодетная", "малоимущая", "неполная")

Postings = dict[tuple[str, int], "array[int]"]
"""The cards of each word in each place, in their order: writing them needs no sorting."""


def number_of(index: int) -> str:
    """Return the mobile number of the applicant of family `index` (from 0); distinct up to 70 million."""
    code = CODES[index % len(CODES)]
    return f"+7{code}{index // len(CODES):07d}"


def families(session: Session, count: int, *, at: datetime = EPOCH) -> int:
    """Insert `count` families of four people with one number each, indexed; return how many records (words aside).

    Adds to what is there. On PostgreSQL by COPY; from MANY on it locks the words' table until the transaction ends.
    """
    first_family = (session.scalar(select(func.max(Family.id))) or 0) + 1
    first_person = (session.scalar(select(func.max(Person.id))) or 0) + 1
    postings: Postings = {}
    rows = 0
    for start in range(0, count, CHUNK):
        dice = Random(f"families {start}")  # noqa: S311 - the same ones every time
        cards: list[dict[str, Any]] = []
        people: list[dict[str, Any]] = []
        for index in range(start, min(start + CHUNK, count)):
            card, members = _family(dice, first_family + index, first_person + index * 4, at)
            card |= {"child_births": births_of(one["birth_date"] for one in members[2:]), "has_phone": True}
            cards.append(card)
            people.extend(members)
            _note_words(postings, card, members)
        numbers = [(number_of(index), first_person + index * 4) for index in range(start, start + len(cards))]
        phones = [
            {"person_id": owner, "number": number, "raw": number, "label": "мобильный"} for number, owner in numbers
        ]
        today = at.date()
        statuses = [
            {"family_id": card["id"], "type": _TYPES[card["id"] % 3], "basis": "документ", "verified_on": today}
            for card in cards
            if card["id"] % 4
        ]
        for model, values in ((Family, cards), (Person, people), (Phone, phones), (FamilyStatus, statuses)):
            rows += load(session, model, values)
    _write_words(session, postings, many=count >= MANY)
    move_sequences(session, ("family", "person"))
    return rows


def _family(dice: Random, family_id: int, person_id: int, at: datetime) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    lists = names()
    surname = lists.surnames.pick(dice)
    flat = f", кв. {dice.randint(1, 120)}" if dice.random() < 0.7 else ""
    card = {
        "id": family_id,
        "card_number": f"С-{family_id:05d}",
        "name": surname.family,
        "address": f"ул. {lists.streets.pick(dice)}, д. {dice.randint(1, 180)}{flat}",
        "locality": CITY if dice.random() < 0.5 else lists.villages.pick(dice),
        "created_at": at,
    }
    return card, list(_people(dice, surname, family_id, person_id))


def _people(dice: Random, surname: Surname, family_id: int, person_id: int) -> Iterator[dict[str, Any]]:
    lists = names()
    children = lists.fathers.pick(dice)
    kin = (
        ("мать", True, lists.fathers.pick(dice), dice.randint(22, 48)),
        ("отец", False, lists.fathers.pick(dice), dice.randint(24, 55)),
        ("дочь", True, children, dice.randint(0, 17)),
        ("сын", False, children, dice.randint(0, 17)),
    )
    for place, (relation, is_woman, stem, age) in enumerate(kin):
        name = lists.women.pick(dice) if is_woman else lists.men.pick(dice)
        own = surname.woman if is_woman else surname.man
        patronymic = stem + ("на" if is_woman else "ич")
        yield {
            "id": person_id + place,
            "family_id": family_id,
            "relation": relation,
            "surname": own,
            "name": name,
            "patronymic": patronymic,
            "birth_date": date(EPOCH.year - age, 1, 1) + timedelta(days=dice.randrange(365)),
            "is_applicant": place == 0,
            "search_key": f"{_folded(own)} {_folded(name)} {_folded(patronymic)}",
        }


@lru_cache(maxsize=50_000)
def _folded(text: str) -> str:
    return search_key(text)


def _note_words(postings: Postings, card: dict[str, Any], members: list[dict[str, Any]]) -> None:
    """As `crm.search.index.places_of` would: these texts are folded once each, not once a card."""
    places: dict[str, int] = {}
    for member in members:
        surname, rest = member["search_key"].split(" ", 1)
        places[surname] = min(Place.APPLICANT if member["is_applicant"] else Place.PERSON, places.get(surname, 9))
        for word in rest.split():
            places.setdefault(word, Place.PERSON)
    places.setdefault(_folded(card["name"]), Place.FAMILY)
    street, *numbers = card["address"].split(", ")
    for text in (street, card["locality"], *numbers):
        for word in _address_words(text):
            places.setdefault(word, Place.ADDRESS)
    for word, place in places.items():
        ids = postings.get((word, place))
        if ids is None:
            ids = postings[word, place] = array("q")
        ids.append(card["id"])


@lru_cache(maxsize=50_000)
def _address_words(text: str) -> tuple[str, ...]:
    return tuple(places_of("", text, "", ()))


def _write_words(session: Session, postings: Postings, *, many: bool) -> None:
    ids = ids_of(session, {word for word, _ in postings}, of_cards=True)
    keys = sorted((ids[word], int(place), word) for word, place in postings)
    rows = (
        {"word_id": word_id, "place": place, "family_id": family_id}
        for word_id, place, word in keys
        for family_id in postings[word, place]
    )
    with set_aside(session, FamilyWord, really=many):
        load(session, FamilyWord, rows)
