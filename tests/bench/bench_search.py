"""Searching families as dispatchers do, at full size and on both engines; beside it a plain LIKE over the same people.

A mix of what is typed: whole names, beginnings, inner parts, a child with the mother's surname, addresses, frequent
words beside frequent ones, words that never meet. And what is asked while a new card is typed.

    BENCH_FAMILIES=10000 .venv/bin/python tests/bench/bench_search.py
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import func, select  # noqa: E402

from crm.cards.duplicate_pairs import pairs  # noqa: E402
from crm.cards.duplicates import likely  # noqa: E402
from crm.db import Database  # noqa: E402
from crm.demo import bulk  # noqa: E402
from crm.family_tables import Family, Person  # noqa: E402
from crm.search.families import search  # noqa: E402
from crm.staff import Employee, by_login  # noqa: E402
from tests.bench.big_records import big_records  # noqa: E402
from tests.bench.figure import Figure, percentile, table  # noqa: E402
from tests.bench.sizes import ENGINES, FULL, MIDDLE  # noqa: E402

SEARCH_MS = 60.0
ASKED, WARM_UP, PEER_ASKED = 440, 44, 20
KNOWN = 2_000
SHOWN = 51
"""As the page «Семьи» asks."""


def questions(database: Database) -> Iterator[str]:
    """The mix, in turn, about families drawn by chance; the same ones every time."""
    chance = random.Random(17)  # noqa: S311
    with database.reading() as session:
        last = session.scalar(select(func.max(Family.id))) or 1
        drawn = sorted(chance.sample(range(1, last + 1), min(KNOWN, last)))
        rows = session.execute(
            select(Person.family_id, Person.surname, Person.name, Person.patronymic, Family.address, Family.locality)
            .join(Family, Family.id == Person.family_id)
            .where(Family.id.in_(drawn))
            .order_by(Person.id)
        ).all()
    families: dict[int, list[tuple[str, ...]]] = {}
    for family_id, *rest in rows:
        families.setdefault(family_id, []).append(tuple(rest))
    cards = [people for people in families.values() if len(people) >= 2]
    while True:
        people, others = chance.choice(cards), chance.choice(cards)
        surname, name, patronymic, address, locality = people[0]
        child = people[-1][1]
        start = chance.randrange(max(1, len(surname) - 4))
        street = address.split(",")[0]
        yield surname
        yield f"{surname} {name}"
        yield f"{name} {surname[:4]}"
        yield f"{name} {patronymic}"
        yield f"{child} {surname}"
        yield surname[start : start + 4]
        yield f"{name[:3]} {surname[:3]}"
        yield address
        yield f"{surname} {locality}"
        yield f"{surname} {others[0][0]}"
        yield f"{name} {others[0][1]} {street}"


def timed(ask: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of each call, each in a session of its own as a page has it."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        found.append((time.perf_counter() - started) * 1000)
    return found


def head_of(database: Database) -> Employee:
    """Who may see every card."""
    with database.reading() as session:
        head = by_login(session, "roshchina")
    assert head is not None
    return head


def searching(database: Database) -> Callable[[], object]:
    """The search field."""
    head, texts = head_of(database), questions(database)

    def ask() -> object:
        with database.reading() as session:
            return search(session, next(texts), head, SHOWN)

    return ask


def plain_like(database: Database) -> Callable[[], object]:
    """The peer: any part of the name by LIKE, which is what the search was before it had an index."""
    texts = questions(database)

    def ask() -> object:
        words = next(texts).casefold().replace("ё", "е").split()
        with database.reading() as session:
            conditions = [Person.search_key.contains(word, autoescape=True) for word in words]
            statement = select(Person.id).where(*conditions).order_by(Person.search_key).limit(SHOWN)
            return session.scalars(statement).all()

    return ask


def warning(database: Database, count: int) -> Callable[[], object]:
    """What is asked while a new card is typed: name, birth date, telephone and address of somebody who is there."""
    head, chance = head_of(database), random.Random(5)  # noqa: S311
    with database.reading() as session:
        last = session.scalar(select(func.max(Person.id))) or 1

    def ask() -> object:
        with database.reading() as session:
            person = session.get(Person, chance.randint(1, last))
            if person is None or person.family is None:
                return None
            return likely(
                session, surname=person.surname, name=person.name, patronymic=person.patronymic, viewer=head,
                birth_date=person.birth_date, phones=[bulk.number_of(chance.randrange(count))],
                address=person.family.address,
            )  # fmt: skip

    return ask


def measure(engine: str, count: int) -> list[Figure]:
    """Rows of one engine and size."""
    with big_records(engine, count) as database:  # type: ignore[arg-type]
        with database.reading() as session:
            note = f"{session.scalar(select(func.count()).select_from(Family)):,} families"
        ask = searching(database)
        timed(ask, WARM_UP)
        times = timed(ask, ASKED)
        peer = percentile(timed(plain_like(database), PEER_ASKED), 0.95)
        head = head_of(database)

        def page_of_pairs(kind: str) -> object:
            with database.reading() as session:
                return pairs(session, head, kind)

        return [
            Figure(f"name-part search, p95, {engine}", percentile(times, 0.95), "ms", SEARCH_MS,
                   peer=peer, peer_name="LIKE, p95", note=note),
            Figure(f"name-part search, p50, {engine}", percentile(times, 0.5), "ms", note=note),
            Figure(f"name-part search, slowest, {engine}", max(times), "ms", note=note),
            Figure(f"duplicate warning, p95, {engine}", percentile(timed(warning(database, count), 100), 0.95), "ms",
                   note=note),
            Figure(f"list of duplicates, one telephone, {engine}",
                   percentile(timed(lambda: page_of_pairs("phone"), 5), 0.5), "ms", note=note),
            Figure(f"list of duplicates, one name, {engine}",
                   percentile(timed(lambda: page_of_pairs("name"), 5), 0.5), "ms", note=note),
        ]  # fmt: skip


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark; `calls` and `seconds` are for benches with a telephone."""
    sizes = dict.fromkeys((MIDDLE, FULL))
    return [figure for count in sizes for engine in ENGINES for figure in measure(engine, count)]


if __name__ == "__main__":
    print(table(run()))
