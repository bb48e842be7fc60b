"""Everything that may happen to the engine in a day, in any order, as rules of a state machine (reliability.md §3).

Half of the rules make calls go on, so that the others find calls to disturb; what a run saw is counted
(`DISPATCH_MACHINE_STATISTICS=1` prints it).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from unittest import mock

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from callflow.dialler.states import AttemptState, Disposition
from crm.dialler import facts
from crm.reminders.human_list import Outcome
from tests.support.dialler import invariants, others
from tests.support.dialler.invariants import Run
from tests.support.dialler.records import Town
from tests.support.dialler.world import FAMILIES, World

SEED = int(os.environ.get("DISPATCH_MACHINE_SEED", "0"))
"""Another number explores other runs; the tests take the same ones every time."""
STEPS = 100
PLACE = st.integers(0, 7)
WORKER = st.integers(0, 2)
FAMILY = st.integers(0, FAMILIES - 1)
SECONDS = st.sampled_from([0.1, 1, 1, 3, 5, 12, 16, 31, 61, 600, 3700])
BETWEEN = st.sampled_from([1.1, 1.1, 6, 35, 1200, 3700])
ENDINGS = st.sampled_from(["killed", "gone", "machine", "hung_up", "delivered", "confirmed"])
IN_VAIN = st.sampled_from(
    ["BUSY-17-486", "NOANSWER-19-480", "CHANUNAVAIL-20-503", "BUSY-21-603", "CANCEL-0-", "NOANSWER-0-"]
)
NO_SUCH_NUMBER = "CHANUNAVAIL-1-404"


Scene = Sequence[tuple[str, Mapping[str, object]]]
"""What happens first: rules and what they are given."""


@dataclass
class Statistics:
    """What many runs saw. `per_run`: INVITEs of each."""

    per_run: list[int] = field(default_factory=list)
    dispositions: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)

    def add(self, run: Run, world: World) -> None:
        """One run that is over."""
        self.per_run.append(len(run.wire.invites))
        self.dispositions.update(one.disposition or one.state for one in run.attempts)
        self.rules.update(world.refusals)

    def __str__(self) -> str:
        calls = sorted(self.per_run) or [0]
        count = len(calls)
        answered = sum(self.dispositions[one] for one in invariants.TALKED)
        heard = sum(self.dispositions[one] for one in (Disposition.DELIVERED, Disposition.CONFIRMED))
        unknown = self.dispositions[AttemptState.UNKNOWN]
        return (
            f"{count} runs; INVITEs a run: mean {sum(calls) / count:.1f}, least {calls[0]}, "
            f"tenth {calls[count // 10]}, median {calls[count // 2]}, most {calls[-1]}; "
            f"of a run {answered / count:.1f} answered, {heard / count:.1f} heard, {unknown / count:.1f} unknown\n"
            f"ends: {dict(self.dispositions.most_common())}\nnot called: {dict(self.rules.most_common())}"
        )


class Dialler(RuleBasedStateMachine):
    """One day of an engine that everything happens to."""

    town: Town
    statistics: Statistics
    scene: Scene = ()

    def __init__(self) -> None:
        super().__init__()
        self.town.begin_anew()
        self.world = World(self.town, self.town.place)
        self.judged: object = None

    # --- calls go on

    def mend(self) -> None:
        """Everything works again."""
        self.world.step_clock(0)
        self.world.exchange.start()
        self.world.exchange.link = True
        self.world.exchange.waiting = self.world.exchange.inbound = 0
        if self.world.is_held_back:
            self.world.resume()
        for worker in range(3):
            self.world.freeze(worker, False)
        if len(self.world.exchange.channels) >= self.world.caps.lines:
            self.world.pass_time(self.world.caps.ring.total_seconds() + 1)
        if not self.world.may_ring:
            self.world.to_the_next_hours()

    @rule()
    def next_morning(self) -> None:
        self.world.pass_time(14 * 3600)
        self.mend()
        self.world.sweep()

    @initialize(endings=st.lists(ENDINGS, min_size=1, max_size=3))
    def first_calls(self, endings: list[str]) -> None:
        """No run is without a talk: hypothesis leaves out many rules of each (swarm testing)."""
        for name, values in self.scene:
            getattr(self, name)(**values)
            self.holds()
        for worker, ending in enumerate(endings):
            self.whole_call(worker, 0, ending=ending)

    @rule(
        worker=WORKER,
        place=FAMILY,
        seconds=BETWEEN,
        copies=st.sampled_from([1, 1, 2]),
        mended=st.booleans(),
        answered=st.booleans(),
    )
    def one_call(  # noqa: PLR0917 - all of it drawn
        self,
        worker: int,
        place: int,
        seconds: float = 1.1,
        copies: int = 1,
        mended: bool = True,
        answered: bool = False,
    ) -> None:
        """The usual way; a proxy on it may say things twice."""
        self.world.pass_time(seconds)
        if mended:
            self.mend()
            self.hear_all()
            if self.world.lines_taken >= self.world.caps.lines:
                self.world.reconcile()
        if not self.world.claim(worker):
            self.world.remind(place, 22)
            self.world.claim(worker)
        self.world.order(worker)
        self.world.send(worker, copies=copies)
        self.world.exchange.arrive(place)
        if answered:
            self.answer(0)

    @rule(worker=WORKER, place=PLACE, seconds=BETWEEN)
    def two_calls(self, worker: int, place: int, seconds: float) -> None:
        """Both lines of the robot are wanted."""
        self.one_call(worker, place, seconds)
        self.one_call(worker + 1, place + 1)

    @rule(worker=WORKER, place=PLACE, seconds=BETWEEN, ending=ENDINGS, lingers=st.booleans())
    def whole_call(
        self, worker: int, place: int, seconds: float = 1.1, ending: str = "confirmed", lingers: bool = False
    ) -> None:
        """The usual way to its end, on a good day."""
        self.one_call(worker, place, seconds)
        self.answer(0)
        self.world.talk(0, ending, lingers=lingers)
        self.hear_all()

    @rule(worker=WORKER, place=PLACE, seconds=BETWEEN, detail=IN_VAIN)
    def call_in_vain(self, worker: int, place: int, seconds: float, detail: str) -> None:
        """Nobody answers, and the engine hears of it."""
        self.one_call(worker, place, seconds)
        self.end(-1, detail)
        self.hear_all()

    @rule()
    def hear_all(self) -> None:
        while self.world.exchange.words and self.world.exchange.link:
            self.world.hear(0)

    @rule(worker=WORKER, place=PLACE, seconds=st.sampled_from([31, 61, 3700]))
    def overtaken(self, worker: int, place: int, seconds: float) -> None:
        """A worker is slow; its task goes to another, and then it wakes up."""
        self.world.claim(worker)
        self.world.pass_time(seconds)
        self.world.sweep()
        self.whole_call(worker + 1, place)
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

    # --- the moments at which a rule or the gate is all that stands between an order and a telephone

    @rule(worker=WORKER, waiting=st.integers(0, 1), inbound=st.integers(0, 4))
    def call_while_families_call(self, worker: int, waiting: int, inbound: int) -> None:
        self.mend()
        self.families_call(waiting, inbound)
        self.one_call(worker, 0, mended=False)

    @rule(worker=WORKER, seconds=st.sampled_from([60, 900, 7200]))
    def call_in_a_pause(self, worker: int, seconds: int) -> None:
        self.mend()
        self.world.pause(seconds)
        self.one_call(worker, 0, mended=False)

    @rule(worker=WORKER, seconds=st.sampled_from([40, 34, 31, 20, 6]))
    def call_at_the_edge(self, worker: int, seconds: int) -> None:
        self.mend()
        self.world.to_the_edge(seconds)
        self.one_call(worker, 0, 0.1, mended=False)

    @rule(worker=WORKER, seconds=st.sampled_from([1.5, -1.5, 3700, -3600, 86400]))
    def call_by_a_wrong_clock(self, worker: int, seconds: float) -> None:
        """The calling hours have just ended; our clock says something else."""
        self.mend()
        self.world.to_the_edge(1)
        self.world.pass_time(61)
        self.world.sweep()
        self.world.step_clock(seconds)
        self.one_call(worker, 0, mended=False)

    @rule(worker=WORKER)
    def call_without_words(self, worker: int) -> None:
        self.mend()
        self.world.claim(worker)
        self.world.order(worker, prompts=False)

    @rule(worker=WORKER)
    def copy_is_heard_first(self, worker: int) -> None:
        """A proxy has sent the order twice, and the refusal of the copy overtakes the words of the call (M4, M5)."""
        self.one_call(worker, 0, copies=2)
        self.world.exchange.arrive(0)
        self.world.hear(-1)

    @rule(place=PLACE)
    def answer(self, place: int) -> None:
        ringing = [name for name, one in self.world.exchange.channels.items() if not one.answered]
        if ringing:
            self.world.exchange.answer(ringing[place % len(ringing)])

    @rule(place=PLACE, ending=ENDINGS, lingers=st.booleans())
    def talk(self, place: int, ending: str, lingers: bool) -> None:
        self.world.talk(place, ending, lingers=lingers)

    @rule(place=PLACE, detail=IN_VAIN)
    def end(self, place: int, detail: str) -> None:
        names = list(self.world.exchange.channels)
        if names:
            self.world.exchange.end(names[place % len(names)], detail)

    # --- families, and people who look after them

    @rule(family=FAMILY, hours=st.sampled_from([2, 4, 22, 46]))
    def remind(self, family: int, hours: int) -> None:
        self.world.remind(family, hours)

    @rule(family=FAMILY, urgent=st.booleans())
    def ask_for_rating(self, family: int, urgent: bool) -> None:
        others.ask_for_rating(self.world, family, urgent=urgent)

    @rule(family=FAMILY, urgent=st.booleans())
    def tell(self, family: int, urgent: bool) -> None:
        others.tell(self.world, family, urgent=urgent)

    @rule(place=PLACE)
    def rate_in_person(self, place: int) -> None:
        others.rate_in_person(self.world, place)

    @rule(place=PLACE, paused=st.booleans())
    def hold_back(self, place: int, paused: bool) -> None:
        others.hold_back(self.world, place, paused)

    @rule(points=st.sampled_from([0, 0, 1, 10]), outcome=st.sampled_from(list(others.Outcome)))
    def work_the_other_lists(self, points: int, outcome: others.Outcome) -> None:
        others.work_the_lists(self.world, points, outcome)

    @rule()
    def settle(self) -> None:
        others.settle(self.world)

    @rule(place=PLACE)
    def call_off(self, place: int) -> None:
        self.world.call_off(place)

    @rule(family=st.integers(0, 1), everything=st.booleans())
    def refuse(self, family: int, everything: bool) -> None:
        self.world.refuse(family, everything)

    @rule(family=FAMILY)
    def change_number(self, family: int) -> None:
        self.world.change_number(family)

    @rule(place=PLACE, rarely=st.integers(0, 3))
    def no_such_number(self, place: int, rarely: int) -> None:
        if rarely == 0:
            self.end(place, NO_SUCH_NUMBER)

    @rule(outcome=st.sampled_from(list(Outcome)))
    def work_the_list(self, outcome: Outcome) -> None:
        self.world.work_the_list(outcome)

    @rule()
    def stop(self) -> None:
        self.world.stop()

    @rule(seconds=st.sampled_from([60, 900, 7200]))
    def pause(self, seconds: int) -> None:
        self.world.pause(seconds)

    @rule()
    def resume(self) -> None:
        self.world.resume()

    # --- time

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(seconds=st.sampled_from([300, 90, 40, 36, 34, 31, 20, 6, 1]))
    def to_the_edge(self, seconds: float) -> None:
        self.world.to_the_edge(seconds)

    @rule(seconds=st.sampled_from([0, 0, 1.5, -1.5, 3600, -3600, 86400]))
    def step_clock(self, seconds: float) -> None:
        self.world.step_clock(seconds)

    # --- the engine's own steps, one at a time

    @rule(worker=WORKER)
    def claim(self, worker: int) -> None:
        self.world.claim(worker)

    @rule(worker=WORKER, prompts=st.sampled_from([True, True, True, False]))
    def order(self, worker: int, prompts: bool) -> None:
        self.world.order(worker, prompts=prompts)

    @rule(worker=WORKER, copies=st.sampled_from([1, 1, 2]), lost=st.sampled_from([False, False, True]))
    def send(self, worker: int, copies: int, lost: bool) -> None:
        self.world.send(worker, copies=copies, lost=lost, told=not lost)

    @rule(worker=WORKER)
    def kill(self, worker: int) -> None:
        self.world.kill(worker)

    @rule(worker=WORKER, stopped=st.sampled_from([False, False, True]))
    def freeze(self, worker: int, stopped: bool) -> None:
        self.world.freeze(worker, stopped)

    @rule()
    def reconcile(self) -> None:
        self.world.reconcile()

    @rule()
    def sweep(self) -> None:
        self.world.sweep()

    @rule()
    def hang_up(self) -> None:
        self.world.hang_up()

    # --- the exchange and its words

    @rule(place=PLACE)
    def arrive(self, place: int) -> None:
        self.world.exchange.arrive(place)

    @rule(place=PLACE, keep=st.sampled_from([False, False, True]), lost=st.sampled_from([False, False, False, True]))
    def hear(self, place: int, keep: bool, lost: bool) -> None:
        self.world.hear(place, keep=keep, lost=lost)

    @rule(place=PLACE, word=st.sampled_from(["ended", "gate_denied", "ringing", "nonsense"]))
    def forge(self, place: int, word: str) -> None:
        """Words about orders that never were."""
        self.world.exchange.words.append((f"att-{place:032x}", word, "ANSWER-16-"))

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

    # --- what must hold

    @invariant()
    def holds(self) -> None:
        if (now := self.world.fingerprint()) != self.judged:
            invariants.always(self.world.run())
            self.judged = now

    def teardown(self) -> None:
        self.world.come_to_rest()
        run = self.world.whole_run()
        invariants.at_rest(run)
        invariants.totals(run, self.world.exchange.evident(), self.world.exchange.lost)
        assert not self.world.replay(), "I17: hearing everything again changed something"
        others.judge(self.world)
        self.statistics.add(run, self.world)


def explore(town: Town, examples: int, number: int, scene: Scene = ()) -> Statistics:
    """So many runs, the same every time for one `number`; each begins with `scene`. What they saw.

    Nobody changes the calendar in a run, so it is not read anew for every order: half of the questions would be about
    it.
    """
    seen = Statistics()
    machine = seed(SEED + number)(type("Machine", (Dialler,), {"town": town, "statistics": seen, "scene": scene}))
    with mock.patch.object(facts, "calendar_of", return_value=town.place.calendar):
        run_state_machine_as_test(
            machine,
            _min_steps=STEPS,  # else many runs stop after a few: hypothesis repeats what it has once drawn
            settings=settings(
                max_examples=examples,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=(Phase.generate,),
                database=None,
            ),
        )
    return seen
