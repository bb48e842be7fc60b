"""Rules that make calls go on, so that the others find calls to disturb, and the moments at which a rule of the engine
or the gate is all that stands between an order and a telephone.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.support.dialler import households
from tests.support.dialler.draws import BETWEEN, ENDINGS, FAMILY, IN_VAIN, PLACE, WORKER
from tests.support.dialler.steps import Steps


class Calls(Steps):
    """The robot's calls."""

    @rule()
    def next_morning(self) -> None:
        self.world.pass_time(14 * 3600)
        self.mend()
        self.world.sweep()

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
            households.remind(self.world, place, 22)
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
        self.world.families_call(waiting, inbound)
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
