"""The quarter report over a million journal rows, each with its answer, on both engines (reliability.md L20).

All rows lie in one quarter of one service, so that every one of them is counted: the worst that can be. The figures are
compared with a recount in Python before anything is timed.

    BENCH_ROWS=100000 .venv/bin/python tests/bench/bench_report.py
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import create_engine, func, insert, select, text  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

from crm.db import Database  # noqa: E402
from crm.institution import Institution, Service  # noqa: E402
from crm.journal_tables import CONTACT_METHODS, JournalEntry  # noqa: E402
from crm.ratings import reports  # noqa: E402
from crm.ratings.efficiency import bounds, efficiency, quarter_of  # noqa: E402
from crm.ratings.figures import QuarterFigures  # noqa: E402
from crm.ratings.tables import Rating  # noqa: E402
from crm.staff import Employee  # noqa: E402
from tests.bench.big_records import big_records, url_of  # noqa: E402
from tests.bench.figure import Figure, table  # noqa: E402
from tests.bench.sizes import ENGINES, ROWS  # noqa: E402

ZONE = ZoneInfo("Europe/Moscow")
YEAR, QUARTER = 2034, 1
BEGIN, END = bounds(YEAR, QUARTER, ZONE)
"""A quarter that no other generator fills."""
CHUNK, ASKED = 10_000, 5
SECONDS = 2.0


def new_service(session: Session) -> int:
    """A service of its own: the report must count exactly what is written here."""
    institution = session.scalars(select(Institution)).first()
    assert institution is not None
    service = Service(
        institution_id=institution.id, code="bench", name="Замер", journal_title="Журнал замера", queue="bench-report"
    )
    session.add(service)
    session.flush()
    return service.id


def fill(database: Database, count: int) -> int:
    """Write `count` closed appeals with their answers; return the service's id."""
    chance = random.Random(count)  # noqa: S311 - the same rows every time
    methods = list(CONTACT_METHODS)
    with database.transaction() as session:
        service_id = new_service(session)
        people = list(session.scalars(select(Employee.id)))
        first_entry = (session.scalar(select(func.max(JournalEntry.id))) or 0) + 1
        first_rating = (session.scalar(select(func.max(Rating.id))) or 0) + 1
    for start in range(0, count, CHUNK):
        entries: list[dict[str, Any]] = []
        ratings: list[dict[str, Any]] = []
        for place in range(start, min(start + CHUNK, count)):
            at = BEGIN + (END - BEGIN) * (place / count)
            person = chance.choice(people)
            entries.append(
                {
                    "id": first_entry + place, "service_id": service_id, "year": at.year, "number": place + 1,
                    "state": "saved", "applicant_name": "Проверочная Мария Петровна",
                    "family_brief": "многодетная, трое детей, живут в селе", "substance": "Просит разъяснить. " * 8,
                    "contact_method": chance.choice(methods), "author_id": person, "responsible_id": person,
                    "created_at": at, "occurred_at": at, "saved_at": at, "closed_at": at, "progress": "closed",
                    "measures": "Разъяснён порядок. " * 5, "final_result": "Оформлено.", "rating_mark": "7",
                }
            )  # fmt: skip
            outcome = chance.choices(("score", "refused", "unreached"), (8, 1, 1))[0]
            ratings.append(
                {
                    "id": first_rating + place, "entry_id": first_entry + place, "service_id": service_id,
                    "outcome": outcome, "score": chance.randint(1, 10) if outcome == "score" else None,
                    "given_at": at, "channel": "human_call", "rated_id": person,
                    "taken_by_id": chance.choice(people), "created_at": at,
                }
            )  # fmt: skip
        with database.transaction() as session:
            session.execute(insert(JournalEntry), entries)
            session.execute(insert(Rating), ratings)
    return service_id


def check(database: Database, service_id: int) -> None:
    """Compare with a recount row by row. Raises AssertionError where any figure differs."""
    scores: list[int] = []
    figures = figures_of(database, service_id)
    with database.reading() as session:
        rows = select(Rating.outcome, Rating.score, Rating.given_at).where(Rating.service_id == service_id)
        for outcome, score, given_at in session.execute(rows.execution_options(yield_per=10_000)):
            if outcome == "score" and quarter_of(given_at, ZONE) == (YEAR, QUARTER):
                scores.append(score)
    assert figures.efficiency == efficiency(scores)
    assert figures.distribution == [scores.count(score) for score in range(1, 11)]


def figures_of(database: Database, service_id: int) -> QuarterFigures:
    """What a page asks for."""
    with database.reading() as session:
        return reports.report(session, service_id, YEAR, QUARTER)


def worst(ask: Callable[[], object]) -> float:
    """Seconds of the slowest of a few calls."""
    found = []
    for _ in range(ASKED):
        started = time.perf_counter()
        ask()
        found.append(time.perf_counter() - started)
    return max(found)


def settle(database: Database) -> None:
    """PostgreSQL as after a quiet night: autovacuum has been round."""
    if database.engine.dialect.name != "postgresql":
        return
    engine = create_engine(url_of(database), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE journal_entry, rating"))
    engine.dispose()


def run(**_unused: object) -> list[Figure]:
    """The report of a quarter, on both engines."""
    figures: list[Figure] = []
    for engine in ENGINES:
        with big_records(engine, families=1_000) as database:
            service_id = fill(database, ROWS)
            ask = partial(figures_of, database, service_id)
            settle(database)
            check(database, service_id)
            name = f"quarter report, {ROWS:,} rows, {engine}"
            figures.append(Figure(name, worst(ask), "s", SECONDS))
    return figures


if __name__ == "__main__":
    print(table(run()))
