"""The reminder of a booking (S-3) and what an answering machine hears instead (S-7; domain.md §9.2, §3.5). Pure.

::

    who calls, that it is automatic, for whom ── 1 ──► the booking ── keys ──► next booking … ──► good-bye
        │ 2 another person      │ silence, silence                │ 1 comes   2 moves   3 cancels   4 once more
        ▼                       ▼                                 ▼ 0 a person  9 no more robots
      apology                 neutral text

Nothing of a booking is said before somebody has pressed 1 (I13). An act is done once; whoever hangs up keeps what was
done. A wrong key is explained once; the same mistake again goes on without it.
"""

import contextlib
from collections.abc import Generator
from typing import Final, TypeAlias, TypeVar

from callflow.dialogues.outcome import End, Outcome, Told
from callflow.dialogues.script import Booking, Script
from callflow.dialogues.steps import (
    Action,
    Ask,
    Do,
    Done,
    Hangup,
    Heard,
    Human,
    HungUp,
    Key,
    Result,
    Say,
    Silence,
    Step,
)

IDENTITY_KEYS: Final = "1290"
MENU_KEYS: Final = "123409"
SURE_KEYS: Final = "109"
OFFER_KEYS: Final = "123409"
MOST_REPEATS: Final = 3
_MOST_CANCELS: Final = 2
"""How often «вы уверены?» is asked about one booking."""

_T = TypeVar("_T")
_Talk: TypeAlias = Generator[Step, Heard, _T]


def dialogue(script: Script) -> Generator[Step, Heard, Outcome]:
    """Remind of the script's bookings. Ends within a bounded number of steps whatever is heard; the last one is
    `Human`, `Hangup`, or any other step at which the family hung up."""
    talk = _Reminder(script)
    with contextlib.suppress(_Over):
        yield from talk.run()
    return Outcome(talk.end, dict(talk.told))


class _Over(Exception):
    """The talk has come to its end, whichever."""


class _Slips:
    """Counts silences and wrong keys of one question: the second of a kind is one too many."""

    def __init__(self) -> None:
        self._silences = self._wrong = 0

    def again(self, heard: Heard, question: str) -> tuple[str, ...]:
        """The pieces with which to ask once more; none where it has been asked enough."""
        if isinstance(heard, Key):
            self._wrong += 1
            return ("again", question) if self._wrong == 1 else ()
        self._silences += 1
        return (question,) if self._silences == 1 else ()


