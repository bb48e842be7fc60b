"""The figures of a telephone service: what was offered, answered, lost, and how long people waited. Pure.

Each call that came in has one fate, so the fates add up to all calls:

========== ==============================================================================================
ANSWERED   somebody of the service talked with the caller, whatever happened to the call later
LOST       nobody did: the caller hung up after more than ``short_seconds``, or the line had nobody for him
SHORT      he hung up within ``short_seconds``: most often a wrong number, so it is counted apart
CALLBACK   he asked by key to be called back
VOICEMAIL  he left a message
BREAK      the line was in its break
CLOSED     the line was closed
FAILED     the connection broke before anybody could answer
========== ==============================================================================================

Service level = answered within ``answer_seconds`` / (ANSWERED + LOST). There is no standard for it; the formula stands
under every table (anchors.md §4; NENA-STA-020.1 and NFPA 1225 name other seconds, so they are a setting). A call's
wait runs from its arrival at the exchange to the first answer, or to its end; greeting and queue included.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum


class Fate(StrEnum):
    """What became of one call for the caller."""

    ANSWERED = "answered"
    LOST = "lost"
    SHORT = "short"
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"
    BREAK = "break"
    CLOSED = "closed"
    FAILED = "failed"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() of a fate is of no use to anybody
        """The fate in the report's words."""
        return _TITLES[self]


_TITLES = {
    Fate.ANSWERED: "отвечено",
    Fate.LOST: "потеряно",
    Fate.SHORT: "короткие отбои",
    Fate.CALLBACK: "попросили перезвонить (клавиша 1)",
    Fate.VOICEMAIL: "оставили сообщение",
    Fate.BREAK: "в перерыв",
    Fate.CLOSED: "в нерабочее время",
    Fate.FAILED: "обрыв связи",
}

_BY_OUTCOME = {
    "callback": Fate.CALLBACK,
    "voicemail": Fate.VOICEMAIL,
    "break": Fate.BREAK,
    "closed": Fate.CLOSED,
    "overflow": Fate.LOST,
    "nobody": Fate.LOST,
}
"""`call_record.outcome`, as the dialplan tells it, where nobody answered."""

ANSWER_STEPS = (10, 15, 20, 30, 60)
"""Seconds for «отвечено за …», besides the service's own."""
LOST_STEPS = (20, 60, 180)
"""Seconds for «потеряно после …»."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What a service promises (A-11). Shares in per cent; seconds, minutes as named; `missed_minutes` working ones."""

    answer_seconds: int = 20
    level_percent: int = 80
    short_seconds: int = 5
    abandoned_percent: int = 5
    missed_minutes: int = 30
    missed_percent: int = 90
    queue_yellow: int = 3
    queue_red: int = 6
    wait_yellow: int = 60
    wait_red: int = 120
    wrapup_yellow: int = 3
    wrapup_red: int = 5


DEFAULTS = Targets()


@dataclass(frozen=True, slots=True)
class CallFact:
    """One call that came in and is answered or over. Instants aware; `talk_seconds` of all its talks together."""

    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: str = ""
    failed: bool = False
    talk_seconds: float | None = None

    @property
    def wait(self) -> float:
        """Seconds that the caller waited."""
        return ((self.answered_at or self.ended_at or self.arrived_at) - self.arrived_at).total_seconds()


def fate_of(call: CallFact, targets: Targets = DEFAULTS) -> Fate:
    """What became of this call."""
    if call.answered_at is not None:
        return Fate.ANSWERED
    if call.outcome in _BY_OUTCOME:
        return _BY_OUTCOME[call.outcome]
    if call.failed:
        return Fate.FAILED
    return Fate.SHORT if call.wait <= targets.short_seconds else Fate.LOST


