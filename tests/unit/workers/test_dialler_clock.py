"""A clock that jumps is noticed once, and the new time counts from then on (reliability.md F27)."""

from __future__ import annotations

import pytest

from workers.dialler.clock import ClockGuard


class Clocks:
    wall = 1_000_000.0
    steady = 50.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def guard(clocks: Clocks) -> ClockGuard:
    return ClockGuard(wall=lambda: clocks.wall, monotonic=lambda: clocks.steady)


def test_time_that_passes_is_no_jump(guard: ClockGuard, clocks: Clocks) -> None:
    for seconds in (0.1, 1, 3600, 86_400):
        clocks.pass_by(seconds)
        assert not guard.jumped()


@pytest.mark.parametrize("step", [3600, -3600, 86_400, 5.1, -5.1])
def test_a_jump_is_noticed_once(guard: ClockGuard, clocks: Clocks, step: float) -> None:
    clocks.wall += step
    assert guard.jumped()
    clocks.pass_by(2)
    assert not guard.jumped()


@pytest.mark.parametrize("step", [0.5, -4.9])
def test_a_time_service_may_put_the_clock_right(guard: ClockGuard, clocks: Clocks, step: float) -> None:
    clocks.wall += step
    assert not guard.jumped()


def test_small_steps_add_up_to_a_jump(guard: ClockGuard, clocks: Clocks) -> None:
    found = []
    for _ in range(6):
        clocks.wall += 1
        found.append(guard.jumped())
    assert found == [False] * 5 + [True]
