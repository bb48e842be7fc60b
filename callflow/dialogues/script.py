"""The words of one talk: everything that may be said in it, filled in before the telephone rings.

`NEUTRAL` is the same in every dialogue; what follows it here belongs to the reminder.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

NEUTRAL: Final = ("hello", "who", "again", "machine", "wrong_person", "refused", "call_back", "wait_human", "trouble")
"""Pieces that are also said before anybody has said who he is: they name no matter, no place, no specialist (I13)."""

AFTER_IDENTITY: Final = ("keys", "sure", "kept", "confirmed", "cancelled", "bye")
"""Pieces that belong to a booking, besides its own."""

PIECES: Final = NEUTRAL + AFTER_IDENTITY
"""What every script of a reminder has. The words of the offered times and of the new time come from the act itself."""


BOOKING: Final = "booking:"
KEYS: Final = "keys"


def whole(words: Mapping[str, str], wanted: Collection[str]) -> None:
    """Raises ValueError where one of these pieces has no words."""
    lacking = [name for name in wanted if not words.get(name, "").strip()]
    if lacking:
        raise ValueError(f"a script without {', '.join(lacking)}")


@dataclass(frozen=True)
class Booking:
    """One booking of the talk. Its words («Напоминаем: в четверг, …», with the address and what to bring) are the piece
    «booking:<appointment_id>»; what its keys do is the piece «keys», or «keys:<appointment_id>» if there is one."""

    appointment_id: int

    @property
    def piece(self) -> str:
        """The piece with its words."""
        return f"{BOOKING}{self.appointment_id}"


@dataclass(frozen=True)
class Script:
    """What one telephone is called about: bookings of one family, the soonest first.

    `words` is piece → text as it is written (`callflow.speech` makes it speakable). `human_now`: whether key 0 connects
    with the operators; otherwise they call back. Raises ValueError for a script that lacks a piece.
    """

    words: Mapping[str, str]
    bookings: tuple[Booking, ...]
    human_now: bool = True

    def __post_init__(self) -> None:
        whole(self.words, (*PIECES, *(one.piece for one in self.bookings)))
        if not self.bookings:
            raise ValueError("a script without a booking")
        if len(set(self.bookings)) != len(self.bookings):
            raise ValueError("a booking twice in one script")

    def keys_of(self, booking: Booking) -> str:
        """The piece that says what the keys do."""
        own = f"{KEYS}:{booking.appointment_id}"
        return own if self.words.get(own, "").strip() else KEYS
