"""A campaign for ten thousand families: its dry run, its launch, and the next family for a dispatcher while colleagues
work too (issue 6). Both engines.

    .venv/bin/python tests/bench/bench_campaigns.py
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import func, select, update  # noqa: E402

from callflow.dialler import window  # noqa: E402
from crm.campaigns import editing, launching, planning, trying, worklist  # noqa: E402
from crm.campaigns.editing import Wanted  # noqa: E402
from crm.campaigns.outcomes import Outcome  # noqa: E402
from crm.campaigns.tables import Campaign, CampaignTarget  # noqa: E402
from crm.db import Database  # noqa: E402
from crm.staff import Employee, by_login  # noqa: E402
from tests.bench.big_records import big_records  # noqa: E402
from tests.bench.figure import Figure, percentile, table  # noqa: E402
from tests.bench.sizes import ENGINES, SMALL  # noqa: E402
from tests.support.open_window import always  # noqa: E402

DRY_RUN_SECONDS = 10.0
LAUNCH_SECONDS = 5.0
NEXT_MILLISECONDS = 50.0
DISPATCHERS = ("lavrova", "zayac", "roshchina")
EACH = 60


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark; `calls` families a dispatcher instead of sixty."""
    with mock.patch.object(window, "spans", always):  # on Sundays too
        return [figure for engine in ENGINES for figure in _measured(engine, calls or EACH)]


def _measured(engine: Literal["sqlite", "postgresql"], each: int) -> list[Figure]:
    with big_records(engine, families=SMALL) as database:
        campaign_id, told = _draft(database), _Told()
        began = time.monotonic()
        with mock.patch.object(trying, "_keep", told.keep(trying._keep)):
            trying.make(database, campaign_id, datetime.now(UTC), mode="live")
        tried = time.monotonic() - began
        with database.reading() as session:
            head, version = _who(database, "roshchina"), session.get_one(Campaign, campaign_id).version
        began = time.monotonic()
        launching.launch(database, campaign_id, version, head, datetime.now(UTC), mode="live")
        launched = time.monotonic() - began
        with database.reading() as session:
            families = session.scalar(
                select(func.count(CampaignTarget.id)).where(CampaignTarget.campaign_id == campaign_id)
            )
        _plan(database)
        waits = _work(database, each)
    note = (
        f"{families:,} families of one segment; {told.times} words of progress; {len(DISPATCHERS)} dispatchers at once."
    )
    name = f"campaign of {SMALL:,}, {engine}"
    return [
        Figure(f"{name}: dry run", tried, "s", DRY_RUN_SECONDS, note=note),
        Figure(f"{name}: launch", launched, "s", LAUNCH_SECONDS, note=note),
        Figure(f"{name}: next family, p95", 1000 * percentile(waits, 0.95), "ms", NEXT_MILLISECONDS, note=note),
        Figure(f"{name}: next family, median", 1000 * percentile(waits, 0.5), "ms", note=note),
    ]


class _Told:
    """How often the dry run says how far it is."""

    def __init__(self) -> None:
        self.times = 0

    def keep(self, real):  # type: ignore[no-untyped-def]
        def counted(*given, **named):  # type: ignore[no-untyped-def]
            self.times += 1
            return real(*given, **named)

        return counted


def _draft(database: Database) -> int:
    at = datetime.now(UTC)
    with database.transaction() as session:
        session.execute(update(Campaign).values(state="done"))
        head = by_login(session, "roshchina")
        assert head is not None
        wanted = Wanted(
            service_id=1, title="Встреча семей", kind="free", text="Мы сообщаем о встрече семей.", per_day=5000,
            starts_on=at.date() - timedelta(days=1), ends_on=at.date() + timedelta(days=60),
        )  # fmt: skip
        row = editing.create(session, wanted, head, at)
        trying.ask(session, row.id, head, at)
        return row.id


def _plan(database: Database) -> None:
    while True:
        with database.transaction() as session:
            if not planning.plan(session, datetime.now(UTC), mode="live"):
                return


def _work(database: Database, each: int) -> list[float]:
    """Seconds of every «next», with the outcomes written in between."""
    waits: list[float] = []
    lock = threading.Lock()

    def work(login: str) -> None:
        employee = _who(database, login)
        for _ in range(each):
            began = time.monotonic()
            with database.transaction() as session:
                item = worklist.take_next(session, employee, datetime.now(UTC), mode="demo")
            took = time.monotonic() - began
            if item is None:
                return
            with lock:
                waits.append(took)
            with database.transaction() as session:
                worklist.finish(session, item.task.id, Outcome.TOLD, "", employee, datetime.now(UTC))

    with ThreadPoolExecutor(len(DISPATCHERS)) as pool:
        list(pool.map(work, DISPATCHERS))
    return waits


def _who(database: Database, login: str) -> Employee:
    with database.reading() as session:
        found = by_login(session, login)
    assert found is not None
    return found


if __name__ == "__main__":
    print(table(run()))
