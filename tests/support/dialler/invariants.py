"""What must hold of every run, whatever breaks (reliability.md §3, I1–I24): over the wire and the records.

The same functions judge the state machine with its fake exchange and the chaos run on real parts. Each raises
AssertionError with the number of the invariant. Those of planning (I23), of third-party tips (I24) and of the dialogue
(I13) are held by their own tests.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from callflow.calendar import ServiceCalendar
from callflow.dialler.rules import Caps
from callflow.dialler.states import LIVE, AttemptState, Channel, TaskState, may_become
from callflow.dialler.window import CallingHours, spans
from callflow.phone import RUSSIAN_NUMBER
from crm.dialler.tables import DialAttempt, DialEvent, DialTask, LineSlot
from tests.support.dialler.wire import Invite, Wire

STATES = {one.value for one in AttemptState}
TASK_STATES = {one.value for one in TaskState}


@dataclass(frozen=True)
class Ban:
    """From `at` on (true time) nothing may be ordered for these: a cancelled booking, a refusal, a pause, the stop."""

    at: datetime
    why: str
    task_ids: frozenset[int] | None = None
    number: str | None = None
    until: datetime | None = None

    def concerns(self, attempt: DialAttempt, ordered_at: datetime) -> bool:
        """Whether this order came too late."""
        if ordered_at <= self.at or (self.until is not None and ordered_at >= self.until):
            return False
        by_task = self.task_ids is None or attempt.task_id in self.task_ids
        return by_task and (self.number is None or attempt.number == self.number)


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


def always(run: Run) -> None:
    """What holds at every step."""
    _wire(run)
    _hours(run)
    _caps(run)
    _bans(run)
    _story(run)
    _lines(run)


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
    for invite in run.wire.invites:
        last = invite.ring_ended_at or min(run.now, invite.at + run.caps.ring)
        day = invite.at.astimezone(run.calendar.zone).date()
        allowed = spans(run.calendar, run.hours, day)
        assert any(begins <= invite.at and last <= ends for begins, ends in allowed), f"I3: rang outside: {invite}"


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
        days = Counter(one.astimezone(run.calendar.zone).date() for one in starts)
        assert max(days.values()) <= run.caps.per_day, f"I6: {number} {days}"
    rang = Counter(one.task_id for one in run.attempts if one.rang)
    assert all(count <= run.caps.attempts for count in rang.values()), f"I6: attempts of one task: {rang}"
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
            proofs = {"played", "confirm", "cancel", "move"} & done[attempt.id]
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


def at_rest(run: Run) -> None:
    """What holds besides when nothing moves any more: every task has its one end, or a person has it."""
    always(run)
    assert not [one.id for one in run.attempts if one.live], "I10: live attempts at rest"
    assert not [one.number for one in run.slots if one.attempt_id], "I16: lines taken at rest"
    for task in run.tasks:
        state = TaskState(task.state)
        late = task.deadline <= run.now
        assert state.is_over or not late, f"I9: task {task.id} is {task.state} past its deadline"
        assert state not in (TaskState.CLAIMED, TaskState.CALLING), f"I10: task {task.id} is {task.state} at rest"
    unknown = {one.task_id for one in run.attempts if one.state == AttemptState.UNKNOWN}
    for task in run.tasks:
        if task.id in unknown and not TaskState(task.state).is_over:
            assert task.channel == Channel.HUMAN, f"I15: nobody looks after task {task.id}"
