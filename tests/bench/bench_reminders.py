"""Many reminders due at once, few lines, short calls: how busy the lines are, who is called twice or never.

Five tickers and four workers at the same rows (reliability.md §3, F22). The promise is about ten thousand reminders;
by default fewer are taken, for ten thousand calls of a second over five lines last forty minutes.

    .venv/bin/python tests/bench/bench_reminders.py
    BENCH_REMINDERS=10000 .venv/bin/python tests/bench/run.py reminders
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.bench_attempts import WORKERS, race  # noqa: E402
from tests.bench.figure import Figure, table  # noqa: E402
from tests.support.network import Behaviour  # noqa: E402

REMINDERS = int(os.environ.get("BENCH_REMINDERS", "600"))
LINES, TICKERS = 5, 5
TALK_SECONDS = 1.0
USE_PERCENT = 95.0


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark; `calls` reminders."""
    count = calls or REMINDERS
    found = race(count, Behaviour(ring=0, talk=TALK_SECONDS), lines=LINES, tickers=TICKERS)
    note = (
        f"{count:,} due at once, {TICKERS} tickers, {WORKERS} workers, calls of {TALK_SECONDS:g} s; the lines from the"
        " first order until fewer are due than lines. On the wire: from INVITE to BYE."
    )
    name = f"{count:,} reminders, {LINES} lines"
    wire = {"peer": found.on_wire, "peer_name": "% on the wire"}
    return [
        Figure(f"{name}: lines in use", found.used, "%", USE_PERCENT, at_most=False, note=note, **wire),  # type: ignore[arg-type]
        Figure(f"{name}: calls", found.per_second, "per s", note=note),
        Figure(f"{name}: called twice", found.double, "", 0, note=note),
        Figure(f"{name}: never called", found.lost, "", 0, note=note),
        Figure(f"{name}: most calls at once", found.most_live, "", LINES, note=note),
    ]


if __name__ == "__main__":
    print(table(run()))
