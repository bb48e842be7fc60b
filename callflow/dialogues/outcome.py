"""How a talk ended: what became of what it was about, and the one word for the attempt (`callflow.dialler.states`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from callflow.dialler.states import Disposition


class Told(StrEnum):
    """What became of one booking, of one message, or of the question for a rating. HEARD: its words were played, by the
    measure of I12, and no answer came; WANTED: the family began to change it and did not come to an end, or somebody
    will call back about it.
    """

    NOTHING = "nothing"
    HEARD = "heard"
    CONFIRMED = "confirmed"
    MOVED = "moved"
    CANCELLED = "cancelled"
    WANTED = "wanted"
    RATED = "rated"
    NOT_RATED = "not_rated"


class End(StrEnum):
    """How the talk itself ended. BYE is our own word at its end; GONE the family's telephone put down."""

    BYE = "bye"
    GONE = "gone"
    MACHINE = "machine"
    UNCLEAR = "unclear"
    """Somebody pressed keys that mean nothing, twice, before he said who he is."""
    WRONG_PERSON = "wrong_person"
    OPTED_OUT = "opted_out"
    HUMAN = "human"
    TROUBLE = "trouble"


_BY_END = {
    End.MACHINE: Disposition.MACHINE,
    End.UNCLEAR: Disposition.HUNG_UP,
    End.WRONG_PERSON: Disposition.WRONG_PERSON,
    End.OPTED_OUT: Disposition.OPTED_OUT,
    End.HUMAN: Disposition.HUMAN,
    End.TROUBLE: Disposition.HUMAN,
}
_BY_TOLD = (
    # The weakest first: two bookings, one confirmed and one only heard, were «напомнили».
    (Told.NOTHING, Disposition.HUNG_UP),
    (Told.WANTED, Disposition.HUMAN),
    (Told.HEARD, Disposition.DELIVERED),
    (Told.RATED, Disposition.DELIVERED),
    (Told.NOT_RATED, Disposition.DELIVERED),
    (Told.CONFIRMED, Disposition.CONFIRMED),
    (Told.MOVED, Disposition.MOVED),
    (Told.CANCELLED, Disposition.DECLINED),
)


@dataclass(frozen=True)
class Outcome:
    """`told` by appointment, in the order of the script; 0 where a call is about one thing only."""

    end: End
    told: Mapping[int, Told]

    @property
    def disposition(self) -> Disposition:
        """The attempt's disposition: `delivered` only where all was played or answered (reliability.md I12)."""
        if self.end in _BY_END:
            return _BY_END[self.end]
        found = set(self.told.values())
        return next((word for told, word in _BY_TOLD if told in found), Disposition.HUNG_UP)
