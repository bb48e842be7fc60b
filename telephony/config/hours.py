"""A service's hours as the dialplan knows them: edges as epochs, laid out by the number of the UTC day.

The dialplan knows no time zone and no calendar; it compares numbers that were computed when it was rendered. Beyond the
last edge it lets everybody in (asterisk-config/sd-hours.conf.j2).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SECONDS_OF_DAY: Final = 86_400
STATES: Final = frozenset({"open", "break", "closed"})


@dataclass(frozen=True, kw_only=True)
class Edge:
    """From the epoch `at` on the line is `state`; `next_open`: the epoch of its next opening, None while it is open or
    where none is known."""

    at: int
    state: str
    next_open: int | None = None


@dataclass(frozen=True, kw_only=True)
class HoursPlan:
    """The hours of one queue from its first edge up to `until` (epoch). The first edge says how it begins. Both ends
    are midnights in UTC."""

    queue: str
    edges: tuple[Edge, ...]
    until: int

    @property
    def first_day(self) -> int:
        """Number of the first UTC day since 1970 that the table covers."""
        return self.edges[0].at // SECONDS_OF_DAY

    @property
    def last_day(self) -> int:
        """The last one."""
        return self.until // SECONDS_OF_DAY - 1

    def days(self) -> Iterator[tuple[int, Edge, tuple[Edge, ...]]]:
        """Every day with what holds when it begins, and its edges after that."""
        holding, left = self.edges[0], list(self.edges)
        for day in range(self.first_day, self.last_day + 1):
            begins, ends = day * SECONDS_OF_DAY, (day + 1) * SECONDS_OF_DAY
            while left and left[0].at <= begins:
                holding = left.pop(0)
            later = tuple(edge for edge in left if edge.at < ends)
            yield day, holding, later
