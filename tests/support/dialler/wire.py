"""What the wire saw: the truth that no record of ours can bend."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Invite:
    """One INVITE that left the exchange; instants are true time, whatever our clocks say."""

    attempt_id: str
    number: str
    at: datetime
    ring_ended_at: datetime | None = None
    ended_at: datetime | None = None
    rang: bool = True
    """Until the network has said otherwise: only such calls disturb a family."""
    given_up: bool = False
    """A person put her telephone down before this one was answered: she may try again when she likes."""


@dataclass
class Wire:
    """All INVITEs of the robot's and those of people (their `attempt_id` is the channel id of the order), and how many
    of the robot's calls were up at most."""

    invites: list[Invite] = field(default_factory=list)
    by_people: list[Invite] = field(default_factory=list)
    most_at_once: int = 0

    def of(self, attempt_id: str) -> list[Invite]:
        """The INVITEs of one attempt."""
        return [one for one in self.invites if one.attempt_id == attempt_id]
