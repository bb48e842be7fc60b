"""Whatever happens, in whatever order: the invariants of the outbound engine hold after every step (reliability.md §3).

Runs of a hundred steps, DISPATCH_MACHINE_EXAMPLES of them; and defects that somebody might build in one day are found
by the same runs.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from callflow.dialler.states import TaskState
from callflow.dialler.wire import Judged, Judgement
from crm import demo, schema
from crm.db import Database
from crm.dialler import gating, reconciling
from crm.dialler.tables import DialTask
from crm.reminders.human_list import Outcome
from tests.support.dialler import invariants, world

KEY = "a-key-for-tests-only-0123456789abcdef"
EXAMPLES = int(os.environ.get("DISPATCH_MACHINE_EXAMPLES", "240"))
PARTS = 4
MUTANT_EXAMPLES = 400
"""A run that finds its defect ends there."""
SEED = int(os.environ.get("DISPATCH_MACHINE_SEED", "0"))
"""Another number explores other runs; the tests take the same ones every time."""
PLACE = st.integers(0, 7)
WORKER = st.integers(0, 2)
FAMILY = st.integers(0, world.FAMILIES - 1)
SECONDS = st.sampled_from([0.1, 1, 1, 3, 5, 12, 16, 31, 61, 600, 3700, 24 * 3600])


class Dialler(RuleBasedStateMachine):
    """One day of an engine that everything happens to."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        world.forget(self.database)
        self.world = world.World(self.database)
        self.judged: object = None

    @initialize()
    def some_bookings(self) -> None:
        for family in range(world.FAMILIES):
            self.world.remind(family, 22)

    @rule()
    def fine_morning(self) -> None:
        """Everything works again and the calling hours have begun, so that runs get far."""
        self.world.step_clock(0)
        self.world.exchange.start()
        self.world.exchange.link = True
        self.families_call(0, 0)
        self.world.resume()
        for worker in range(3):
            self.world.freeze(worker, False)
        self.world.to_the_next_hours()
        self.world.sweep()

    @rule(family=FAMILY, hours=st.sampled_from([2, 4, 22, 46]))
    def remind(self, family: int, hours: int) -> None:
        self.world.remind(family, hours)

    @rule(place=PLACE)
    def call_off(self, place: int) -> None:
        self.world.call_off(place)

    @rule(family=st.integers(0, 1), everything=st.booleans())
    def refuse(self, family: int, everything: bool) -> None:
        self.world.refuse(family, everything)

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(seconds=st.sampled_from([300, 90, 40, 36, 34, 31, 20, 6, 1]))
    def to_the_edge(self, seconds: float) -> None:
        self.world.to_the_edge(seconds)

    @rule(seconds=st.sampled_from([0, 0, 0, 0, 1.5, -1.5, 3600, -3600, 86400]))
    def step_clock(self, seconds: float) -> None:
        self.world.step_clock(seconds)

    @rule(worker=WORKER)
    def claim(self, worker: int) -> None:
        self.world.claim(worker)

    @rule(worker=WORKER, prompts=st.sampled_from([True, True, True, False]))
    def order(self, worker: int, prompts: bool) -> None:
        self.world.order(worker, prompts=prompts)

    @rule(worker=WORKER, copies=st.sampled_from([1, 1, 2]), lost=st.sampled_from([False, False, True]))
    def send(self, worker: int, copies: int, lost: bool) -> None:
        self.world.send(worker, copies=copies, lost=lost, told=not lost)

    @rule(worker=WORKER, place=PLACE, copies=st.sampled_from([1, 1, 2]))
    def one_call(self, worker: int, place: int, copies: int = 1) -> None:
        """The usual way, so that runs get far; a proxy on it may say things twice."""
        self.world.pass_time(1.1)
        if not self.world.claim(worker):
            self.world.remind(place, 22)
            self.world.claim(worker)
        self.world.order(worker)
        self.world.send(worker, copies=copies)
        self.world.exchange.arrive(place)

    @rule(worker=WORKER, place=PLACE, ending=st.sampled_from(["machine", "delivered", "confirmed", "killed"]))
    def whole_call(self, worker: int, place: int, ending: str) -> None:
        """The usual way to its end, on a good day."""
        self.fine_morning()
        self.one_call(worker, place)
        self.answer(0)
        self.world.talk(0, ending)
        while self.world.exchange.words and self.world.exchange.link:
            self.world.hear(0)

    @rule(worker=WORKER, place=PLACE, seconds=st.sampled_from([31, 61, 3700]))
    def overtaken(self, worker: int, place: int, seconds: float) -> None:
        """A worker is slow; its task goes to another, and then it wakes up."""
        self.world.claim(worker)
        self.world.pass_time(seconds)
        self.world.sweep()
        self.whole_call(worker + 1, place, "confirmed")
        self.world.order(worker)
        self.world.send(worker)
        self.world.exchange.arrive(0)

    @rule(worker=WORKER, place=PLACE, seconds=st.sampled_from([5, 16, 31]))
    def disaster(self, worker: int, place: int, seconds: float) -> None:
        """The exchange dies in a call, nobody has heard a word of it, and it comes back."""
        self.one_call(worker, place)
        self.world.exchange.crash()
        self.world.exchange.words.clear()
        self.world.exchange.start()
        self.world.pass_time(seconds)
        self.world.reconcile()

    @rule(worker=WORKER)
    def kill(self, worker: int) -> None:
        self.world.kill(worker)

    @rule(worker=WORKER, stopped=st.sampled_from([False, False, True]))
    def freeze(self, worker: int, stopped: bool) -> None:
        self.world.freeze(worker, stopped)

    @rule(place=PLACE)
    def arrive(self, place: int) -> None:
        self.world.exchange.arrive(place)

    @rule(place=PLACE)
    def answer(self, place: int) -> None:
        ringing = [name for name, one in self.world.exchange.channels.items() if not one.answered]
        if ringing:
            self.world.exchange.answer(ringing[place % len(ringing)])

    @rule(place=PLACE, ending=st.sampled_from(["killed", "gone", "machine", "hung_up", "delivered", "confirmed"]))
    def talk(self, place: int, ending: str) -> None:
        self.world.talk(place, ending)

    @rule(place=PLACE, detail=st.sampled_from(["BUSY-17-486", "NOANSWER-19-480", "CHANUNAVAIL-20-503", "BUSY-21-603"]))
    def end(self, place: int, detail: str) -> None:
        names = list(self.world.exchange.channels)
        if names:
            self.world.exchange.end(names[place % len(names)], detail)

    @rule(place=PLACE, keep=st.sampled_from([False, False, True]), lost=st.sampled_from([False, False, False, True]))
    def hear(self, place: int, keep: bool, lost: bool) -> None:
        self.world.hear(place, keep=keep, lost=lost)

    @rule(place=PLACE, word=st.sampled_from(["ended", "gate_denied", "ringing", "nonsense"]))
    def forge(self, place: int, word: str) -> None:
        """Words about orders that never were."""
        self.world.exchange.words.append((f"att-{place:032x}", word, "ANSWER-16-"))

    @rule()
    def reconcile(self) -> None:
        self.world.reconcile()

    @rule()
    def sweep(self) -> None:
        self.world.sweep()

    @rule()
    def hang_up(self) -> None:
        self.world.hang_up()

    @rule(waiting=st.sampled_from([0, 0, 0, 1]), inbound=st.sampled_from([0, 0, 0, 1, 2, 4]))
    def families_call(self, waiting: int, inbound: int) -> None:
        if self.world.exchange.up:
            self.world.exchange.waiting, self.world.exchange.inbound = waiting, inbound

    @rule(up=st.sampled_from([True, True, False]))
    def link(self, up: bool) -> None:
        self.world.exchange.link = up

    @rule()
    def crash(self) -> None:
        self.world.exchange.crash()

    @rule()
    def start(self) -> None:
        self.world.exchange.start()

    @rule()
    def stop(self) -> None:
        self.world.stop()

    @rule()
    def resume(self) -> None:
        self.world.resume()

    @rule(outcome=st.sampled_from(list(Outcome)))
    def work_the_list(self, outcome: Outcome) -> None:
        self.world.work_the_list(outcome)

    @invariant()
    def holds(self) -> None:
        if (now := self.world.fingerprint()) != self.judged:
            invariants.always(self.world.run())
            self.judged = now

    def teardown(self) -> None:
        self.world.come_to_rest()
        invariants.at_rest(self.world.run())
        assert not self.world.replay(), "I17: hearing everything again changed something"


