"""Whatever happens, in whatever order: the invariants of the outbound engine hold after every step (reliability.md §3).

DISPATCH_MACHINE_EXAMPLES runs of a hundred steps; and defects that somebody might build in one day are found by runs of
the same kind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.dialler.machine import explore
from tests.support.dialler.mutants import MUTANTS
from tests.support.dialler.records import Town

EXAMPLES = int(os.environ.get("DISPATCH_MACHINE_EXAMPLES", "2000"))
PARTS = 8
"""Two processes share them (`tests/run.py`)."""
ENOUGH_TO_SAY = 100
MUTANT_EXAMPLES = 60
"""A run that finds its defect ends there; each has been found by half of them."""


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    found = Town()
    yield found
    found.dispose()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_order_of_events_breaks_an_invariant(town: Town, part: int) -> None:
    seen = explore(town, EXAMPLES // PARTS, part)
    if os.environ.get("DISPATCH_MACHINE_STATISTICS"):
        print(seen)
    calls = sorted(seen.per_run)
    if len(calls) >= ENOUGH_TO_SAY:
        assert calls[len(calls) // 2] >= 4, f"most runs have too few calls for an invariant to be broken by: {seen}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_defect_is_found(town: Town, mutant: str) -> None:
    built = MUTANTS[mutant]
    with built.built_in(), pytest.raises(AssertionError, match=rf"^({built.found_by}):"):
        explore(town, MUTANT_EXAMPLES, PARTS, built.scene)
