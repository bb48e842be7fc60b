"""What every talk of the robot has: who is there, keys 0 and 9, slips, acts, a last word (domain.md §3.5, §9.2). Pure.

::

    who calls, that it is automatic, for whom ── 1 ──► what the call is about
        │ 2 another person      │ silence, silence
        ▼                       ▼
      apology                 neutral text (S-7)

Nothing of the matter is said before somebody has pressed 1 (I13). An act is done once; whoever hangs up keeps what was
done. A wrong key is explained once; the same mistake again goes on without it.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Final, TypeAlias, TypeVar

from callflow.dialogues.outcome import End, Outcome, Told
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
MOST_REPEATS: Final = 3

_T = TypeVar("_T")
Part: TypeAlias = Generator[Step, Heard, _T]
"""A part of a talk: yields steps, is sent what was heard."""


class Over(Exception):
    """The talk has come to its end, whichever."""


class HungUpHere(Over):
    """The telephone was put down within a step; `heard` says how far it had come."""

    def __init__(self, heard: HungUp) -> None:
        super().__init__()
        self.heard = heard


class Slips:
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


class Talk(ABC):
    """One talk; `told` by what it is about (an appointment's id, 0 where a call is about one thing only)."""

    def __init__(self, told: dict[int, Told], *, human_now: bool) -> None:
        self.told = told
        self.end = End.GONE
        self._human_now = human_now
        self._identified = self._asked_back = False

    def whole(self) -> Generator[Step, Heard, Outcome]:
        """The talk from the greeting to its outcome. Ends within a bounded number of steps whatever is heard; the last
        one is `Human`, `Hangup`, or any other step at which the family hung up."""
        with contextlib.suppress(Over):
            yield from self.identity()
            yield from self.matter()
        return Outcome(self.end, dict(self.told))

    @abstractmethod
    def matter(self) -> Part[None]:
        """What the call is about, for somebody who has said that it is he."""

    # --- who is there

    def identity(self) -> Part[None]:
        """Come back only when somebody has said that it is he."""
        pieces: tuple[str, ...] = ("hello", "who")
        slips = Slips()
        heard: Heard = Silence()
        while pieces:
            heard = yield from self.ask(pieces, IDENTITY_KEYS)
            match heard:
                case Key(key="1"):
                    self._identified = True
                    return
                case Key(key="2"):
                    self.end = End.WRONG_PERSON
                    yield from self.act(Action.WRONG_PERSON)
                    yield from self.finish(End.WRONG_PERSON, "wrong_person")
            pieces = slips.again(heard, "who")
        yield from self.finish(End.UNCLEAR if isinstance(heard, Key) else End.MACHINE, "machine")

    # --- what any question has

    def universal(self, key: str) -> Part[None]:
        """Keys 9 and 0 mean the same wherever they are pressed, before anybody has said who he is too."""
        if key == "9":
            # Whatever is said afterwards: the refusal holds from the moment of the key (domain.md §3.2).
            self.end = End.OPTED_OUT
            yield from self.act(Action.REFUSE_ROBOT)
            yield from self.finish(End.OPTED_OUT, "refused")
        if key == "0":
            self.end = End.HUMAN
            if self._human_now:
                yield from self.say("wait_human")
                yield Human()
                raise Over
            yield from self.call_back()
            yield from self.finish(End.HUMAN, "")

    def call_back(self, subject: int = 0) -> Part[None]:
        """Somebody of the office will call, and the family hears so."""
        if subject in self.told:
            self.told[subject] = Told.WANTED
        if not self._asked_back:
            self._asked_back = True
            yield from self.act(Action.CALL_BACK, subject)
        yield from self.say("call_back")

    def tell(self, piece: str, subject: int, keys: str) -> Part[str]:
        """Say what the call is about; the key that cut it short, or ''. Heard is what was played by the measure of I12,
        also where the telephone was put down."""
        try:
            heard = yield from self.step(Say((piece,), keys))
        except HungUpHere as gone:
            self._note_heard(subject, gone.heard)
            raise
        self._note_heard(subject, heard)
        key = heard.key if isinstance(heard, Key) else ""
        yield from self.universal(key)
        return key

    def act(self, action: Action, subject: int = 0, choice: int = 0) -> Part[Done]:
        """Have the records changed. A fault of theirs ends the talk, and the family is told that nothing was done."""
        heard = yield from self.step(Do(action, subject, choice, identified=self._identified))
        done = heard if isinstance(heard, Done) else Done(result=Result.FAULT)
        if done.result is Result.FAULT:
            if subject in self.told:
                self.told[subject] = Told.WANTED
            yield from self.finish(End.TROUBLE, "trouble")
        return done

    def ask(self, pieces: tuple[str, ...], keys: str, *, passed_over: str = "") -> Part[Heard]:
        """A question in which 9 and 0 mean what they mean everywhere."""
        heard = yield from self.step(Ask(pieces, keys, passed_over=passed_over))
        if isinstance(heard, Key):
            yield from self.universal(heard.key)
        return heard

    def say(self, *pieces: str) -> Part[None]:
        """Words that no key cuts short."""
        yield from self.step(Say(tuple(piece for piece in pieces if piece)))

    def finish(self, end: End, piece: str) -> Part[None]:
        """A last word, and the end: a telephone put down during it changes nothing."""
        self.end = end
        if piece:
            yield from self.say(piece)
        yield Hangup()
        raise Over

    def _note_heard(self, subject: int, heard: Heard) -> None:
        if heard.was_heard and self.told[subject] is Told.NOTHING:
            self.told[subject] = Told.HEARD

    def step(self, step: Step) -> Part[Heard]:
        """One step. Raises HungUpHere."""
        heard = yield step
        if isinstance(heard, HungUp):
            raise HungUpHere(heard)
        return heard
