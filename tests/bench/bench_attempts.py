"""The outbound engine on real parts: how many calls it places a second when nothing but itself holds it back.

Records in SQLite, Valkey, tickers and workers in processes of their own, the listener, FastAGI, a real Asterisk with
the gate in its dialplan, and a network that answers at once and hangs up (reliability.md §3). What reached the network
is the truth about who was called and how often.

    .venv/bin/python tests/bench/bench_attempts.py
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import Select, func, select  # noqa: E402
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402

from callflow.dialler.states import Channel, TaskState  # noqa: E402
from crm.dialler.tables import DialAttempt, DialTask, LineSlot, went_out  # noqa: E402
from tests.bench.figure import Figure, table  # noqa: E402
from tests.chaos import people  # noqa: E402
from tests.chaos.parts import Rig  # noqa: E402
from tests.support.network import Behaviour, Network  # noqa: E402

ORDERS, PER_SECOND, LINES = 600, 20.0, 30
WORKERS = 4
UNLIMITED = 100_000
LOOK_SECONDS = 0.05
AT_ONCE = Behaviour(ring=0, talk=0.1)


@dataclass(frozen=True)
class Race:
    """What a run came to. `sent`: epochs of the orders; `used`, `on_wire`: per cent of the lines' time."""

    sent: Sequence[float]
    used: float
    on_wire: float
    double: int
    lost: int
    most_live: int

    @property
    def per_second(self) -> float:
        """Orders a second, from the first to the last."""
        return (len(self.sent) - 1) / (self.sent[-1] - self.sent[0])


class Lines:
    """Looks at the lines, from the first one that is taken until fewer calls are due than there are lines."""

    def __init__(self, rig: Rig, lines: int) -> None:
        self._rig, self._lines = rig, lines
        self._stopping = threading.Event()
        self._seen: list[tuple[float, int, int]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Lines:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._thread.join(10)

    def shares(self) -> tuple[float, float]:
        """Per cent of the lines' time in which they were taken, and in which a call was up at the network."""
        times = [at for at, _, _ in self._seen]
        widths = [after - before for before, after in pairwise(times)]
        whole = sum(widths) * self._lines
        taken = sum(width * many for width, (_, many, _) in zip(widths, self._seen, strict=False))
        live = sum(width * many for width, (_, _, many) in zip(widths, self._seen, strict=False))
        return 100 * taken / whole, 100 * live / whole

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            with suppress(SQLAlchemyError):
                taken, due = self._look()
                if due < self._lines:
                    return
                if taken or self._seen:
                    self._seen.append((time.monotonic(), taken, len(self._rig.people.network.live)))
            self._close_ears()

    def _look(self) -> tuple[int, int]:
        taken = select(func.count()).where(LineSlot.attempt_id.is_not(None))
        with self._rig.database.reading() as session:
            return session.scalar(taken) or 0, len(session.scalars(_waiting().limit(self._lines)).all())

    def _close_ears(self) -> None:
        """Ten thousand calls leave more sockets than a process may have."""
        for call in self._rig.people.network.calls[-200:]:
            if call.rtp is not None and not call.live:
                call.rtp.close()


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark; `calls` orders instead of six hundred."""
    count = calls or ORDERS
    found = race(count, AT_ONCE, lines=LINES, tickers=2)
    note = (
        f"{count} due, {LINES} lines, {WORKERS} workers; each: claim, words, rules, commit, AMI, the dialplan's gate,"
        f" INVITE, answer, the first words, the end in the records. At most {found.most_live} at once."
    )
    name = "attempts through rules, commit, AMI and gate"
    return [
        Figure(name, found.per_second, "per s", PER_SECOND, at_most=False, note=note),
        Figure("attempts: called twice", found.double, "", 0, note=note),
        Figure("attempts: never called", found.lost, "", 0, note=note),
    ]


def race(count: int, behaves: Behaviour, *, lines: int, tickers: int) -> Race:
    """Let so many be due and wait until everybody has been called."""
    settings = {"lines": lines, "trunk_lines": lines + 10, "per_second": UNLIMITED, "per_service_day": UNLIMITED}
    processes = ("listener", "agi", *(f"ticker-{n}" for n in range(tickers)), *(f"worker-{n}" for n in range(WORKERS)))
    with (
        mock.patch.object(people, "BEHAVIOURS", ((1, behaves),)),
        mock.patch.object(people, "ListeningNetwork", Network),  # nobody listens to what is said
        Rig(1, reminders=count, settings=settings, processes=processes) as rig,
    ):
        with Lines(rig, lines) as watched:
            rig.wait(lambda: _waits(rig) == 0, "everybody to be called", 180 + count * 2.0)
            rig.wait(lambda: not rig.people.network.live, "the last calls to end", 60)
        used, on_wire = watched.shares()
        with rig.database.reading() as session:
            attempts = session.execute(select(DialAttempt.sending_at, DialAttempt.task_id).where(went_out())).all()
        numbers = Counter(call.number for call in rig.people.network.calls)
        most_live = rig.people.network.most_live
    shutil.rmtree(rig.folder, ignore_errors=True)
    tasks = Counter(task for _, task in attempts)
    twice = sum(many - 1 for counted in (numbers, tasks) for many in counted.values())
    sent = sorted(at.timestamp() for at, _ in attempts)
    return Race(sent, used, on_wire, twice, count - min(len(numbers), len(tasks)), most_live)


def _waiting() -> Select[int]:
    """The robot's tasks that have not been called."""
    return select(DialTask.id).where(
        DialTask.channel == Channel.ROBOT.value, DialTask.state.in_((TaskState.DUE.value, TaskState.CLAIMED.value))
    )


def _waits(rig: Rig) -> int:
    with rig.database.reading() as session:
        return session.scalar(select(func.count()).select_from(_waiting().subquery())) or 0


if __name__ == "__main__":
    print(table(run()))
