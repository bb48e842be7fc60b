"""What every rule of the state machine works with."""

from __future__ import annotations

from hypothesis.stateful import RuleBasedStateMachine

from tests.support.dialler.world import World


class Steps(RuleBasedStateMachine):
    """`world` is the run's."""

    world: World

    def mend(self) -> None:
        """Everything works again."""
        self.world.step_clock(0)
        self.world.log_in()
        self.world.families_call(0, 0)
        if self.world.is_held_back:
            self.world.resume()
        for worker in range(3):
            self.world.freeze(worker, False)
        if len(self.world.exchange.channels) >= self.world.caps.lines:
            self.world.pass_time(self.world.caps.ring.total_seconds() + 1)
        if not self.world.may_ring:
            self.world.to_the_next_hours()
