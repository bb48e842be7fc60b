"""The reminder of a booking (S-3) and what an answering machine hears instead (S-7; domain.md §9.2, §3.5). Pure.

::

    who is there (`talk`) ── 1 ──► the booking ── keys ──► next booking … ──► good-bye
                                     │ 1 comes   2 moves   3 cancels   4 once more   0 a person   9 no more robots
"""

from collections.abc import Generator
from typing import Final

from callflow.dialogues.outcome import End, Outcome, Told
from callflow.dialogues.script import Booking, Script
from callflow.dialogues.steps import Action, Heard, Key, Result, Step
from callflow.dialogues.talk import MOST_REPEATS, Part, Slips, Talk

MENU_KEYS: Final = "123409"
SURE_KEYS: Final = "109"
OFFER_KEYS: Final = "123409"
_MOST_CANCELS: Final = 2
"""How often «вы уверены?» is asked about one booking."""


def dialogue(script: Script) -> Generator[Step, Heard, Outcome]:
    """Remind of the script's bookings (see `Talk.whole`)."""
    return _Reminder(script).whole()


class _Reminder(Talk):
    def __init__(self, script: Script) -> None:
        super().__init__({one.appointment_id: Told.NOTHING for one in script.bookings}, human_now=script.human_now)
        self._script = script

    def matter(self) -> Part[None]:
        for booking in self._script.bookings:
            yield from self._booking(booking)
        yield from self.finish(End.BYE, "bye")

    # --- one booking

    def _booking(self, booking: Booking) -> Part[None]:
        key = yield from self.tell(booking.piece, booking.appointment_id, MENU_KEYS)
        slips, repeats, cancels = Slips(), 0, 0
        keys = self._script.keys_of(booking)
        pieces: tuple[str, ...] = (keys,)
        while pieces:
            heard: Heard = Key(key=key)
            if not key:
                heard = yield from self.ask(pieces, MENU_KEYS)
            pieces, key = (keys,), ""
            match heard:
                case Key(key="1"):
                    yield from self._change(booking, Action.CONFIRM, Told.CONFIRMED, "confirmed")
                    return
                case Key(key="2"):
                    yield from self._move(booking)
                    return
                case Key(key="3") if cancels < _MOST_CANCELS:
                    cancels += 1
                    if (yield from self._cancel(booking)):
                        return
                case Key(key="4") if repeats < MOST_REPEATS:
                    repeats += 1
                    key = yield from self.tell(booking.piece, booking.appointment_id, MENU_KEYS)
                case _:
                    pieces = slips.again(heard, keys)

    def _cancel(self, booking: Booking) -> Part[bool]:
        """Ask once more before the time is given away; whether it was."""
        before = self.told[booking.appointment_id]
        self.told[booking.appointment_id] = Told.WANTED
        heard = yield from self.ask(("sure",), SURE_KEYS)
        if isinstance(heard, Key) and heard.key == "1":
            yield from self._change(booking, Action.CANCEL, Told.CANCELLED, "cancelled")
            return True
        self.told[booking.appointment_id] = before
        yield from self.say("kept")
        return False

    def _move(self, booking: Booking) -> Part[None]:
        """Two free times read out: the first, the second, or a person calls back."""
        self.told[booking.appointment_id] = Told.WANTED
        offered = yield from self.act(Action.OFFERS, booking.appointment_id)
        pieces = offered.pieces if offered.result is Result.DONE and offered.count else ()
        slips, repeats = Slips(), 0
        while pieces:
            heard = yield from self.ask(pieces, OFFER_KEYS)
            match heard:
                case Key(key="1" | "2" as key) if int(key) <= offered.count:
                    yield from self._change(booking, Action.MOVE, Told.MOVED, "", choice=int(key))
                    return
                case Key(key="3"):
                    break
                case Key(key="4") if repeats < MOST_REPEATS:
                    repeats += 1
                    pieces = offered.pieces
                case Key():
                    pieces = ("again", *offered.pieces) if slips.again(heard, "") else ()
                case _:
                    pieces = offered.pieces if slips.again(heard, "") else ()
        yield from self.call_back(booking.appointment_id)

    def _change(self, booking: Booking, action: Action, told: Told, piece: str, choice: int = 0) -> Part[None]:
        """Do it and say so; where somebody else has changed the booking meanwhile, a person calls back."""
        which = booking.appointment_id
        done = yield from self.act(action, which, choice)
        if done.result is not Result.DONE:
            yield from self.call_back(which)
            return
        self.told[which] = told
        yield from self.say(*(done.pieces or (piece,)))
