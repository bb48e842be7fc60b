"""One seed from its start to its verdict."""

from __future__ import annotations

import heapq
import itertools
import random
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from crm.dialler.tables import DialAttempt, LineSlot
from tests.chaos import judging
from tests.chaos.desks import Desks, numbers
from tests.chaos.faults import MUTANTS_OWN, WEIGHTS, Chaos, plan
from tests.chaos.judging import Truth, Verdict
from tests.chaos.parts import Rig
from tests.support.wait import patient

CLOCK_SEEDS = 5
"""Every fifth seed has a clock that may jump: all its processes run a little slower for it."""
EDGE_SEEDS = 7
"""In every seventh the calling hours end in the middle of the run."""
REST_SECONDS = 150.0
MUTANTS_REST = 5.0
"""A defect never comes to rest, and need not."""


@dataclass
class Told:
    """What a run did and what came of it."""

    seed: int
    engine: str
    faults: list[str] = field(default_factory=list)
    verdict: Verdict | None = None
    logs: Path | None = None
    took: list[float] = field(default_factory=list)
    """Seconds of beginning, breaking, coming to rest and ending."""

    def lap(self, since: float) -> float:
        """Note how long that was; now."""
        now = time.monotonic()
        self.took.append(now - since)
        return now

    def __str__(self) -> str:
        found = self.verdict
        if found is None:
            return f"seed {self.seed} {self.engine}: did not run"
        return (
            f"seed {self.seed} {self.engine}: {'VIOLATED ' + found.broken if found.broken else 'ok'}; "
            f"{len(self.faults)} faults, {found.attempts} attempts, {found.invites} INVITEs, {found.unknown} unknown, "
            f"{found.by_people} by people; "
            f"{'+'.join(f'{one:.0f}' for one in self.took)} s\n"
            f"    {found.dispositions}\n    {found.tasks}\n    {' '.join(self.faults)}"
            + (f"\n    logs: {self.logs}" if self.logs else "")
        )


class Watch:
    """Reads the rows of new attempts as soon as they stand, and looks whether every call has its line (I16)."""

    def __init__(self, rig: Rig, truth: Truth) -> None:
        self._rig, self._truth = rig, truth
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._thread.join(20)

    def _run(self) -> None:
        suspected: set[str] = set()
        for turn in itertools.count():
            if self._stopping.wait(0.5):
                return
            with suppress(SQLAlchemyError, OSError, AssertionError, TimeoutError):
                self._read()
                if turn % 6 == 0:
                    found = self._without_line()
                    self._truth.leaks += sorted(found & suspected)
                    suspected = found

    def _read(self) -> None:
        with self._rig.database.reading() as session:
            for name in session.scalars(select(DialAttempt.id)):
                self._truth.first_seen.setdefault(name, datetime.now(UTC))

    def _without_line(self) -> set[str]:
        """Calls that were up before and after the lines were read."""
        before = self._up()
        if not before:
            return set()
        with self._rig.database.reading() as session:
            taken = set(session.scalars(select(LineSlot.attempt_id)))
        return (before & self._up()) - taken

    def _up(self) -> set[str]:
        """Attempts that have a channel: an attempt's id is its channel's, and its account code."""
        if self._rig.exchange.dead:
            return set()
        lines = self._rig.exchange.console("core show channels concise").splitlines()
        names = {field for line in lines for field in line.split("!") if field.startswith("att-")}
        return {name.removesuffix("-b") for name in names if len(name) in (36, 38)}


def run(
    seed: int,
    *,
    engine: str = "sqlite",
    seconds: float = 60.0,
    reminders: int = 50,
    mutant: str = "",
    brisk: bool = True,
) -> Told:
    """Break things for so many seconds, mend everything, wait until nothing moves, judge. `brisk`: see there."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    told, truth = Told(seed, engine), Truth()
    edge = seed % EDGE_SEEDS == EDGE_SEEDS - 1
    rig = Rig(
        seed,
        engine,
        reminders,
        mixed=True,
        settings={"per_second": rng.choice((2, 5, 10))},
        window=seconds * 0.6 + patient(30) if edge else 7200.0,  # the first call must come before it ends
        mutant=mutant,
        brisk=brisk,
        faked_clock=seed % CLOCK_SEEDS == CLOCK_SEEDS - 1,
    )
    since = time.monotonic()
    with rig, Watch(rig, truth), Desks(rig, seed) as desks:
        truth.bans += rig.bans
        truth.clocks_agree = not rig.faked_clock
        chaos = Chaos(rig, truth, rng)
        weights = MUTANTS_OWN if mutant else WEIGHTS
        rig.wait(lambda: _begun(rig), "the first calls, the robot's and a person's", 120)
        since = told.lap(since)
        told.faults = _break(chaos, plan(rng, seconds, weights), seconds)
        since = told.lap(since)
        rig.heal()
        desks.put_down()
        at_rest = _come_to_rest(chaos, edge, MUTANTS_REST if mutant else REST_SECONDS)
        truth.calls = list(rig.people.network.calls)
        told.verdict = judging.judge(rig.database, truth, rig.folder, at_rest=at_rest)
        since = told.lap(since)
    told.lap(since)
    if told.verdict.broken:
        told.logs = rig.folder
    else:
        shutil.rmtree(rig.folder, ignore_errors=True)
    return told


def _begun(rig: Rig) -> bool:
    called = {call.number for call in list(rig.people.network.calls)}
    by_people = called & set(numbers())
    return bool(by_people) and called != by_people


def _break(chaos: Chaos, faults: list[tuple[float, str]], seconds: float) -> list[str]:
    """Carry the plan out; each fault with the second of its beginning."""
    began, number = time.monotonic(), itertools.count()
    due: list[tuple[float, int, Iterator[float]]] = []
    names: list[str] = []
    for at, name in faults:
        heapq.heappush(due, (began + at, next(number), iter(_named(chaos, name, names, began))))
    while due and (due[0][0] < began + seconds):
        time.sleep(max(0.0, min(0.2, due[0][0] - time.monotonic())))
        chaos.rig.revive()
        if due[0][0] > time.monotonic():
            continue
        _, order, fault = heapq.heappop(due)
        with suppress(StopIteration):
            heapq.heappush(due, (time.monotonic() + next(fault), order, fault))
    for _, _, fault in due:  # what is still broken mends itself now
        for _ in fault:
            pass
    return names


def _named(chaos: Chaos, name: str, names: list[str], began: float) -> Iterator[float]:
    names.append(f"{time.monotonic() - began:.0f}s:{name}")
    yield from getattr(chaos, name)()


def _come_to_rest(chaos: Chaos, edge: bool, seconds: float) -> str:
    """Why nothing has come to rest, "" if it has."""
    rig = chaos.rig
    moving = "not looked"

    def quiet() -> bool:
        nonlocal moving
        with suppress(SQLAlchemyError):
            chaos.go_on()
            hours_are_over = edge and time.time() > rig.began + rig.window
            moving = judging.unrest(rig.database, may_ring=not hours_are_over)
        return not moving and not rig.exchange.channels()

    try:
        rig.wait(quiet, "rest", seconds)
    except AssertionError:
        return moving or f"channels {rig.exchange.channels()}"
    return ""
