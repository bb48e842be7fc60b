"""Rules about time, the engine's own steps one at a time, and the exchange and its words."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.support.dialler.draws import PLACE, SECONDS, WORKER
from tests.support.dialler.steps import Steps


class Failures(Steps):
    """What goes wrong, and what mends it."""

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
            self.world.families_call(waiting, inbound)

    @rule(up=st.sampled_from([True, True, False]))
    def link(self, up: bool) -> None:
        if up and self.world.exchange.up:
            self.world.log_in()
        self.world.exchange.link = up

    @rule()
    def crash(self) -> None:
        self.world.exchange.crash()

    @rule()
    def start(self) -> None:
        if self.world.exchange.link:
            self.world.log_in()
        self.world.exchange.start()
