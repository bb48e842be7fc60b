"""The audit log with a million entries: its page by every filter, and the check of the chain (reliability.md L19).

.venv/bin/python tests/bench/bench_audit.py
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import insert  # noqa: E402

from crm import audit, audit_reading, keys  # noqa: E402
from crm.audit import AuditEvent  # noqa: E402
from crm.audit_reading import AuditFilters  # noqa: E402
from crm.db import Database  # noqa: E402
from tests.bench.big_records import KEY, big_records  # noqa: E402
from tests.bench.figure import Figure, percentile, table  # noqa: E402
from tests.bench.sizes import ENGINES, ROWS  # noqa: E402

START = datetime(2024, 1, 9, 8, 0, tzinfo=UTC)
ASKED = 200
CHUNK = 20_000
PEOPLE, FAMILIES = 25, 50_000
VERIFY_SECONDS, PAGE_MS = 20.0, 100.0
ACTIONS = (("family.open", 55), ("family.search", 25), ("journal.save", 12), ("sign_in", 6), ("export.make", 2))


def fill(database: Database, count: int) -> datetime:
    """Write `count` signed entries, half a minute apart; return the moment of the last one."""
    chance = random.Random(count)  # noqa: S311 - the same log every time
    names, weights = zip(*ACTIONS, strict=True)
    key, previous, at = keys.derive(KEY, "audit"), audit.FIRST_HASH, START
    with database.engine.begin() as connection:
        for start in range(1, count + 1, CHUNK):
            rows = []
            for seq in range(start, min(start + CHUNK, count + 1)):
                at = START + timedelta(seconds=30 * seq)
                family = chance.randrange(1, FAMILIES)
                row = {
                    "seq": seq, "at": at, "actor_id": chance.randrange(1, PEOPLE), "actor_name": "Лаврова Н. А.",
                    "action": chance.choices(names, weights)[0], "subject": "family", "subject_id": str(family),
                    "family_id": family, "details": '{"role":"dispatcher"}', "ip": "127.0.0.1",
                    "prev_hash": previous,
                }  # fmt: skip
                row["hash"] = previous = audit._signature(key, *row.values())
                rows.append(row)
            connection.execute(insert(AuditEvent), rows)
    return at


def questions(last: datetime) -> Iterator[AuditFilters]:
    """What people ask, one kind after another."""
    chance = random.Random(7)  # noqa: S311
    whole = last - START
    while True:
        since = START + whole * chance.random()
        yield AuditFilters()
        yield AuditFilters(employee_id=chance.randrange(1, PEOPLE))
        yield AuditFilters(family_id=chance.randrange(1, FAMILIES))
        yield AuditFilters(actions=(chance.choice(ACTIONS)[0],))
        yield AuditFilters(since=since, until=since + timedelta(days=chance.choice((1, 30, 365))))
        yield AuditFilters(employee_id=chance.randrange(1, PEOPLE), actions=("export.make",), until=since)


def measure(engine: str, count: int) -> list[Figure]:
    """Rows of one engine."""
    with big_records(engine, families=0) as database:  # type: ignore[arg-type]
        last = fill(database, count)
        pages: list[float] = []
        asked = questions(last)
        for _ in range(ASKED):
            filters = next(asked)
            started = time.perf_counter()
            with database.reading() as session:
                first = audit_reading.page(session, filters)
            pages.append(time.perf_counter() - started)
            if first.older is not None:
                started = time.perf_counter()
                with database.reading() as session:
                    audit_reading.page(session, filters, before=first.older)
                pages.append(time.perf_counter() - started)
        started = time.perf_counter()
        with database.reading() as session:
            assert audit.verify(session, keys.derive(KEY, "audit")) is None
        seconds = time.perf_counter() - started
    note = f"{count:,} entries; first and second page by each filter"
    return [
        Figure(f"audit page, p95, {engine}", percentile(pages, 0.95) * 1000, "ms", PAGE_MS, note=note),
        Figure(f"audit page, slowest, {engine}", max(pages) * 1000, "ms", note=note),
        Figure(f"audit verify, {engine}", seconds, "s", VERIFY_SECONDS * max(1.0, count / 1_000_000)),
    ]


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark; `calls` and `seconds` are for benches with a telephone."""
    return [figure for engine in ENGINES for figure in measure(engine, ROWS)]


if __name__ == "__main__":
    print(table(run()))
