"""Every reason for which a call is not made, asked at the moment of the order (domain.md §3, reliability.md §3). Pure.

`judge` asks in an order that matters: first what ends the task for good, then what hands it to a person, then what only
takes time. The first rule that says no is the one that «Почему не звоним» names. Nothing here is remembered from an
earlier look: a rule holds at the instant of the order or not at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from callflow.calendar import ServiceCalendar
from callflow.dialler import window
from callflow.dialler.states import TaskState
from callflow.dialler.window import ANY_TIME, CallingHours, FamilyHours

SOON: Final = timedelta(seconds=5)
"""When to look again after a rule that a free line or an empty queue lifts."""
DAY: Final = timedelta(days=1)
PROMISED: Final = timedelta(minutes=60)
"""So long before and after a time at which somebody promised to call the family, nobody else calls it."""
MOST_SKEW: Final = 2.0
"""Seconds between the exchange's clock and ours at which nothing is decided (reliability.md F27)."""


class Rule(StrEnum):
    """A reason not to call now; the title says it to a dispatcher."""

    # --- nothing to call about any more
    GONE = "gone"
    PAST = "past"
    DO_NOT_CALL = "do_not_call"
    BAD_NUMBER = "bad_number"
    # --- a person calls, not the robot
    ROBOT_OFF = "robot_off"
    NO_CONSENT = "no_consent"
    ROBOT_REFUSED = "robot_refused"
    RESTRICTED = "restricted"
    MINOR = "minor"
    NOT_BY_VOICE = "not_by_voice"
    NO_NUMBER = "no_number"
    NOT_DIALLED = "not_dialled"
    ENOUGH_ATTEMPTS = "enough_attempts"
    # --- later
    STOPPED = "stopped"
    PAUSED = "paused"
    CAMPAIGN_PAUSED = "campaign_paused"
    NO_LINK = "no_link"
    CLOCK = "clock"
    HOURS = "hours"
    FAMILY_HOURS = "family_hours"
    GAP = "gap"
    TALKED = "talked"
    PROMISE = "promise"
    DAY_CAP = "day_cap"
    WEEK_CAP = "week_cap"
    MONTH_CAP = "month_cap"
    SERVICE_CAP = "service_cap"
    NUMBER_BUSY = "number_busy"
    COLLEAGUE = "colleague"
    QUEUE_WAITS = "queue_waits"
    LAST_LINE = "last_line"
    LINES_FULL = "lines_full"
    TOO_FAST = "too_fast"
    PROMPTS = "prompts"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() of a rule is of no use to anybody
        """For the dispatcher: why this family is not called (now)."""
        return _TITLES[self]


_TITLES: Final = {
    Rule.GONE: "звонить больше не о чем: запись изменилась или вопрос закрыт",
    Rule.PAST: "время прошло",
    Rule.DO_NOT_CALL: "семья просила не звонить",
    Rule.BAD_NUMBER: "номер помечен как несуществующий",
    Rule.ROBOT_OFF: "автоматические звонки выключены в настройках",
    Rule.NO_CONSENT: "нет согласия на автоматические звонки",
    Rule.ROBOT_REFUSED: "отказались от автоматических звонков",
    Rule.RESTRICTED: "карточка с ограниченным доступом: робот не звонит",
    Rule.MINOR: "номер ребёнка: робот детям не звонит",
    Rule.NOT_BY_VOICE: "в карточке сказано: не голосом",
    Rule.NO_NUMBER: "в карточке нет номера",
    Rule.NOT_DIALLED: "на такой номер программа не звонит",
    Rule.ENOUGH_ATTEMPTS: "попытки закончились",
    Rule.STOPPED: "обзвон остановлен красной кнопкой",
    Rule.PAUSED: "обзвон на паузе",
    Rule.CAMPAIGN_PAUSED: "кампания на паузе",
    Rule.NO_LINK: "нет связи с АТС",
    Rule.CLOCK: "часы программы и АТС разошлись",
    Rule.HOURS: "сейчас не время звонить",
    Rule.FAMILY_HOURS: "семья просила звонить в другие часы",
    Rule.GAP: "недавно уже звонили",
    Rule.TALKED: "только что говорили с семьёй",
    Rule.PROMISE: "семье обещали перезвонить в это время: сначала обещанный звонок",
    Rule.DAY_CAP: "на сегодня звонков семье достаточно",
    Rule.WEEK_CAP: "на этой неделе звонков семье достаточно",
    Rule.MONTH_CAP: "за месяц звонков семье достаточно",
    Rule.SERVICE_CAP: "дневной предел автоматических звонков исчерпан",
    Rule.NUMBER_BUSY: "с этим номером сейчас говорят",
    Rule.COLLEAGUE: "этой семье сейчас звонит коллега",
    Rule.QUEUE_WAITS: "в очереди ждёт звонящий",
    Rule.LAST_LINE: "свободна последняя линия: она для входящих",
    Rule.LINES_FULL: "все линии обзвона заняты",
    Rule.TOO_FAST: "звонки начинаются не чаще заданного",
    Rule.PROMPTS: "слова звонка ещё не озвучены",
}


