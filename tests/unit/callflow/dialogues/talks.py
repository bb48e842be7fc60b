"""A dialogue driven by a list of what is heard, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from callflow.dialogues import information, reminder, survey
from callflow.dialogues.outcome import Outcome
from callflow.dialogues.script import PIECES, Booking, Script
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

OFFERED = ("offered:1",)
MOVED = ("moved:1",)


def script(*appointments: int, human_now: bool = True) -> Script:
    """A script whose words are the names of the pieces; the words of booking 7 are the piece «booking:7»."""
    bookings = tuple(Booking(one) for one in appointments or (7,))
    words = {name: name for name in (*PIECES, *(one.piece for one in bookings))}
    return Script(words, bookings, human_now)


def message(*, human_now: bool = True) -> information.Script:
    """A message of a campaign whose words are the names of the pieces."""
    return information.Script({name: name for name in information.PIECES}, human_now)


def question(*, human_now: bool = True) -> survey.Script:
    """The question for a rating; its words are the names of the pieces."""
    return survey.Script({name: name for name in survey.PIECES}, human_now)


AnyScript = Script | information.Script | survey.Script


class Making(Protocol):
    """Makes a script."""

    def __call__(self, *, human_now: bool = True) -> AnyScript: ...


@dataclass
class Told:
    """What a talk was like: every step, what was said, what was done, and its outcome (None: it has not ended)."""

    steps: list[Step] = field(default_factory=list)
    outcome: Outcome | None = None

    @property
    def said(self) -> list[str]:
        return [piece for step in self.steps if isinstance(step, Say | Ask) for piece in step.pieces]

    @property
    def acts(self) -> list[tuple[str, int, int]]:
        return [(one.action.value, one.booking, one.choice) for one in self.steps if isinstance(one, Do)]

    @property
    def last(self) -> str:
        return type(self.steps[-1]).__name__


def _done(step: Do) -> Done:
    if step.action is Action.OFFERS:
        return Done(pieces=OFFERED, count=2)
    return Done(pieces=MOVED if step.action is Action.MOVE else ())


def drive(
    words: AnyScript, heard: Iterable[Heard | str], acts: Callable[[Do], Done] = _done, *, limit: int = 500
) -> Told:
    """Run the dialogue. `heard` answers its questions in turn: a key «1», «-» for silence, «x» for a telephone put
    down; a booking's own words take an answer too («>»: heard to the end). Anything else is played to its end.
    """
    answers = iter(heard)
    told = Told()
    match words:
        case information.Script():
            talk = information.dialogue(words)
        case survey.Script():
            talk = survey.dialogue(words)
        case _:
            talk = reminder.dialogue(words)
    send: Heard | None = None
    try:
        while len(told.steps) < limit:
            step = next(talk) if send is None else talk.send(send)
            told.steps.append(step)
            send = _answer(step, answers, acts)
    except StopIteration as end:
        told.outcome = end.value
    return told


def _answer(step: Step, answers: Iterator[Heard | str], acts: Callable[[Do], Done]) -> Heard:
    if isinstance(step, Do):
        return acts(step)
    if isinstance(step, Human | Hangup) or (isinstance(step, Say) and not step.keys):
        return Done(1000, 1000)
    word = next(answers, "x")
    while isinstance(step, Ask) and isinstance(word, str) and word in step.passed_over:
        word = next(answers, "x")
    if not isinstance(word, str):
        return word
    nobody: Heard = Done(1000, 1000) if isinstance(step, Say) else Silence(1000, 1000)
    return {"x": HungUp(100, 1000), ">": nobody, "-": nobody}.get(word, Key(500, 1000, word))


def refusing(action: Action, result: Result) -> Callable[[Do], Done]:
    """Acts that succeed, but this one."""

    def act(step: Do) -> Done:
        return Done(result=result) if step.action is action else _done(step)

    return act
