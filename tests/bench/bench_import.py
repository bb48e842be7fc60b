"""A register of ten thousand families into a hundred thousand: reading with validation, loading (reliability.md L12).

.venv/bin/python tests/bench/bench_import.py
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import event  # noqa: E402

from crm.db import Database  # noqa: E402
from crm.papers import importing  # noqa: E402
from crm.staff import by_login  # noqa: E402
from tests.bench.big_records import big_records  # noqa: E402
from tests.bench.figure import Figure, table  # noqa: E402
from tests.bench.sizes import ENGINES, MIDDLE  # noqa: E402
from tests.support.registers import invented, registry  # noqa: E402

FAMILIES = 10_000
SECONDS, LONGEST_MS = 15.0, 500.0
NOTE = "the five-column .xlsx of B-5, three people, a telephone and an address each"


class LongestWrite:
    """How long one writing transaction held SQLite's writer, or its rows on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self.seconds = 0.0
        self._begun: dict[int, float] = {}
        for name, heard in (("begin", self._begin), ("commit", self._end), ("rollback", self._end)):
            event.listen(database.engine, name, heard)

    def _begin(self, connection: Any) -> None:
        if not connection.get_execution_options().get("dispatch_reading", False):
            self._begun[id(connection)] = time.perf_counter()

    def _end(self, connection: Any) -> None:
        begun = self._begun.pop(id(connection), None)
        if begun is not None:
            self.seconds = max(self.seconds, time.perf_counter() - begun)


def measure(database: Database, folder: Path) -> tuple[float, float, float]:
    """Seconds of reading, seconds of loading, and of the longest writing transaction."""
    registry(folder / "upload", invented(FAMILIES))
    at = datetime.now(UTC)
    with database.transaction() as session:
        who = by_login(session, "roshchina")
        assert who is not None
        job = importing.create(
            session, file_name="реестр.xlsx", sha256="bench", stored_as="upload", service_id=None, employee=who, at=at
        )
    longest = LongestWrite(database)
    begun = time.perf_counter()
    importing.work(database, job.id, folder, at)
    read = time.perf_counter() - begun
    with database.transaction() as session:
        importing.confirm(session, job.id, who, at, similar="load")
    begun = time.perf_counter()
    importing.work(database, job.id, folder, at)
    loaded = time.perf_counter() - begun
    with database.reading() as session:
        done = importing.fetch_job(session, job.id)
    assert done.summary["created"] == FAMILIES, done.summary
    return read, loaded, longest.seconds


def run(*, calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    figures = []
    for engine in ENGINES:
        with big_records(engine, MIDDLE) as database, TemporaryDirectory() as folder:  # type: ignore[arg-type]
            read, loaded, longest = measure(database, Path(folder))
        name = f"import of {FAMILIES:,} families into {MIDDLE:,}, {engine}"
        figures += [
            Figure(f"{name}: in all", read + loaded, "s", SECONDS, note=NOTE),
            Figure(f"{name}: reading and validation", read, "s", note=NOTE),
            Figure(f"{name}: longest writing transaction", longest * 1000, "ms", LONGEST_MS, note=NOTE),
        ]
    return figures


if __name__ == "__main__":
    print(table(run()))