class _Reminder:
    def __init__(self, script: Script) -> None:
        self._script = script
        self.told = {one.appointment_id: Told.NOTHING for one in script.bookings}
        self.end = End.GONE
        self._identified = self._asked_back = False

    def run(self) -> _Talk[None]:
        yield from self._identity()
        for booking in self._script.bookings:
            yield from self._booking(booking)
        yield from self._finish(End.BYE, "bye")

    # --- who is there

    def _identity(self) -> _Talk[None]:
        """Come back only when somebody has said that it is he."""
        pieces: tuple[str, ...] = ("hello", "who")
        slips = _Slips()
        heard: Heard = Silence()
        while pieces:
            heard = yield from self._ask(pieces, IDENTITY_KEYS)
            match heard:
                case Key(key="1"):
                    self._identified = True
                    return
                case Key(key="2"):
                    self.end = End.WRONG_PERSON
                    yield from self._act(Action.WRONG_PERSON)
                    yield from self._finish(End.WRONG_PERSON, "wrong_person")
            pieces = slips.again(heard, "who")
        yield from self._finish(End.UNCLEAR if isinstance(heard, Key) else End.MACHINE, "machine")

    # --- one booking

    def _booking(self, booking: Booking) -> _Talk[None]:
        key = yield from self._tell(booking)
        slips, repeats, cancels = _Slips(), 0, 0
        keys = self._script.keys_of(booking)
        pieces: tuple[str, ...] = (keys,)
        while pieces:
            heard: Heard = Key(key=key)
            if not key:
                heard = yield from self._ask(pieces, MENU_KEYS)
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
                    key = yield from self._tell(booking)
                case _:
                    pieces = slips.again(heard, keys)

    def _tell(self, booking: Booking) -> _Talk[str]:
        """Say the booking's words; the key that cut them short, or ''."""
        try:
            heard = yield from self._step(Say((booking.piece,), MENU_KEYS))
        except _HungUpHere as gone:
            self._note_heard(booking, gone.heard)
            raise
        self._note_heard(booking, heard)
        key = heard.key if isinstance(heard, Key) else ""
        yield from self._universal(key)
        return key

    def _note_heard(self, booking: Booking, heard: Heard) -> None:
        if heard.was_heard and self.told[booking.appointment_id] is Told.NOTHING:
            self.told[booking.appointment_id] = Told.HEARD

    def _cancel(self, booking: Booking) -> _Talk[bool]:
        """Ask once more before the time is given away; whether it was."""
        before = self.told[booking.appointment_id]
        self.told[booking.appointment_id] = Told.WANTED
        heard = yield from self._ask(("sure",), SURE_KEYS)
        if isinstance(heard, Key) and heard.key == "1":
            yield from self._change(booking, Action.CANCEL, Told.CANCELLED, "cancelled")
            return True
        self.told[booking.appointment_id] = before
        yield from self._say("kept")
        return False

    def _move(self, booking: Booking) -> _Talk[None]:
        """Two free times read out: the first, the second, or a person calls back."""
        self.told[booking.appointment_id] = Told.WANTED
        offered = yield from self._act(Action.OFFERS, booking)
        pieces = offered.pieces if offered.result is Result.DONE and offered.count else ()
        slips, repeats = _Slips(), 0
        while pieces:
            heard = yield from self._ask(pieces, OFFER_KEYS)
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
        yield from self._call_back(booking)

    # --- what any question has

    def _universal(self, key: str) -> _Talk[None]:
        """Keys 9 and 0 mean the same wherever they are pressed, before anybody has said who he is too."""
        if key == "9":
            # Whatever is said afterwards: the refusal holds from the moment of the key (domain.md §3.2).
            self.end = End.OPTED_OUT
            yield from self._act(Action.REFUSE_ROBOT)
            yield from self._finish(End.OPTED_OUT, "refused")
        if key == "0":
            self.end = End.HUMAN
            if self._script.human_now:
                yield from self._say("wait_human")
                yield Human()
                raise _Over
            yield from self._call_back(None)
            yield from self._finish(End.HUMAN, "")

    def _change(self, booking: Booking, action: Action, told: Told, piece: str, choice: int = 0) -> _Talk[None]:
        """Do it and say so; where somebody else has changed the booking meanwhile, a person calls back."""
        done = yield from self._act(action, booking, choice)
        if done.result is not Result.DONE:
            self.told[booking.appointment_id] = Told.WANTED
            yield from self._call_back(booking)
            return
        self.told[booking.appointment_id] = told
        yield from self._say(*(done.pieces or (piece,)))

    def _call_back(self, booking: Booking | None) -> _Talk[None]:
        if booking is not None:
            self.told[booking.appointment_id] = Told.WANTED
        if not self._asked_back:
            self._asked_back = True
            yield from self._act(Action.CALL_BACK, booking)
        yield from self._say("call_back")

    def _act(self, action: Action, booking: Booking | None = None, choice: int = 0) -> _Talk[Done]:
        """Have the records changed. A fault of theirs ends the talk, and the family is told that nothing was done."""
        which = booking.appointment_id if booking else 0
        heard = yield from self._step(Do(action, which, choice, identified=self._identified))
        done = heard if isinstance(heard, Done) else Done(result=Result.FAULT)
        if done.result is Result.FAULT:
            if booking is not None:
                self.told[booking.appointment_id] = Told.WANTED
            yield from self._finish(End.TROUBLE, "trouble")
        return done

    def _ask(self, pieces: tuple[str, ...], keys: str) -> _Talk[Heard]:
        heard = yield from self._step(Ask(pieces, keys))
        if isinstance(heard, Key):
            yield from self._universal(heard.key)
        return heard

    def _say(self, *pieces: str) -> _Talk[None]:
        yield from self._step(Say(tuple(piece for piece in pieces if piece)))

    def _finish(self, end: End, piece: str) -> _Talk[None]:
        """A last word, and the end: a telephone put down during it changes nothing."""
        self.end = end
        if piece:
            yield from self._say(piece)
        yield Hangup()
        raise _Over

    def _step(self, step: Step) -> _Talk[Heard]:
        heard = yield step
        if isinstance(heard, HungUp):
            raise _HungUpHere(heard)
        return heard


class _HungUpHere(_Over):
    def __init__(self, heard: HungUp) -> None:
        super().__init__()
        self.heard = heard
