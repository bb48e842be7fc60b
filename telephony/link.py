"""The state of our connection to the exchange, and how patiently we try to get it back."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class AmiError(Exception):
    """Something between us and the exchange went wrong."""


class LinkDown(AmiError):
    """No connection: nothing was sent."""


class AnswerUnknown(AmiError):
    """The action may have been carried out; nobody told us. Never send it again without asking first (M12)."""


class AmiTimeout(AnswerUnknown):
    """No answer in time. A late success is handed to `on_late`."""


class ActionRefused(AmiError):
    """Asterisk answered `Response: Error`; the text is Asterisk's."""


class LoginRefused(AmiError):
    """Wrong user, secret or address."""


@dataclass(frozen=True, slots=True)
class AmiAddress:
    """Where the manager interface listens and who we are there."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)


class Link(Enum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class LinkState:
    """Whether we hear the exchange, since when (UTC), and why not: a short English reason without personal data."""

    link: Link
    since: datetime
    reason: str = ""

    @property
    def up(self) -> bool:
        return self.link is Link.UP


@dataclass(slots=True)
class Counters:
    """What went through a session since it was made."""

    events: int = 0
    dropped: int = 0
    unknown_responses: int = 0
    late_responses: int = 0
    callback_errors: int = 0
    logins: int = 0
    reconnects: int = 0
    overflows: int = 0


class Backoff:
    """Seconds to wait before the next try: 0.5 doubling to 10, each cut by up to half at random, for ever."""

    def __init__(self, first: float = 0.5, longest: float = 10.0, jitter: Callable[[], float] = random.random) -> None:
        self._first = first
        self._longest = longest
        self._jitter = jitter
        self._next = first

    def next(self) -> float:
        pause = self._next * (1 - 0.5 * self._jitter())
        self._next = min(self._next * 2, self._longest)
        return pause

    def reset(self) -> None:
        self._next = self._first
