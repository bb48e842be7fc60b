"""A list that its keeper puts in order, one place up or down at a time."""

from collections.abc import Sequence
from typing import Protocol

from crm.errors import NotFound

STEP = 10
"""Between two positions, as the seeded rows have it."""


class Placed(Protocol):
    """A row of such a list."""

    id: int
    position: int


def move(rows: Sequence[Placed], row_id: int, *, up: bool, missing: str) -> bool:
    """Give the rows, which come in their order, the positions of the new one; False at the end of the list.

    Raises NotFound with the sentence `missing`.
    """
    ordered = list(rows)
    place = next((number for number, one in enumerate(ordered) if one.id == row_id), None)
    if place is None:
        raise NotFound(missing)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(ordered):
        return False
    ordered[place], ordered[other] = ordered[other], ordered[place]
    for number, one in enumerate(ordered, start=1):
        one.position = number * STEP
    return True
