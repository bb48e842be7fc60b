"""Reminders that are due while one thing breaks, and the judgement afterwards: what tests of single faults use."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy import select

from callflow.dialler.states import Disposition, TaskState
from crm.dialler.tables import DialAttempt, DialTask
from crm.exchange_state import exchange_state
from tests.chaos import judging
from tests.chaos.faults import Chaos
from tests.chaos.judging import Truth
from tests.chaos.parts import Rig
from tests.chaos.people import LISTENS, number_of
from tests.support.network import Arrived, Behaviour

QUICK = Behaviour(ring=0.1, talk=0.3)
"""Answers and hangs up: a person is to call, and the robot is done with it."""
RINGS = Behaviour(ring=None)
LIMIT = 40.0
TABLE: tuple[tuple[Behaviour, str, str], ...] = (
    (LISTENS, Disposition.CONFIRMED, f"robot/{TaskState.CONFIRMED}"),
    (QUICK, Disposition.HUNG_UP, f"human/{TaskState.DUE}"),
    (Behaviour(ring=0.3, status=486), Disposition.BUSY, f"robot/{TaskState.DUE}"),
    (Behaviour(ring=0.3, status=480), Disposition.UNREACHABLE, f"human/{TaskState.DUE}"),
    (Behaviour(ring=0, status=404), Disposition.BAD_NUMBER, f"robot/{TaskState.BAD_NUMBER}"),
    (Behaviour(ring=0, status=503), Disposition.FAILED, f"robot/{TaskState.DUE}"),
    (Behaviour(ring=0.3, status=603), Disposition.REJECTED, f"human/{TaskState.DUE}"),
    (RINGS, Disposition.NO_ANSWER, f"human/{TaskState.DUE}"),
    (Behaviour(ring=None, early=True), Disposition.NO_ANSWER, f"human/{TaskState.DUE}"),
    (Behaviour(ring=None, trying=True), Disposition.FAILED, f"robot/{TaskState.DUE}"),
    (Behaviour(glare=True), Disposition.NO_ANSWER, f"human/{TaskState.DUE}"),
)
"""What a telephone does, how its attempt ends, and where its task is then (F34). Picked up in the moment in which we
hang up: the exchange cannot tell it from a ring in vain (test_dial_gate.py)."""


class Campaign:
    """Reminders that are due while something breaks."""

    def __init__(self, rig: Rig, truth: Truth) -> None:
        self.rig = rig
        self.truth = truth
        self.chaos = Chaos(rig, self.truth, random.Random(1))  # noqa: S311 - to be repeated
        self.tasks: list[int] = []

    def owe(self, count: int, behaves: Behaviour = QUICK) -> list[int]:
        """So many more are due now, and these are their tasks."""
        made = self.rig.owe(count, behaves)
        self.tasks += made
        return made

    def owe_the_table(self) -> None:
        """One telephone of every kind (`TABLE`)."""
        for behaves, _, _ in TABLE:
            self.owe(1, behaves)

    def number(self, task_id: int) -> str:
        """Whom this task calls."""
        return number_of(self.rig.tasks.index(task_id))

    def calls(self) -> list[Arrived]:
        """What the network was asked for, of this campaign."""
        mine = {self.number(task_id) for task_id in self.tasks}
        return [call for call in list(self.rig.people.network.calls) if call.number in mine]

    def invites(self) -> list[str]:
        """Whom the network was asked for."""
        return [call.number for call in self.calls()]

    def wait_invites(self, count: int) -> None:
        """Until so many telephones have been called."""
        self.rig.wait(lambda: len(self.invites()) >= count, f"{count} calls", LIMIT)

    def rest(self) -> None:
        """Until nothing moves any more."""
        self.rig.wait(self._nothing_moves, "rest", 120)

    def _nothing_moves(self) -> bool:
        return not (
            judging.unrest(self.rig.database, may_ring=True) or self.rig.at_work() or self.rig.exchange.channels()
        )

    def rest_and_judge(self) -> None:
        """Nobody forgotten, nobody twice, and every invariant."""
        self.rest()
        self.truth.calls = list(self.rig.people.network.calls)
        found = judging.judge(self.rig.database, self.truth, self.rig.folder, at_rest="")
        assert not found.broken, found
        assert len(self.invites()) == len(set(self.invites()))

    def each_called_once(self) -> None:
        """No reminder was lost to the fault."""
        self.rest_and_judge()
        assert sorted(self.invites()) == sorted(self.number(task_id) for task_id in self.tasks)

    def ended_as_the_table_says(self) -> None:
        """Every telephone was called once, and the records say of each what it did."""
        self.each_called_once()
        attempts = {one.task_id: one.disposition for one in self.attempts() if one.disposition}
        with self.rig.database.reading() as session:
            tasks = {one.id: f"{one.channel}/{one.state}" for one in session.scalars(select(DialTask))}
        wanted = [(disposition, where) for _, disposition, where in TABLE] * (len(self.tasks) // len(TABLE))
        assert [(attempts.get(task_id), tasks[task_id]) for task_id in self.tasks] == wanted

    def attempts(self) -> list[DialAttempt]:
        """Of this campaign."""
        with self.rig.database.reading() as session:
            return list(session.scalars(select(DialAttempt).where(DialAttempt.task_id.in_(self.tasks))))

    def task(self, task_id: int) -> DialTask:
        """As it stands."""
        with self.rig.database.reading() as session:
            return session.get_one(DialTask, task_id)

    def link_up(self) -> bool:
        """Whether the pages say that the exchange is there."""
        with self.rig.database.reading() as session:
            return exchange_state(session).link == "up"

    def link_reason(self) -> str:
        """Why it is not."""
        with self.rig.database.reading() as session:
            return exchange_state(session).link_reason


class Rigs:
    """One for each kind of records, made when it is first asked for, and what happened to it outside of them."""

    def __init__(self) -> None:
        self._made: dict[str, Campaign] = {}
        self._stack = ExitStack()

    @contextmanager
    def campaign(self, kind: str, **values: Any) -> Iterator[Campaign]:
        """A new campaign at the rig of this name; afterwards everything works again."""
        if kind not in self._made:
            rig = self._stack.enter_context(Rig(1, reminders=0, settings={"per_second": 10}, brisk=True, **values))
            first = self._made[kind] = Campaign(rig, Truth())
            rig.wait(first.link_up, "the listener", 120)
        first = self._made[kind]
        campaign = Campaign(first.rig, first.truth)
        yield campaign
        campaign.rig.heal()
        campaign.chaos.go_on()
        campaign.rig.wait(campaign.link_up, "the link", 60)

    def close(self) -> None:
        """End every process."""
        self._stack.close()
        for one in self._made.values():
            shutil.rmtree(one.rig.folder, ignore_errors=True)
