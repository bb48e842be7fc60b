"""What the exchange itself checks before a telephone rings because of us (`asterisk-config/sd-dial.conf.j2`).

The records decide (`callflow.dialler`); this is the last guard, and it closes where nothing was rendered: no line, no
window and no day that it was not told of lets anything through.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from telephony.config.hours import SECONDS_OF_DAY

RING_SECONDS: Final = 30
LONGEST_RING: Final = 60
LONGEST_WINDOW: Final = 100 * SECONDS_OF_DAY
TALK_SECONDS: Final = 180
"""No dialogue lasts longer; a talk with a person whom the family asked for has no limit."""
MARGIN_SECONDS: Final = 5
"""Between the last second of a ring and the end of the window (reliability.md F29)."""
FARTHEST_AHEAD: Final = 60
"""An order that is good for longer than so many seconds was written by another clock (F27)."""

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class WindowPlan:
    """When calls for one service may ring: stretches of epochs, half-open, in order, none touching the next."""

    queue: str
    spans: tuple[Span, ...] = ()

    def days(self) -> Iterator[tuple[int, tuple[Span, ...]]]:
        """Every UTC day (its number since 1970) from the first stretch to the last, with those that touch it."""
        if not self.spans:
            return
        for day in range(self.spans[0][0] // SECONDS_OF_DAY, (self.spans[-1][1] - 1) // SECONDS_OF_DAY + 1):
            begins, ends = day * SECONDS_OF_DAY, (day + 1) * SECONDS_OF_DAY
            yield day, tuple(span for span in self.spans if span[0] < ends and span[1] > begins)


@dataclass(frozen=True, kw_only=True)
class DiallingPlan:
    """Calls that the program places by itself.

    `lines` that it may use at once, of `trunk_lines` that there are: the last one is left to callers. `synthetic`: only
    the demo's invented numbers may be called, and otherwise never (domain.md §10.6).
    """

    lines: int = 0
    trunk_lines: int = 0
    synthetic: bool = True
    windows: tuple[WindowPlan, ...] = ()
    ring_seconds: int = RING_SECONDS
    talk_seconds: int = TALK_SECONDS
    start_seconds: int = 2
    """How long who has answered may wait for the dialogue's first sign of life."""