BY_THE_CLOCK: Final = frozenset(
    {
        Rule.HOURS,
        Rule.FAMILY_HOURS,
        Rule.GAP,
        Rule.TALKED,
        Rule.PROMISE,
        Rule.DAY_CAP,
        Rule.WEEK_CAP,
        Rule.MONTH_CAP,
        Rule.SERVICE_CAP,
    }
)
"""Rules that only time lifts."""


class Answer(StrEnum):
    """What a verdict says."""

    GO = "go"
    WAIT = "wait"
    HUMAN = "human"
    END = "end"


@dataclass(frozen=True)
class Verdict:
    """Whether to call. `until`: when to look again (WAIT); `ends_as`: the end of the task (END)."""

    answer: Answer
    rule: Rule | None = None
    until: datetime | None = None
    ends_as: TaskState | None = None


@dataclass(frozen=True)
class Caps:
    """How often, and how many at once.

    `gap`: between the beginnings of two calls to one telephone; calls of every kind count for `per_day`, `per_week`,
    `per_month` of a family (when the telephone rang, not when a call was planned). `lines` of the robot out of
    `trunk_lines`; `per_second` beginnings; `per_service_day` robot calls.
    """

    gap: timedelta = timedelta(minutes=60)
    attempts: int = 2
    per_day: int = 2
    per_week: int = 4
    per_month: int = 16
    per_service_day: int = 200
    lines: int = 2
    trunk_lines: int = 4
    per_second: int = 1
    ring: timedelta = timedelta(seconds=30)


@dataclass(frozen=True)
class Live:
    """What only the exchange knows at this moment. `inbound`, `outbound`: calls on the trunk; `waiting`: callers whom
    nobody has answered yet. `clock_skew`: seconds between its clock and ours."""

    link_up: bool = True
    boot_id: str = ""
    waiting: int = 0
    inbound: int = 0
    outbound: int = 0
    clock_skew: float = 0.0


@dataclass(frozen=True)
class Facts:
    """What is known of one task at the instant of the order. Instants aware.

    `by_robot`: the robot would call; a person who works the list obeys the same rules but for those about robots, the
    lines that are kept free, and the queue. `refused_number`: the sentence of `callflow.phone.refusal`, "" when it may
    be dialled. `rang`: attempts of this task at which the telephone rang; `family_*`: when telephones of this family
    rang because of us. `yields`: the call gives way to callers
    who wait, a person's too. `last_start`: the latest beginning of a call of ours to this telephone;
    `promised`: when somebody promised to call the family, if that is within `PROMISED`.
    """

    by_robot: bool
    source_stands: bool
    deadline: datetime
    calendar: ServiceCalendar
    hours: CallingHours = field(default_factory=CallingHours)
    family_hours: FamilyHours = ANY_TIME
    caps: Caps = field(default_factory=Caps)
    live: Live = field(default_factory=Live)
    has_number: bool = True
    refused_number: str = ""
    bad_number: bool = False
    do_not_call: bool = False
    source_paused: bool = False
    yields: bool = False
    robot_on: bool = True
    consent: bool = True
    robot_refused: bool = False
    restricted: bool = False
    minor: bool = False
    not_by_voice: bool = False
    prompts_ready: bool = True
    rang: int = 0
    family_day: int = 0
    family_week: int = 0
    family_month: int = 0
    service_day: int = 0
    begun_this_second: int = 0
    slots_taken: int = 0
    last_start: datetime | None = None
    last_talk: datetime | None = None
    promised: datetime | None = None
    number_live: bool = False
    colleague: bool = False
    stopped: bool = False
    paused_until: datetime | None = None


def judge(facts: Facts, at: datetime) -> Verdict:
    """Whether this call may be ordered at `at` (aware).

    A robot that would wait until it is too late leaves the family to a person at once.
    """
    verdict = next((verdict for verdict in _noes(facts, at)), Verdict(Answer.GO))
    in_vain = verdict.until is None or verdict.until >= facts.deadline
    if facts.by_robot and verdict.rule in BY_THE_CLOCK and in_vain:
        return Verdict(Answer.HUMAN, verdict.rule)
    return verdict


def _noes(facts: Facts, at: datetime) -> Iterator[Verdict]:
    if abs(facts.live.clock_skew) > MOST_SKEW:  # before all else: by a wrong clock nothing is too late either
        yield Verdict(Answer.WAIT, Rule.CLOCK)
    yield from _ends(facts, at)
    if facts.by_robot:
        yield from _for_a_person(facts)
    elif not facts.has_number or facts.refused_number:
        yield Verdict(Answer.WAIT, Rule.NOT_DIALLED if facts.has_number else Rule.NO_NUMBER)
    yield from _not_today(facts, at)
    yield from _not_yet(facts, at)
    yield from _not_this_second(facts, at)


