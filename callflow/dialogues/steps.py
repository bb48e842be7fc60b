"""What a dialogue may want, and what it may hear."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

FIRST_KEY_SECONDS = 7.0
"""How long a key is waited for after a question (domain.md §9.3)."""
NEXT_KEY_SECONDS = 3.0
"""How long the second figure of a number is waited for (domain.md §9.3)."""
DEAF_MILLISECONDS = 300
"""Keys pressed sooner after a question has begun belong to the one before it (domain.md §9.3)."""


class Action(StrEnum):
    """What a key makes the records do."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    OFFERS = "offers"
    MOVE = "move"
    REFUSE_ROBOT = "refuse_robot"
    WRONG_PERSON = "wrong_person"
    CALL_BACK = "call_back"
    RATE = "rate"
    REFUSE_SCORE = "refuse_score"


class Result(StrEnum):
    """What became of an act. GONE: the booking or the offered time is no longer as it was; FAULT: nothing was kept."""

    DONE = "done"
    GONE = "gone"
    FAULT = "fault"


@dataclass(frozen=True)
class Say:
    """Play these pieces to their end, or to a press of one of `keys`; other keys are passed over."""

    pieces: tuple[str, ...]
    keys: str = ""


@dataclass(frozen=True)
class Ask:
    """Play the pieces, which any key cuts short, and wait for a key. `keys` are those that mean something here;
    `passed_over` is as if nobody had pressed it."""

    pieces: tuple[str, ...]
    keys: str
    wait_seconds: float = FIRST_KEY_SECONDS
    passed_over: str = ""


@dataclass(frozen=True)
class Do:
    """Change the records. `booking` is the appointment's id, 0 where the act is about the family; `choice` the offered
    time, from 1, or the score; `identified`: somebody has said by a key that it is he."""

    action: Action
    booking: int = 0
    choice: int = 0
    identified: bool = False


@dataclass(frozen=True)
class Human:
    """Hand the caller to the operators; nothing comes after it."""


@dataclass(frozen=True)
class Hangup:
    """End the call; nothing comes after it."""


Step: TypeAlias = Say | Ask | Do | Human | Hangup


@dataclass(frozen=True)
class _Played:
    """How much of the step's pieces was played, in milliseconds."""

    played_ms: int = 0
    of_ms: int = 0

    @property
    def was_heard(self) -> bool:
        """Whether enough was played to say that somebody was told (reliability.md I12)."""
        return 0 < self.of_ms * 8 <= self.played_ms * 10


@dataclass(frozen=True)
class Key(_Played):
    """A key was pressed."""

    key: str = ""


@dataclass(frozen=True)
class Silence(_Played):
    """Nobody pressed anything."""


@dataclass(frozen=True)
class HungUp(_Played):
    """The family has put the telephone down, wherever in the step it was."""


@dataclass(frozen=True)
class Done(_Played):
    """The pieces were played to their end, or the act is over: its `result`, and the `pieces` that it gave to be said
    (the offered times, the new time); `count` of times offered."""

    result: Result = Result.DONE
    pieces: tuple[str, ...] = ()
    count: int = 0


Heard: TypeAlias = Key | Silence | HungUp | Done
