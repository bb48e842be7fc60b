"""Our own processes, Redis and the records break in a campaign (reliability.md §2: F16–F26)."""

from __future__ import annotations

import signal
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from callflow.dialler.states import AttemptState
from crm import heartbeat
from crm.dialler import pacing
from tests.chaos.campaign import LIMIT, RINGS, Campaign
from tests.chaos.inside import REACHED
from workers.dialler.ticker import NAME, REDIS_AWAY

pytestmark = pytest.mark.timeout(300)


def test_redis_dies_and_comes_back_without_data_f16_f17(campaign: Campaign) -> None:
    campaign.owe(6)
    campaign.wait_invites(1)
    for _ in campaign.chaos.redis_forgets():
        pass
    campaign.rig.valkey.kill()
    campaign.rig.wait(lambda: _detail(campaign) == REDIS_AWAY, "the pages to say so", LIMIT)
    campaign.rig.valkey.start()
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


@pytest.mark.parametrize("point", ["in_claim", "before_commit", "after_send", "before_told"])
def test_a_worker_process_is_killed_f19(campaign: Campaign, point: str) -> None:
    """The points are all in test_dialler.py, where they are threads; here a process dies, with its sockets and its
    transaction, and is started again."""
    _at_point(campaign, point, "kill")
    campaign.each_called_once()


@pytest.mark.parametrize(
    ("point", "what"),
    [("in_gate", "memory"), ("before_send", "memory"), ("after_send", "memory"), ("before_send", "hang")],
)
def test_a_job_ends_for_want_of_memory_or_of_time_f20(campaign: Campaign, point: str, what: str) -> None:
    """The same as a death there, but that the process lives on."""
    pids = {name: one.popen.pid for name, one in campaign.rig.ours.items() if one.popen}
    _at_point(campaign, point, what)
    campaign.each_called_once()
    assert {name: one.popen.pid for name, one in campaign.rig.ours.items() if one.popen} == pids


def _at_point(campaign: Campaign, point: str, what: str) -> None:
    fault = campaign.chaos.at_point(point, what, 0)
    next(fault)
    campaign.owe(1)
    campaign.rig.wait((campaign.rig.folder / REACHED).exists, "a worker to come there", LIMIT)


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


def test_five_tickers_f22(campaign: Campaign) -> None:
    """As many processes that wake workers for the same calls."""
    campaign.rig.add_tickers()
    campaign.owe(20)
    campaign.each_called_once()
    campaign.rig.drop_tickers()


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
    known = _complaints(campaign)
    lock.execute("BEGIN IMMEDIATE")
    rows = lock.execute("SELECT count(*) FROM dial_attempt").fetchone()
    campaign.rig.wait(lambda: _complaints(campaign) > known, "the ticker to say that it cannot write", LIMIT)
    assert lock.execute("SELECT count(*) FROM dial_attempt").fetchone() == rows
    lock.close()
    campaign.rest_and_judge()


def test_the_disk_is_full_f26(campaign: Campaign) -> None:
    """A call goes on, two are due: its end is written when there is room again, and nobody is called without a row."""
    campaign.owe(1, RINGS)
    campaign.wait_invites(1)
    before = _beat(campaign)
    campaign.rig.fill_disk(True)
    campaign.owe(2)
    campaign.rig.wait(lambda: not campaign.rig.exchange.channels(), "the call to end", LIMIT)
    campaign.rig.wait(
        lambda: NAME in _silent_for(campaign, timedelta(seconds=8)), "the pages to miss the ticker", LIMIT
    )
    assert _beat(campaign) >= before  # it can be read
    assert len(campaign.invites()) == 1
    campaign.rig.fill_disk(False)
    campaign.each_called_once()
    assert campaign.attempts()[0].disposition == "no_answer"
    with sqlite3.connect(campaign.rig.folder / "records.db", timeout=20) as looking:
        assert looking.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _beat(campaign: Campaign) -> datetime:
    with campaign.rig.database.reading() as session:
        return next(one.at for one in heartbeat.heartbeats(session) if one.process == NAME)


def _silent_for(campaign: Campaign, much: timedelta) -> set[str]:
    return {NAME} if datetime.now(UTC) - _beat(campaign) > much else set()


def _complaints(campaign: Campaign) -> int:
    logs = ((campaign.rig.folder / f"ticker-{number}.log").read_text(errors="replace") for number in (0, 1))
    return sum(log.count("records do not answer") for log in logs)
