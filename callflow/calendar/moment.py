"""What a caller meets at an instant. Values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LineState(StrEnum):
    """What a line of the service is for a caller."""

    OPEN = "open"
    BREAK = "break"
    CLOSED = "closed"


@dataclass(frozen=True)
class Moment:
    """The state at an instant. `until`: when it changes; `next_open`: the next opening of a line that is not open.

    None: not within `callflow.calendar.service_calendar.FARTHEST`. Instants are aware.
    """

    state: LineState
    until: datetime | None
    next_open: datetime | None


class NeverOpen(ValueError):
    """Working time was asked of a calendar that has none for more than a year."""
