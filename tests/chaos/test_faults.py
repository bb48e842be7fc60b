"""Failure modes of the outbound engine on real parts and on our real processes (reliability.md §2, by their numbers).

The parts are those of the chaos run (`tests.chaos`), here one fault at a time; after every test all its calls are held
against the invariants of §3. Faults of single functions are in test_dialler.py, those of the session with the exchange
in tests/integration/telephony.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from callflow.dialler.states import AttemptState, Channel, TaskState
from crm import heartbeat
from crm.dialler import pacing, switches
from crm.dialler.tables import DialAttempt, DialTask
from crm.exchange_state import exchange_state
from tests.chaos import judging
from tests.chaos.faults import Chaos
from tests.chaos.inside import HOURS, REACHED
from tests.chaos.judging import Truth
from tests.chaos.parts import Rig
from tests.chaos.people import number_of
from tests.support.network import Behaviour
from workers.dialler.ticker import NAME, REDIS_AWAY

QUICK = Behaviour(ring=0.1, talk=0.3)
"""Answers and hangs up: a person is to call, and the robot is done with it."""
RINGS = Behaviour(ring=None)
LIMIT = 40.0


class Campaign:
    """Reminders that are due while something breaks."""

    def __init__(self, rig: Rig, truth: Truth) -> None:
        self.rig = rig
        self.truth = truth
        self.chaos = Chaos(rig, self.truth, random.Random(1))  # noqa: S311 - to be repeated
        self.tasks: list[int] = []

    def owe(self, count: int, behaves: Behaviour = QUICK) -> None:
        self.tasks += self.rig.owe(count, behaves)

    def number(self, task_id: int) -> str:
        return number_of(self.rig.tasks.index(task_id))

    def invites(self) -> list[str]:
        """Whom the network was asked for, of this campaign."""
        mine = {self.number(task_id) for task_id in self.tasks}
        return [call.number for call in list(self.rig.people.network.calls) if call.number in mine]

    def wait_invites(self, count: int) -> None:
        self.rig.wait(lambda: len(self.invites()) >= count, f"{count} calls", LIMIT)

    def rest(self) -> None:
        """Until nothing moves any more."""
        self.rig.wait(
            lambda: not judging.unrest(self.rig.database, may_ring=True) and not self.rig.exchange.channels(),
            "rest",
            120,
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

    def attempts(self) -> list[DialAttempt]:
        with self.rig.database.reading() as session:
            return list(session.scalars(select(DialAttempt).where(DialAttempt.task_id.in_(self.tasks))))

    def link_up(self) -> bool:
        with self.rig.database.reading() as session:
            return exchange_state(session).link == "up"


class Rigs:
    """One for each kind of records, made when it is first asked for, and what happened to it outside of them."""

    def __init__(self) -> None:
        self._made: dict[str, Campaign] = {}
        self._stack = ExitStack()

    def campaign(self, kind: str, **values: Any) -> Campaign:
        """A new campaign at the rig of this name."""
        if kind not in self._made:
            rig = self._stack.enter_context(Rig(1, reminders=0, settings={"per_second": 10}, **values))
            first = self._made[kind] = Campaign(rig, Truth())
            rig.wait(first.link_up, "the listener", 120)
        first = self._made[kind]
        return Campaign(first.rig, first.truth)

    def close(self) -> None:
        """End every process."""
        self._stack.close()
        for one in self._made.values():
            shutil.rmtree(one.rig.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def rigs() -> Iterator[Rigs]:
    rigs = Rigs()
    yield rigs
    rigs.close()


@pytest.fixture
def campaign(rigs: Rigs) -> Iterator[Campaign]:
    """SQLite, all six processes."""
    campaign = rigs.campaign("sqlite")
    yield campaign
    _tidy(campaign)


@pytest.fixture
def on_postgres(rigs: Rigs) -> Iterator[Campaign]:
    campaign = rigs.campaign("postgresql", engine="postgresql")
    yield campaign
    _tidy(campaign)


def _tidy(campaign: Campaign) -> None:
    campaign.rig.heal()
    campaign.chaos.go_on()
    campaign.rig.wait(campaign.link_up, "the link", 60)


pytestmark = pytest.mark.timeout(300)


def test_the_exchange_is_killed_in_a_campaign_f1(campaign: Campaign) -> None:
    """Three telephones ring; nobody is called again by the program, and the others are called when it is back."""
    campaign.owe(6, RINGS)
    campaign.wait_invites(3)
    rang = set(campaign.invites())
    campaign.truth.deaths.append(time.time())
    campaign.rig.exchange.kill()
    campaign.rig.wait(lambda: not campaign.link_up(), "the pages to know", LIMIT)
    campaign.rig.exchange.start()
    campaign.rig.wait(campaign.link_up, "the link", LIMIT)
    campaign.each_called_once()
    unknown = [one for one in campaign.attempts() if one.state == AttemptState.UNKNOWN]
    assert {one.number for one in unknown} <= rang
    assert len(unknown) <= 3


def test_the_exchange_is_stopped_and_goes_on_f2(campaign: Campaign) -> None:
    campaign.owe(6)
    campaign.wait_invites(1)
    os.kill(campaign.rig.exchange.pid, signal.SIGSTOP)
    campaign.rig.wait(lambda: not campaign.link_up(), "the link to be down", LIMIT)
    os.kill(campaign.rig.exchange.pid, signal.SIGCONT)
    campaign.each_called_once()


def test_twenty_reloads_in_a_campaign_f4(campaign: Campaign) -> None:
    campaign.owe(8)
    for _ in range(10):
        campaign.rig.exchange.console("dialplan reload")
        campaign.rig.exchange.console("module reload res_pjsip.so")
    campaign.each_called_once()


@pytest.mark.parametrize("how", ["RST", "FIN", "half-open"])
def test_the_link_breaks_in_a_campaign_f5(campaign: Campaign, how: str) -> None:
    campaign.owe(6)
    campaign.wait_invites(1)
    if how == "half-open":
        campaign.rig.ami.blackhole = True
        campaign.rig.wait(lambda: not campaign.link_up(), "the silence to be noticed", LIMIT)
        campaign.rig.ami.blackhole = False
    else:
        for _ in range(3):
            campaign.rig.ami.cut(reset=how == "RST")
            campaign.rig.wait(campaign.link_up, "the link", LIMIT)
    campaign.each_called_once()


def test_the_answer_to_an_order_comes_late_f9(campaign: Campaign) -> None:
    """The exchange has dialled; our worker hears of it long after it has given up waiting."""
    stopped = campaign.chaos.at_point("before_send", "stop", 0)
    next(stopped)
    campaign.owe(1, RINGS)
    campaign.rig.wait((campaign.rig.folder / REACHED).exists, "the order to be written", LIMIT)
    campaign.rig.ami.delay = 8.0
    for _ in stopped:
        pass
    campaign.wait_invites(1)
    campaign.rig.ami.delay = 0.0
    campaign.each_called_once()


def test_redis_stands_still_f18(campaign: Campaign) -> None:
    process = campaign.rig.valkey.process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    campaign.owe(4)
    campaign.rig.wait(lambda: _detail(campaign) == REDIS_AWAY, "the pages to say so", LIMIT)
    process.send_signal(signal.SIGCONT)
    campaign.each_called_once()


def _detail(campaign: Campaign) -> str:
    with campaign.rig.database.reading() as session:
        return next(one.detail for one in heartbeat.heartbeats(session) if one.process == NAME)


def test_redis_dies_and_comes_back_without_data_f16_f17(campaign: Campaign) -> None:
    campaign.owe(6)
    campaign.wait_invites(1)
    for _ in campaign.chaos.redis_forgets():
        pass
    campaign.rig.valkey.kill()
    campaign.rig.wait(lambda: _detail(campaign) == REDIS_AWAY, "the pages to say so", LIMIT)
    campaign.rig.valkey.start()
    campaign.each_called_once()


@pytest.mark.parametrize("point", ["in_claim", "before_commit", "after_send", "before_told"])
def test_a_worker_process_is_killed_f19(campaign: Campaign, point: str) -> None:
    """The points are all in test_dialler.py, where they are threads; here a process dies, with its sockets and its
    transaction, and is started again."""
    fault = campaign.chaos.at_point(point, "kill", 0)
    next(fault)
    campaign.owe(1)
    dead = campaign.rig.folder / REACHED
    campaign.rig.wait(dead.exists, "the worker to die", LIMIT)
    campaign.each_called_once()


def test_a_worker_process_is_stopped_between_commit_and_order_f21(campaign: Campaign) -> None:
    """Meanwhile the attempt is proved unsent and another is made; what it sends then calls nobody."""
    stopped = campaign.chaos.at_point("after_commit", "stop", 0)
    next(stopped)
    campaign.owe(1)
    campaign.wait_invites(1)
    assert (campaign.rig.folder / REACHED).exists()
    assert min(campaign.attempts(), key=lambda one: one.n).state == AttemptState.NOT_SENT
    for _ in stopped:
        pass
    campaign.each_called_once()


def test_without_tickers_nobody_is_called_and_it_is_seen_f23(campaign: Campaign) -> None:
    for name in ("ticker-0", "ticker-1"):
        campaign.rig.ours[name].held = True
        campaign.rig.ours[name].kill()
    campaign.owe(2)
    at = datetime.now(UTC)
    with campaign.rig.database.reading() as session:
        assert NAME in heartbeat.stale(session, at + timedelta(seconds=60))
        assert pacing.overdue(session, at + timedelta(minutes=3)) == 2
    assert not campaign.invites()
    for name in ("ticker-0", "ticker-1"):
        campaign.rig.ours[name].held = False
    campaign.each_called_once()


def test_postgresql_dies_in_a_campaign_f24(on_postgres: Campaign) -> None:
    """Three times; no call without its row, nobody twice."""
    campaign = on_postgres
    assert campaign.rig.postgres is not None
    campaign.owe(8)
    for _ in range(3):
        before = len(campaign.invites())
        campaign.rig.postgres.crash()
        campaign.rig.postgres.revive()
        campaign.wait_invites(min(8, before + 1))
    campaign.rest_and_judge()


def test_somebody_holds_the_only_writer_f25(campaign: Campaign) -> None:
    lock = sqlite3.connect(campaign.rig.folder / "records.db", timeout=20, isolation_level=None)
    campaign.owe(4)
    lock.execute("BEGIN IMMEDIATE")
    rows = lock.execute("SELECT count(*) FROM dial_attempt").fetchone()
    campaign.rig.wait(lambda: _complains(campaign), "the ticker to say that it cannot write", LIMIT)
    assert lock.execute("SELECT count(*) FROM dial_attempt").fetchone() == rows
    lock.close()
    campaign.rest_and_judge()


def _complains(campaign: Campaign) -> bool:
    return "records do not answer" in "".join(
        (campaign.rig.folder / f"ticker-{number}.log").read_text(errors="replace") for number in (0, 1)
    )


@pytest.mark.parametrize("seconds", [3600, -3600, 86400])
def test_our_clock_jumps_f27(rigs: Rigs, seconds: int) -> None:
    """Every process of ours believes in another time: the robot pauses by itself; somebody sets the clock right, ends
    the pause, and everybody is called once."""
    campaign = rigs.campaign("clock", faked_clock=True)
    campaign.rig.set_clock(seconds)
    campaign.rig.wait(lambda: _paused_until(campaign) is not None, "the pause", LIMIT)
    campaign.owe(2)
    assert not campaign.invites()
    first = _paused_until(campaign)
    campaign.rig.set_clock(0)
    if seconds < 0:
        campaign.rig.wait(lambda: _paused_until(campaign) != first, "the pause after the second jump", LIMIT)
    assert not campaign.invites()
    campaign.rig.wait(lambda: campaign.chaos.go_on() or campaign.invites(), "the calls", LIMIT)
    campaign.rig.wait(lambda: campaign.chaos.go_on() or len(campaign.invites()) == 2, "the calls", LIMIT)
    campaign.each_called_once()
    _tidy(campaign)


def _paused_until(campaign: Campaign) -> datetime | None:
    with campaign.rig.database.reading() as session:
        return switches.current(session).paused_until


def test_the_calling_hours_end_in_a_campaign_f29(campaign: Campaign) -> None:
    """No ring begins in the last ten seconds (five of ringing, five of margin), and none is heard outside."""
    ends = time.time() + 25
    (campaign.rig.folder / HOURS).write_text(json.dumps([[campaign.rig.began - 3600, ends]]))
    try:
        campaign.owe(30, RINGS)
        campaign.rig.wait(lambda: time.time() > ends + 1, "the end of the day", 60)
        mine = set(campaign.invites())
        calls = [one for one in campaign.rig.people.network.calls if one.number in mine]
        assert all(one.at <= ends - 10 for one in calls)
        assert all(one.ended_at and one.ended_at <= ends for one in calls)
        with campaign.rig.database.reading() as session:
            waiting = session.scalars(
                select(DialTask.rule).where(
                    DialTask.id.in_(campaign.tasks),
                    DialTask.channel == Channel.ROBOT.value,
                    DialTask.state == TaskState.DUE.value,
                )
            ).all()
        assert waiting
    finally:
        (campaign.rig.folder / HOURS).write_text(
            json.dumps([[campaign.rig.began - 3600, campaign.rig.began + campaign.rig.window]])
        )


def test_a_power_cut_f38(campaign: Campaign) -> None:
    campaign.owe(6, RINGS)
    campaign.wait_invites(2)
    for _ in campaign.chaos.power_cut():
        pass
    campaign.each_called_once()
