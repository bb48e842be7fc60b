"""Eight processes claim the robot's due tasks until none is left: claims a second, claimed twice, lost.

Durable on both engines: SQLite with synchronous=FULL, PostgreSQL with fsync and synchronous_commit.

    .venv/bin/python tests/bench/bench_claims.py
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import create_engine, func, insert, select, text  # noqa: E402

from callflow.dialler.states import Channel, TaskState  # noqa: E402
from crm import demo, schema  # noqa: E402
from crm.db import Database  # noqa: E402
from crm.dialler import claiming  # noqa: E402
from crm.dialler.tables import DialEvent, DialTask  # noqa: E402
from tests.bench.figure import Figure, table  # noqa: E402
from tests.bench.sizes import ENGINES  # noqa: E402
from tests.support.postgres import TemporaryPostgres  # noqa: E402

KEY = "a-key-for-the-bench-only-0123456789abcdef"
TASKS = 20_000
PROCESSES = 8
PER_SECOND = {"sqlite": 500.0, "postgresql": 1000.0}
_DURABLE = ("fsync = on", "synchronous_commit = on")


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark; `calls` tasks instead of twenty thousand."""
    return [figure for engine in ENGINES for figure in measure(engine, calls or TASKS)]


def measure(engine: str, tasks: int) -> list[Figure]:
    """Rows of one engine."""
    with _records(engine) as url:
        database = Database(url, KEY)
        fill(database, tasks)
        claimed, took = _race(url)
        with database.reading() as session:
            held = select(func.count(DialTask.id)).where(DialTask.state == TaskState.CLAIMED.value)
            told = select(func.count(DialEvent.id)).where(DialEvent.what == TaskState.CLAIMED.value)
            kept, stories = session.scalar(held) or 0, session.scalar(told) or 0
        database.dispose()
    twice = sum(count - 1 for count in Counter(claimed).values())
    lost = tasks - min(len(set(claimed)), kept, stories)
    name = f"claims, {PROCESSES} processes, {engine}"
    note = f"{tasks:,} due tasks, each claimed by one statement with its line of the story; every commit is durable."
    return [
        Figure(f"{name}", len(claimed) / took, "per s", PER_SECOND[engine], at_most=False, note=note),
        Figure(f"{name}: claimed twice", twice + max(0, stories - kept), "", 0, note=note),
        Figure(f"{name}: lost", lost, "", 0, note=note),
    ]


@contextlib.contextmanager
def _records(engine: str) -> Iterator[str]:
    """The demo's records in a database of one's own; its URL."""
    with contextlib.ExitStack() as stack:
        if engine == "sqlite":
            url = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/records.db"
        else:
            url = stack.enter_context(TemporaryPostgres()).url
            server = create_engine(url, isolation_level="AUTOCOMMIT")
            with server.connect() as connection:
                for setting in _DURABLE:
                    connection.execute(text(f"ALTER SYSTEM SET {setting}"))
                connection.execute(text("SELECT pg_reload_conf()"))
            server.dispose()
        schema.upgrade(url)
        database = Database(url, KEY)
        with database.transaction() as session:
            demo.load(session, KEY, datetime.now(UTC))
        database.dispose()
        yield url


def fill(database: Database, tasks: int) -> None:
    """So many tasks of the robot's are due, and no others."""
    at = datetime.now(UTC)
    with database.transaction() as session:
        for task in session.scalars(select(DialTask)):
            task.channel = Channel.HUMAN.value
        session.flush()
        service = session.scalars(select(DialTask.service_id)).first() or 1
        row = {
            "kind": "reminder", "service_id": service, "channel": Channel.ROBOT.value, "state": TaskState.DUE.value,
            "state_at": at, "deadline": at + timedelta(days=1), "planned_at": at, "stretches": [],
        }  # fmt: skip
        rows = [
            {**row, "number": f"+7907{place:07d}", "priority": place % 3, "due_at": at - timedelta(seconds=place % 600)}
            for place in range(tasks)
        ]
        session.execute(insert(DialTask), rows)
    with database.engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def _race(url: str) -> tuple[list[int], float]:
    """Every id that was claimed, as often as it was, and the seconds from the first claim to the last."""
    context = multiprocessing.get_context("spawn")
    pipes, workers = [], []
    for place in range(PROCESSES):
        ours, theirs = context.Pipe()
        pipes.append(ours)
        workers.append(context.Process(target=_claim_all, args=(url, f"bench-{place}", theirs)))
        workers[-1].start()
    for pipe in pipes:
        pipe.recv()
    began = time.monotonic()
    for pipe in pipes:
        pipe.send("go")
    claimed = [one for pipe in pipes for one in pipe.recv()]
    took = time.monotonic() - began
    for worker in workers:
        worker.join(20)
    return claimed, took


def _claim_all(url: str, owner: str, pipe: Connection) -> None:
    """One process: claims until nothing is due."""
    database = Database(url, KEY)
    with database.reading() as session:
        session.execute(select(DialTask.id).limit(1))
    mine: list[int] = []
    pipe.send("ready")
    pipe.recv()
    while True:
        with database.transaction() as session:
            task = claiming.claim(session, owner, datetime.now(UTC))
        if task is None:
            break
        mine.append(task.id)
    pipe.send(mine)
    database.dispose()


if __name__ == "__main__":
    print(table(run()))