@dataclass(slots=True)
class Tally:
    """The figures of any set of calls: of a day, an hour, a line, all together. `waits` are those of answered calls,
    `lost_waits` those of lost ones; seconds."""

    targets: Targets = DEFAULTS
    fates: Counter[Fate] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    lost_waits: list[float] = field(default_factory=list)
    talks: float = 0.0
    talk_count: int = 0

    def add(self, call: CallFact) -> None:
        """Count one more call."""
        self.count(fate_of(call, self.targets), call.wait, call.talk_seconds)

    def count(self, fate: Fate, wait: float, talk_seconds: float | None) -> None:
        """The same for a call that is judged already: a year's report counts each in four sets."""
        self.fates[fate] += 1
        if fate is Fate.ANSWERED:
            self.waits.append(wait)
            if talk_seconds is not None:
                self.talks += talk_seconds
                self.talk_count += 1
        elif fate is Fate.LOST:
            self.lost_waits.append(wait)

    def answered_within(self, seconds: float) -> int:
        """Answered calls that waited no longer than this."""
        return sum(wait <= seconds for wait in self.waits)

    def lost_by_wait(self) -> list[int]:
        """Lost calls by how long they waited: one count for each of LOST_STEPS, and one for those above."""
        counts = [0] * (len(LOST_STEPS) + 1)
        for wait in self.lost_waits:
            counts[next((place for place, step in enumerate(LOST_STEPS) if wait <= step), len(LOST_STEPS))] += 1
        return counts

    @property
    def longest(self) -> float:
        """The longest wait of an answered call; 0 of none."""
        return max(self.waits, default=0.0)

    @property
    def longest_lost(self) -> float:
        return max(self.lost_waits, default=0.0)

    @property
    def total(self) -> int:
        """All calls that came in."""
        return sum(self.fates.values())

    @property
    def answered(self) -> int:
        return self.fates[Fate.ANSWERED]

    @property
    def lost(self) -> int:
        return self.fates[Fate.LOST]

    @property
    def offered(self) -> int:
        """Calls that somebody could have answered and that count: answered and lost."""
        return self.answered + self.lost

    @property
    def in_time(self) -> int:
        """Answered within the target."""
        return self.answered_within(self.targets.answer_seconds)

    @property
    def level(self) -> Decimal | None:
        """The service level in per cent; None without a call to judge by."""
        return percent(self.in_time, self.offered)

    @property
    def lost_share(self) -> Decimal | None:
        return percent(self.lost, self.offered)

    @property
    def average_wait(self) -> float | None:
        """Seconds until the answer (ASA), of answered calls."""
        return sum(self.waits) / len(self.waits) if self.waits else None

    @property
    def average_talk(self) -> float | None:
        return self.talks / self.talk_count if self.talk_count else None


def tally(calls: Iterable[CallFact], targets: Targets = DEFAULTS) -> Tally:
    """The figures of these calls."""
    result = Tally(targets)
    for call in calls:
        result.add(call)
    return result


def percent(part: int, whole: int) -> Decimal | None:
    """A share in per cent with one decimal, half up; None of nothing."""
    if whole == 0:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1"), ROUND_HALF_UP)


class Light(StrEnum):
    """How a figure stands to its target; always shown with its word, never by colour alone."""

    GREEN = "ok"
    YELLOW = "warn"
    RED = "bad"
    NONE = ""

    @property
    def words(self) -> str:
        """Of a figure of this moment: a queue, a wait. Somebody can do something about it now."""
        return {Light.GREEN: "норма", Light.YELLOW: "внимание", Light.RED: "срочно", Light.NONE: ""}[self]

    @property
    def target_words(self) -> str:
        """Of a share against its target (`level_light`, `lost_light`): there is nothing urgent about a past day."""
        return "хуже цели" if self is Light.RED else self.words


def above(value: float, yellow: float, red: float) -> Light:
    """A figure that should be small: a queue, a wait."""
    if value >= red:
        return Light.RED
    return Light.YELLOW if value >= yellow else Light.GREEN


def level_light(tally: Tally) -> Light:
    """The service level against the target; ten points below it is red."""
    if tally.level is None:
        return Light.NONE
    if tally.level >= tally.targets.level_percent:
        return Light.GREEN
    return Light.YELLOW if tally.level >= tally.targets.level_percent - 10 else Light.RED


def lost_light(tally: Tally) -> Light:
    """The share of lost calls against the target; twice the target is red."""
    if tally.lost_share is None:
        return Light.NONE
    if tally.lost_share <= tally.targets.abandoned_percent:
        return Light.GREEN
    return Light.YELLOW if tally.lost_share <= 2 * tally.targets.abandoned_percent else Light.RED