@pytest.fixture(scope="module")
def records() -> Iterator[Database]:
    """A file in memory where there is one: two hundred thousand steps are as many commits."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    url = f"sqlite:///{folder / 'records.db'}"
    schema.upgrade(url)
    database = Database(url, KEY)
    with database.transaction() as session:
        demo.load(session, KEY, world.START)
    world.prepare(database)
    yield database
    database.dispose()
    shutil.rmtree(folder)


def explore(records: Database, examples: int, number: int) -> None:
    """Runs that are the same every time for one `number`."""
    machine = seed(SEED + number)(type("Machine", (Dialler,), {"database": records}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=100,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
            database=None,
        ),
    )


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_order_of_events_breaks_an_invariant(records: Database, part: int) -> None:
    explore(records, EXAMPLES // PARTS, part)


def _reopened(task: DialTask | None, owner: str) -> DialTask | None:
    if task is not None:
        task.owner, task.state, task.lease_until = owner, TaskState.CLAIMED.value, world.START + timedelta(days=99)
    return task


def _any_claim(real: Callable[..., gating.Gated]) -> Callable[..., gating.Gated]:
    """A worker that was stopped for an hour goes on with the task that it once had."""

    def gate(session: Session, task_id: int, owner: str, *arguments: object, **more: object) -> gating.Gated:
        _reopened(session.get(DialTask, task_id), owner)
        session.flush()
        return real(session, task_id, owner, *arguments, **more)

    return gate


def _never_left(real: Callable[..., Judgement]) -> Callable[..., Judgement]:
    """Whoever says nothing has not been called."""

    def judge(*arguments: object, **more: object) -> Judgement:
        found = real(*arguments, **more)
        return Judgement(Judged.NOT_SENT, evidence="guess") if found.judged is Judged.UNKNOWN else found

    return judge


MUTANTS = {
    "a claim without an owner": [(gating, "gate", _any_claim(gating.gate), "I9|I5|I6|I11")],
    "unknown is tried again": [(reconciling, "judge", _never_left(reconciling.judge), "I15|I6|I16")],
}
"""What → where it is built in, and the invariants that may find it."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_defect_is_found(records: Database, mutant: str) -> None:
    patches = [mock.patch.object(where, name, value) for where, name, value, _ in MUTANTS[mutant]]
    with ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        with pytest.raises(AssertionError, match=rf"^({MUTANTS[mutant][0][3]}):"):
            explore(records, MUTANT_EXAMPLES, PARTS)
