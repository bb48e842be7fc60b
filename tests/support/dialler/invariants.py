"""What must hold of every run, whatever breaks (reliability.md §3): over the wire and the records.

The same functions judge the state machine with its fake exchange and the chaos run on real parts. Each raises
AssertionError with the number of the invariant.

| judged by | invariants |
|---|---|
| `always` | I1, I2, I3, I4, I5, I6, I7, I8, I9 (no second end), I11, I12, I14, I15, I16, I19 (by true time), I20, I22 |
| `at_rest` | I7 (nothing after the deadline), I9, I10, I15, I16 |
| `totals` | I21 |
| `seen.replay` | I17 |

Not here: I13 is a matter of one talk (`tests/property/callflow/dialogues`); I18: nothing of a run is in Redis, the
machine has none, and the chaos run empties it; I20 judges that words were ready, their hashes are compared where they
are rendered (`tests/integration/workers`, the sender); I23 is the plan's (`test_planning.py`); I24 is about a duty that
a talk makes, not about the robot's calls: `third_party` says it, and the machine asks it of every run. Of calls that
people make beside the robot's: `by_people`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol

from callflow.calendar import ServiceCalendar
from callflow.dialler.rules import MOST_SKEW, Caps
from callflow.dialler.states import LIVE, AttemptState, Channel, Disposition, TaskState, may_become
from callflow.dialler.window import CallingHours, spans
from callflow.dialler.wire import CdrLine
from callflow.phone import RUSSIAN_NUMBER
from crm.dialler.tables import DialAttempt, DialEvent, DialTask, LineSlot
from tests.support.dialler import by_people
from tests.support.dialler.by_people import Asked
from tests.support.dialler.wire import Invite, Wire

STATES = {one.value for one in AttemptState}
TALKED = {
    one.value
    for one in (
        Disposition.CONFIRMED,
        Disposition.DELIVERED,
        Disposition.DECLINED,
        Disposition.MOVED,
        Disposition.OPTED_OUT,
        Disposition.WRONG_PERSON,
        Disposition.HUMAN,
        Disposition.MACHINE,
        Disposition.HUNG_UP,
    )
}
TASK_STATES = {one.value for one in TaskState}


class Concerned(Protocol):
    """An attempt of the robot's, or a person's order."""

    task_id: Any
    family_id: Any
    number: Any


@dataclass(frozen=True)
class Ban:
    """From `at` on (true time) nothing may be ordered for these: a cancelled booking, a refusal, a pause, the stop."""

    at: datetime
    why: str
    task_ids: frozenset[int] | None = None
    number: str | None = None
    until: datetime | None = None
    family_id: int | None = None
    """Beside `number`: of either."""
    robots_only: bool = False

    def concerns(self, call: Concerned, ordered_at: datetime) -> bool:
        """Whether this order came too late."""
        if ordered_at <= self.at or (self.until is not None and ordered_at >= self.until):
            return False
        if self.task_ids is not None and call.task_id not in self.task_ids:
            return False
        by_family = self.family_id is not None and call.family_id == self.family_id
        return self.number is None or call.number == self.number or by_family

    def forbids(self, order: Asked, asked_at: datetime) -> bool:
        """The same of a call that a person makes from a list; what she calls beside them is hers to answer for."""
        return order.task_id is not None and not self.robots_only and self.concerns(order, asked_at)


@dataclass
class Run:
    """Everything that is judged. `ordered_at`: true time of the commit that wrote an attempt; `free_lines`: how many
    lines of the trunk were free, and how many callers waited, at that moment."""

    wire: Wire
    calendar: ServiceCalendar
    hours: CallingHours
    caps: Caps
    tasks: Sequence[DialTask]
    attempts: Sequence[DialAttempt]
    events: Sequence[DialEvent]
    slots: Sequence[LineSlot]
    now: datetime
    ordered_at: Mapping[str, datetime]
    room: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    alive: Iterable[str] = ()
    bans: Sequence[Ban] = ()
    speechless: Collection[str] = ()
    """Attempts whose words were not there when they were ordered."""
    asked: Sequence[Asked] = ()
    """Calls that people asked for."""
    orders_live: Sequence[int] = ()
    """Those that are not over; known at rest only."""


def always(run: Run) -> None:
    """What holds at every step."""
    _wire(run)
    _hours(run)
    _caps(run)
    _bans(run)
    _story(run)
    _lines(run)
    _claims(run)
    by_people.always(run)
    assert not run.speechless, f"I20: ordered without words: {run.speechless}"


def _wire(run: Run) -> None:
    attempts = {one.id: one for one in run.attempts}
    for invite in run.wire.invites:
        attempt = attempts.get(invite.attempt_id)
        assert attempt is not None, f"I1: an INVITE without an attempt: {invite}"
        assert run.ordered_at[attempt.id] <= invite.at, f"I1: the INVITE came before the row: {invite}"
        assert invite.number == attempt.number == run.numbers.get(attempt.id, attempt.number), f"I8: {invite}"
        assert RUSSIAN_NUMBER.fullmatch(invite.number), f"I8: {invite}"
        assert attempt.state != AttemptState.NOT_SENT, f"I15: «not sent», and it rang: {invite}"
    twice = [name for name, count in Counter(one.attempt_id for one in run.wire.invites).items() if count > 1]
    assert not twice, f"I2: more than one INVITE of {twice}"
    live = [one for one in run.attempts if one.live]
    assert all((one.state in LIVE) == one.live for one in run.attempts), "I5: what is live and what is not"
    assert len({one.number for one in live}) == len(live), "I5: two live attempts of one telephone"
    assert len({one.task_id for one in live}) == len(live), "I5: two live attempts of one task"


def _hours(run: Run) -> None:
    known: dict[date, Sequence[tuple[datetime, datetime]]] = {}
    for invite in run.wire.invites:
        last = invite.ring_ended_at or min(run.now, invite.at + run.caps.ring)
        day = invite.at.astimezone(run.calendar.zone).date()
        if day not in known:
            known[day] = spans(run.calendar, run.hours, day)
        assert any(begins <= invite.at and last <= ends for begins, ends in known[day]), f"I3: rang outside: {invite}"


def _caps(run: Run) -> None:
    assert run.wire.most_at_once <= run.caps.lines, f"I4: {run.wire.most_at_once} lines at once"
    begun = sorted(run.ordered_at[one.id] for one in run.attempts)
    for first, second in pairwise(begun):
        assert run.caps.per_second > 1 or second - first >= timedelta(seconds=1), f"I4: two orders within {first}"
    by_number: dict[str, list[Invite]] = defaultdict(list)
    for invite in run.wire.invites:
        by_number[invite.number].append(invite)
    for number, invites in by_number.items():
        starts = sorted(run.ordered_at[one.attempt_id] for one in invites)
        for first, second in pairwise(starts):
            assert second - first >= run.caps.gap, f"I6: {number} again after {second - first}"
        rang = [run.ordered_at[one.attempt_id] for one in invites if one.rang]
        days = Counter(one.astimezone(run.calendar.zone).date() for one in rang)
        assert all(count <= run.caps.per_day for count in days.values()), f"I6: {number} {days}"
    tasks = {one.id: one.task_id for one in run.attempts}
    tries = Counter(tasks[one.attempt_id] for one in run.wire.invites if one.rang)
    assert all(count <= run.caps.attempts for count in tries.values()), f"I6: attempts of one task: {tries}"
    for attempt_id, (free, waiting) in run.room.items():
        assert free >= 1, f"I22: {attempt_id} took the last line"
        assert waiting == 0, f"I22: {attempt_id} was ordered while {waiting} waited"


def _bans(run: Run) -> None:
    for attempt in run.attempts:
        for ban in run.bans:
            assert not ban.concerns(attempt, run.ordered_at[attempt.id]), f"I7: {ban.why}: {attempt.id}"


def _story(run: Run) -> None:
    told: dict[str, list[str]] = defaultdict(list)
    done: dict[str, set[str]] = defaultdict(set)
    for event in run.events:
        if event.attempt_id is None:
            continue
        done[event.attempt_id].add(event.what)
        if event.what in STATES:
            told[event.attempt_id].append(event.what)
    _ends(run)
    for attempt in run.attempts:
        path = told[attempt.id]
        assert path[0] == AttemptState.SENDING, f"I11: {path}"
        for before, after in pairwise(path):
            then = AttemptState(after)
            assert before == after or may_become(AttemptState(before), then), f"I11: {path}"
        assert path[-1] == attempt.state, f"I11: the row says {attempt.state}, its story {path}"
        if attempt.disposition in ("delivered", "confirmed", "declined", "moved"):
            proofs = {"played", "confirm", "cancel", "move", "rate", "refuse_score"} & done[attempt.id]
            assert proofs, f"I12: {attempt.disposition} without evidence"


def _ends(run: Run) -> None:
    over: dict[int, str] = {}
    for event in run.events:
        if event.attempt_id is not None or event.what not in TASK_STATES:
            continue
        assert event.task_id not in over, f"I9: task {event.task_id} was {over[event.task_id]}, then {event.what}"
        if TaskState(event.what).is_over:
            over[event.task_id] = event.what


def _lines(run: Run) -> None:
    taken = {one.attempt_id for one in run.slots if one.attempt_id}
    assert set(run.alive) <= taken, f"I16: calls without a line in the records: {set(run.alive) - taken}"
    assert len(taken) <= run.caps.lines, "I16: more lines than there are"


def _claims(run: Run) -> None:
    """Who begins a call has the task: claimed it last, and has not lost it since (I14)."""
    holds: dict[int, str] = {}
    for event in run.events:
        if event.attempt_id is not None:
            continue
        if event.what == TaskState.CLAIMED:
            holds[event.task_id] = event.source
        elif event.what == TaskState.CALLING:
            holder = holds.pop(event.task_id, "nobody")
            assert event.source == holder, f"I14: {event.source} called task {event.task_id}, which {holder} had"
        elif event.what in TASK_STATES:
            holds.pop(event.task_id, None)


def at_rest(run: Run) -> None:
    """What holds besides when nothing moves any more: every task has its one end, or a person has it."""
    always(run)
    assert not [one.id for one in run.attempts if one.live], "I10: live attempts at rest"
    assert not [one.number for one in run.slots if one.attempt_id], "I16: lines taken at rest"
    assert not run.orders_live, f"I10: people's calls without an end: {run.orders_live}"
    for task in run.tasks:
        state = TaskState(task.state)
        late = task.deadline <= run.now
        assert state.is_over or not late, f"I9: task {task.id} is {task.state} past its deadline"
        assert state not in (TaskState.CLAIMED, TaskState.CALLING), f"I10: task {task.id} is {task.state} at rest"
    deadlines = {one.id: one.deadline for one in run.tasks}
    for attempt in run.attempts:
        late = run.ordered_at[attempt.id] - deadlines[attempt.task_id]
        assert late < timedelta(seconds=MOST_SKEW), f"I7: {attempt.id} was ordered {late} after its deadline"
    unknown = {one.task_id for one in run.attempts if one.state == AttemptState.UNKNOWN}
    for task in run.tasks:
        if task.id in unknown and not TaskState(task.state).is_over:
            assert task.channel == Channel.HUMAN, f"I15: nobody looks after task {task.id}"


def totals(run: Run, papers: Mapping[str, CdrLine], lost: Collection[str] = ()) -> None:
    """The sums agree: calls at the network, attempts of each task, the exchange's own records (I21).

    `papers`: attempt → what proves its end (`workers.dialler.reconciler.lines_of`); `lost`: calls in which the exchange
    died. For a run at rest.
    """
    rang = Counter(one.attempt_id for one in run.wire.invites)
    assert papers.keys() <= rang.keys(), f"I21: records of calls that never were: {papers.keys() - rang.keys()}"
    silent = rang.keys() - papers.keys() - set(lost)
    assert not silent, f"I21: calls without a record: {silent}"
    by_task = Counter(one.task_id for one in run.attempts)
    assert sum(by_task.values()) == len({one.id for one in run.attempts}), "I21: attempts counted twice"
    known = {one.id for one in run.tasks}
    assert by_task.keys() <= known, f"I21: attempts of no task: {by_task.keys() - known}"
    for attempt in run.attempts:
        paper = papers.get(attempt.id)
        if paper is None or attempt.state == AttemptState.UNKNOWN:
            continue
        talked = attempt.disposition in TALKED
        assert talked == paper.answered, f"I21: {attempt.id} is {attempt.disposition}, its record {paper.disposition}"
