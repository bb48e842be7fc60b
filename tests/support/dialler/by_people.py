"""What must hold of the calls that people make by click-to-call, beside the robot's (reliability.md §3).

| | of calls of people |
|---|---|
| I1, I2, I8 | no INVITE without its order, never two of one order, and to the order's number |
| I3, I6, I7, I22 | of calls from the lists (`Asked.task_id`), when they were asked for; others are hers to answer for |
| I5 | nobody's telephone is called twice at once, whoever calls, and no family by the robot and from a list |
| I6 | the robot keeps its distance from every call of a person |
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from callflow.dialler.rules import MOST_SKEW
from callflow.dialler.window import spans
from callflow.phone import RUSSIAN_NUMBER

if TYPE_CHECKING:
    from tests.support.dialler.invariants import Run

CLOCKS = timedelta(seconds=2 * MOST_SKEW)
"""By so much two readings of a clock that is right enough may be off."""


@dataclass
class Asked:
    """One order of a person, by true time. `task_id`: from a list; `gives_way`: to whoever waits in a queue; `room`:
    lines of the trunk that were free, callers who waited; `placed_at`: the exchange was told."""

    id: int
    channel_id: str
    number: str
    family_id: int | None
    task_id: int | None
    requested_at: datetime
    gives_way: bool = False
    room: tuple[int, int] = (1, 0)
    placed_at: datetime | None = None


@dataclass(frozen=True)
class _Call:
    """One call on the wire. `whose`: the order or the attempt; `listed`: the robot's, or from a list."""

    whose: str
    number: str
    family_id: int | None
    at: datetime
    until: datetime
    listed: bool


def always(run: Run) -> None:
    """What holds at every step."""
    if not run.asked and not run.wire.by_people:
        return
    orders = {one.channel_id: one for one in run.asked}
    for invite in run.wire.by_people:
        order = orders.get(invite.attempt_id)
        assert order is not None, f"I1: somebody was called whom nobody asked for: {invite}"
        assert order.placed_at is not None, f"I1: {order} was never placed, and rang: {invite}"
        assert order.placed_at <= invite.at, f"I1: {invite} came before {order}"
        assert invite.number == order.number, f"I8: {invite} of {order}"
        assert RUSSIAN_NUMBER.fullmatch(invite.number), f"I8: {invite}"
    twice = [name for name, count in Counter(one.attempt_id for one in run.wire.by_people).items() if count > 1]
    assert not twice, f"I2: more than one INVITE of {twice}"
    calls = sorted(_calls(run, orders), key=lambda call: (call.at, call.until))
    _never_two_at_once(calls)
    _distance(run, orders)
    _listed(run)


def _calls(run: Run, orders: dict[str, Asked]) -> Iterator[_Call]:
    for invite in run.wire.by_people:
        order = orders[invite.attempt_id]
        until = invite.ended_at or run.now
        yield _Call(invite.attempt_id, invite.number, order.family_id, invite.at, until, order.task_id is not None)
    families = {one.id: one.family_id for one in run.attempts}
    for invite in run.wire.invites:
        until = invite.ended_at or run.now
        yield _Call(invite.attempt_id, invite.number, families.get(invite.attempt_id), invite.at, until, True)


def _never_two_at_once(calls: Sequence[_Call]) -> None:
    by_number: dict[str, list[_Call]] = defaultdict(list)
    by_family: dict[int, list[_Call]] = defaultdict(list)
    for call in calls:
        by_number[call.number].append(call)
        if call.family_id is not None and call.listed:
            by_family[call.family_id].append(call)
    for group in (*by_number.values(), *by_family.values()):
        for first, second in pairwise(group):
            assert first.until <= second.at, f"I5: two calls at once: {first} and {second}"


def _distance(run: Run, orders: dict[str, Asked]) -> None:
    """The robot does not begin within the gap after a person's call; a person's from a list not after anybody's."""
    rang: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for invite in run.wire.by_people:
        rang[invite.number].append((orders[invite.attempt_id].requested_at, invite.attempt_id))
    given_up = {one.attempt_id for one in run.wire.by_people if one.given_up}
    gap = run.caps.gap - CLOCKS
    for attempt in run.attempts:
        ordered = run.ordered_at[attempt.id]
        for asked_at, whose in rang.get(attempt.number, ()):
            near = asked_at < ordered < asked_at + gap
            assert not near, f"I6: the robot ordered {attempt.id} {ordered - asked_at} after {whose} was asked for"
    for invite in run.wire.invites:
        rang[invite.number].append((run.ordered_at.get(invite.attempt_id, invite.at), invite.attempt_id))
    for order in run.asked:
        if order.task_id is None:
            continue
        for at, whose in rang.get(order.number, ()):
            near = at < order.requested_at < at + gap and whose not in (order.channel_id, *given_up)
            assert not near, f"I6: {order} was asked for {order.requested_at - at} after {whose} began"


def _listed(run: Run) -> None:
    for order in run.asked:
        for ban in run.bans:
            since = order.placed_at if ban.why == "refused" and order.placed_at else order.requested_at
            assert not ban.forbids(order, since), f"I7: {ban.why}: {order}"
        if order.task_id is None:
            continue
        day = order.requested_at.astimezone(run.calendar.zone).date()
        inside = any(
            begins - CLOCKS <= order.requested_at <= ends + CLOCKS
            for begins, ends in spans(run.calendar, run.hours, day)
        )
        assert inside, f"I3: asked for outside of the calling hours: {order}"
        if order.gives_way:
            free, waiting = order.room
            assert free >= 1, f"I22: {order} took the last line"
            assert waiting == 0, f"I22: {order} while {waiting} waited"
    _days(run)


def _days(run: Run) -> None:
    """Calls of the robot and from the lists are counted together."""
    listed = {one.channel_id: one.requested_at for one in run.asked if one.task_id is not None}
    days: Counter[tuple[str, object]] = Counter()
    for invite in (*run.wire.invites, *run.wire.by_people):
        at = run.ordered_at.get(invite.attempt_id) or listed.get(invite.attempt_id)
        if at is not None and invite.rang and not invite.given_up:
            days[invite.number, at.astimezone(run.calendar.zone).date()] += 1
    over = [which for which, count in days.items() if count > run.caps.per_day]
    assert not over, f"I6: more than {run.caps.per_day} calls of one day: {over}"
