"""The judge itself: a program with a defect is found out."""

from __future__ import annotations

import shutil

import pytest

from tests.chaos.running import run


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("mutant", "broken"), [("no_gate", ("I2", "I16")), ("no_commit", ("I1", "I16"))])
def test_a_defect_is_found_out(mutant: str, broken: tuple[str, ...]) -> None:
    """Without its gate the exchange dials twice what is ordered twice, and what a worker orders who stood still until
    its line was another's; whoever dials and writes nothing has calls that no row, and no line, knows."""
    found = run(1, seconds=12, reminders=10, mutant=mutant)
    assert found.verdict is not None
    assert found.verdict.broken.partition(":")[0] in broken, found
    assert found.logs is not None
    shutil.rmtree(found.logs)
