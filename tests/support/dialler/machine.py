"""Everything that may happen to the engine in a day, in any order, as rules of a state machine (reliability.md §3).

Half of the rules make calls go on, so that the others find calls to disturb; what a run saw is counted
(`DISPATCH_MACHINE_STATISTICS=1` prints it). The rules themselves: `rules_of_calls` (the robot's), `rules_of_desks`
(people who call), `rules_of_people` (families and those who look after them), `rules_of_failures`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from unittest import mock

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test

from crm.dialler import facts
from tests.support.dialler import invariants, others, seen, third_party
from tests.support.dialler.counted import Statistics
from tests.support.dialler.draws import ENDINGS
from tests.support.dialler.records import Town
from tests.support.dialler.rules_of_desks import Desks
from tests.support.dialler.rules_of_failures import Failures
from tests.support.dialler.rules_of_people import People
from tests.support.dialler.world import World

SEED = int(os.environ.get("DISPATCH_MACHINE_SEED", "0"))
"""Another number explores other runs; the tests take the same ones every time, as long as the same code is loaded:
hypothesis also draws constants of it."""
STEPS = 100

Scene = Sequence[tuple[str, Mapping[str, object]]]
"""What happens first: rules and what they are given."""


class Dialler(People, Desks, Failures):
    """One day of an engine that everything happens to."""

    town: Town
    statistics: Statistics
    scene: Scene = ()

    def __init__(self) -> None:
        super().__init__()
        self.town.begin_anew()
        self.world = World(self.town, self.town.place)
        self.judged: object = None

    @initialize(endings=st.lists(ENDINGS, min_size=1, max_size=3))
    def first_calls(self, endings: list[str]) -> None:
        """No run is without a talk: hypothesis leaves out many rules of each (swarm testing)."""
        for name, values in self.scene:
            getattr(self, name)(**values)
            self.holds()
        for worker, ending in enumerate(endings):
            self.whole_call(worker, 0, ending=ending)

    # --- what must hold

    @invariant()
    def holds(self) -> None:
        if (now := seen.fingerprint(self.world)) != self.judged:
            invariants.always(seen.run(self.world))
            self.judged = now

    def teardown(self) -> None:
        self.world.come_to_rest()
        run = seen.whole_run(self.world)
        invariants.at_rest(run)
        invariants.totals(run, self.world.exchange.evident(), self.world.exchange.lost)
        assert not seen.replay(self.world), "I17: hearing everything again changed something"
        others.judge(self.world)
        with self.town.reading() as session:
            third_party.once_and_the_same_day(session)
            third_party.only_a_talk_ends_it(session)
        self.statistics.add(run, self.world)


def explore(town: Town, examples: int, number: int, scene: Scene = ()) -> Statistics:
    """So many runs, the same every time for one `number`; each begins with `scene`. What they saw.

    Nobody changes the calendar in a run, so it is not read anew for every order: half of the questions would be about
    it.
    """
    seen_by_all = Statistics()
    values = {"town": town, "statistics": seen_by_all, "scene": scene}
    machine = seed(SEED + number)(type("Machine", (Dialler,), values))
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
    return seen_by_all
