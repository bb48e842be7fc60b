"""Counting segments over a million families, on both engines; beside each the families counted without any condition.

Segments as heads put them together: one condition of each dear kind, and several at once.

    BENCH_FAMILIES=10000 .venv/bin/python tests/bench/bench_segments.py
"""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from crm.db import Database  # noqa: E402
from crm.segments import query, reasons  # noqa: E402
from crm.segments.conditions import Condition, from_json  # noqa: E402
from crm.staff import by_login  # noqa: E402
from tests.bench.big_records import big_records  # noqa: E402
from tests.bench.figure import Figure, percentile, table  # noqa: E402
from tests.bench.sizes import ENGINES, FULL  # noqa: E402

LIMIT_SECONDS = 1.0
TIMES = 5
TODAY = date(2026, 11, 22)
LOGIN = "lavrova"
"""A dispatcher: for her the restricted cards are asked for as well."""

SEGMENTS = {
    "three children": [{"kind": "children", "how": "least", "count": 3}],
    "at most one child": [{"kind": "children", "how": "most", "count": 1}],
    "a child up to 6": [{"kind": "child_age", "since": 0, "until": 6}],
    "turns 7 within a year": [{"kind": "turning", "age": 7, "days": 365}],
    "large, proved": [{"kind": "status", "code": "многодетная", "proof": "proved"}],
    "not large": [{"kind": "no_status", "code": "многодетная"}],
    "silent for half a year": [{"kind": "silent", "days": 180}],
    "agreed to robots": [{"kind": "robots", "have": "yes"}],
    "seven conditions": [
        {"kind": "children", "how": "least", "count": 2},
        {"kind": "child_age", "since": 0, "until": 7},
        {"kind": "status", "code": "малоимущая"},
        {"kind": "place", "code": "г. Заречинск"},
        {"kind": "phone", "have": "yes"},
        {"kind": "measure", "code": "1", "how": "untold"},
        {"kind": "silent", "days": 90},
    ],
    "what they have not": [
        {"kind": "no_status", "code": "многодетная"},
        {"kind": "robots", "have": "no"},
        {"kind": "silent", "days": 90},
    ],
}


def counted(database: Database, rows: tuple[Condition, ...]) -> tuple[float, int]:
    """The median seconds of a count, and what it found."""
    with database.reading() as session:
        viewer = by_login(session, LOGIN)
    found, seconds = 0, []
    for _ in range(TIMES):
        with database.reading() as session:
            started = time.perf_counter()
            found = query.count(session, rows, TODAY, viewer=viewer)
            seconds.append(time.perf_counter() - started)
    return percentile(seconds, 0.5), found


def explained(database: Database, rows: tuple[Condition, ...]) -> float:
    """Seconds to say of ten thousand families why they are in it, as a campaign does at its launch."""
    with database.reading() as session:
        ids = list(session.scalars(query.families(rows, TODAY).limit(10_000)))
        started = time.perf_counter()
        reasons.whys(session, ids, rows, TODAY)
        return time.perf_counter() - started


def measure(engine: str) -> list[Figure]:
    """Rows of one engine."""
    note = f"{FULL:,} families of four people, counted for a dispatcher; peer: all families she may see"
    figures = []
    with big_records(engine, FULL) as database:  # type: ignore[arg-type]
        everybody, _ = counted(database, ())
        for name, rows in SEGMENTS.items():
            seconds, found = counted(database, from_json(rows))
            title = f"segment: {name} ({found:,}), {engine}"
            figures.append(
                Figure(title, seconds, "s", LIMIT_SECONDS, peer=everybody, peer_name="without conditions", note=note)
            )
        seconds = explained(database, from_json(SEGMENTS["seven conditions"]))
        figures.append(Figure(f"segment: why, 10,000 families, {engine}", seconds, "s"))
    return figures


def run(*, calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Both engines."""
    return [figure for engine in ENGINES for figure in measure(engine)]


if __name__ == "__main__":
    print(table(run()))