def _ends(facts: Facts, at: datetime) -> Iterator[Verdict]:
    if not facts.source_stands:
        yield Verdict(Answer.END, Rule.GONE, ends_as=TaskState.CANCELLED)
    if at >= facts.deadline:
        yield Verdict(Answer.END, Rule.PAST, ends_as=TaskState.EXPIRED)
    if facts.do_not_call:
        yield Verdict(Answer.END, Rule.DO_NOT_CALL, ends_as=TaskState.OPTED_OUT)
    if facts.bad_number:
        yield Verdict(Answer.END, Rule.BAD_NUMBER, ends_as=TaskState.BAD_NUMBER)


def _for_a_person(facts: Facts) -> Iterator[Verdict]:
    reasons = (
        (not facts.has_number, Rule.NO_NUMBER),
        (bool(facts.refused_number), Rule.NOT_DIALLED),
        (facts.robot_refused, Rule.ROBOT_REFUSED),
        (not facts.consent, Rule.NO_CONSENT),
        (facts.restricted, Rule.RESTRICTED),
        (facts.minor, Rule.MINOR),
        (facts.not_by_voice, Rule.NOT_BY_VOICE),
        (not facts.robot_on, Rule.ROBOT_OFF),
        (facts.rang >= facts.caps.attempts, Rule.ENOUGH_ATTEMPTS),
    )
    for holds, rule in reasons:
        if holds:
            yield Verdict(Answer.HUMAN, rule)


def _not_today(facts: Facts, at: datetime) -> Iterator[Verdict]:
    """Caps over days: the next possible start on another day."""
    caps = facts.caps
    over = (
        (facts.family_month >= caps.per_month, Rule.MONTH_CAP, 7),
        (facts.family_week >= caps.per_week, Rule.WEEK_CAP, 1),
        (facts.family_day >= caps.per_day, Rule.DAY_CAP, 1),
        (facts.by_robot and facts.service_day >= caps.per_service_day, Rule.SERVICE_CAP, 1),
    )
    for holds, rule, days in over:
        if holds:
            yield Verdict(Answer.WAIT, rule, _another_day(facts, at, days))


def _not_yet(facts: Facts, at: datetime) -> Iterator[Verdict]:
    """What a known time lifts: the engine's switches, the hours, the gaps."""
    if facts.by_robot and facts.stopped:
        yield Verdict(Answer.WAIT, Rule.STOPPED)
    if facts.by_robot and facts.paused_until is not None and at < facts.paused_until:
        yield Verdict(Answer.WAIT, Rule.PAUSED, facts.paused_until)
    if facts.source_paused:
        yield Verdict(Answer.WAIT, Rule.CAMPAIGN_PAUSED)
    ring = facts.caps.ring
    if not window.may_ring(facts.calendar, facts.hours, at, ring):
        yield Verdict(Answer.WAIT, Rule.HOURS, _next_start(facts, at))
    if not window.may_ring(facts.calendar, facts.hours, at, ring, facts.family_hours):
        yield Verdict(Answer.WAIT, Rule.FAMILY_HOURS, _next_start(facts, at))
    for then, rule in ((facts.last_start, Rule.GAP), (facts.last_talk, Rule.TALKED)):
        if then is not None and at < then + facts.caps.gap:
            yield Verdict(Answer.WAIT, rule, _next_start(facts, then + facts.caps.gap))
    if facts.promised is not None and abs(facts.promised - at) < PROMISED:
        yield Verdict(Answer.WAIT, Rule.PROMISE, _next_start(facts, facts.promised + PROMISED))


def _not_this_second(facts: Facts, at: datetime) -> Iterator[Verdict]:
    """What the next seconds may lift."""
    live, caps = facts.live, facts.caps
    soon = at + SOON
    for_all = (
        (not live.link_up, Rule.NO_LINK),
        (facts.number_live, Rule.NUMBER_BUSY),
        (facts.colleague, Rule.COLLEAGUE),
    )
    for_callers = (
        (live.waiting > 0, Rule.QUEUE_WAITS),
        (live.inbound + max(live.outbound, facts.slots_taken) >= caps.trunk_lines - 1, Rule.LAST_LINE),
    )
    for_robots = (
        (facts.slots_taken >= caps.lines, Rule.LINES_FULL),
        (facts.begun_this_second >= caps.per_second, Rule.TOO_FAST),
        (not facts.prompts_ready, Rule.PROMPTS),
    )
    gives_way = facts.by_robot or facts.yields
    for holds, rule in (*for_all, *(for_callers if gives_way else ()), *(for_robots if facts.by_robot else ())):
        if holds:
            yield Verdict(Answer.WAIT, rule, soon)


def _next_start(facts: Facts, at: datetime) -> datetime | None:
    return window.next_start(facts.calendar, facts.hours, at, facts.caps.ring, facts.family_hours)


def _another_day(facts: Facts, at: datetime, days: int) -> datetime | None:
    midnight = at.astimezone(facts.calendar.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return _next_start(facts, midnight + days * DAY)
