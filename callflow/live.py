"""A call as a snapshot of the exchange shows it: what is there now, not how it came to be."""

from dataclasses import dataclass
from datetime import datetime

from callflow.call import CallState


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One live call, gathered from CoreShowChannels and QueueStatus after a new AMI login.

    `since` is when its oldest channel appeared and `answered_at` when the talk began, as far as the exchange knows
    (aware, UTC).
    `ringing` pairs each ringing leg (Uniqueid) with its extension; `talking` is the extension in the talk.
    """

    linkedid: str
    did: str | None
    since: datetime
    state: CallState
    ringing: tuple[tuple[str, str], ...] = ()
    talking: str | None = None
    queue: str | None = None
    answered_at: datetime | None = None
