"""Clocks that differ (reliability.md F27): nothing is judged by a wrong one, nothing waits for what it has written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from callflow.dialler.rules import MOST_SKEW
from callflow.dialler.states import AttemptState, Disposition
from callflow.dialler.wire import Judged
from crm.db import Database
from crm.dialler import claiming, following, gating, reconciling, sweeping
from crm.dialler.tables import DialAttempt, LineSlot
from crm.family_tables import Person
from telephony.dial_status import ExchangeLoad, GateNote
from tests.integration.crm.booking import booked
from tests.integration.crm.scenario import NOON
from tests.support.dialling import BOOT, LIVE, agrees, robot_on, task_for
from workers.dialler import reconciler
from workers.dialler.reconciler import PROOF_AFTER, Reconciler

AFTERNOON = NOON + timedelta(hours=1, minutes=30)  # Thursday 13:30 in Moscow
ME = "worker-1"
Look = Callable[[float], dict[str, Judged]]


@pytest.fixture
def attempt(town: Database) -> DialAttempt:
    with town.transaction() as session:
        robot_on(session, 1, NOON)
        row = booked(session, at=NOON + timedelta(days=1))
        agrees(session, session.get_one(Person, row.person_id), NOON)
        task_for(session, row, AFTERNOON)
    with town.transaction() as session:
        task = claiming.claim(session, ME, AFTERNOON)
        assert task is not None
        gated = gating.gate(session, task.id, ME, AFTERNOON, LIVE, mode="demo", prompts={})
        assert gated.attempt is not None
        return gated.attempt


@pytest.fixture
def look(town: Database, attempt: DialAttempt, monkeypatch: pytest.MonkeyPatch) -> Look:
    """The reconciler's look at an exchange that knows nothing of the order, once it is too old to be obeyed."""
    idle = ExchangeLoad(boot=BOOT, waiting=0, inbound=0, outbound=0, attempts=frozenset())
    monkeypatch.setattr(reconciler, "load_now", lambda _: idle)
    monkeypatch.setattr(reconciler, "gate_note", lambda *_: GateNote())

    def at_skew(skew: float) -> dict[str, Judged]:
        monkeypatch.setattr(reconciler, "clock_skew", lambda _: skew)
        later = attempt.not_after + PROOF_AFTER + timedelta(seconds=1)
        return Reconciler(town, None, None, now=lambda: later).look()  # type: ignore[arg-type]  # all answers are above

    return at_skew


def state_of(town: Database, attempt: DialAttempt) -> str:
    with town.reading() as session:
        return session.get_one(DialAttempt, attempt.id).state


def taken_lines(town: Database) -> int:
    with town.reading() as session:
        return len(session.scalars(select(LineSlot).where(LineSlot.attempt_id.is_not(None))).all())


@pytest.mark.parametrize("skew", [MOST_SKEW + 0.1, -MOST_SKEW - 0.1, 3600.0, -86400.0])
def test_by_a_wrong_clock_no_attempt_is_judged(town: Database, attempt: DialAttempt, look: Look, skew: float) -> None:
    """«Too old to be obeyed» would be said of an order that is on its way, and a second call would follow (I15)."""
    assert look(skew) == {}
    assert state_of(town, attempt) == AttemptState.SENDING
    assert look(0.0) == {attempt.id: Judged.NOT_SENT}


@pytest.mark.parametrize("skew", [MOST_SKEW - 0.1, 0.1 - MOST_SKEW])
def test_clocks_that_differ_a_little_are_good_enough(attempt: DialAttempt, look: Look, skew: float) -> None:
    assert look(skew) == {attempt.id: Judged.NOT_SENT}


def test_by_a_wrong_clock_lines_are_freed_all_the_same(town: Database, attempt: DialAttempt, look: Look) -> None:
    """That a call is gone the exchange says without a clock."""
    with town.transaction() as session:
        following.answered(session, attempt.id, AFTERNOON)
        following.settle(session, attempt.id, Disposition.MACHINE, AFTERNOON, following.SCRIPT)
    assert taken_lines(town) == 1
    assert look(3600.0) == {}
    assert taken_lines(town) == 0


def test_news_of_a_wrong_clock_are_not_waited_for(town: Database, attempt: DialAttempt) -> None:
    """The clock was a day ahead when the last word came: the attempt would be live until tomorrow (I10)."""
    with town.transaction() as session:
        following.heard(session, attempt.id, "ringing", "", AFTERNOON + timedelta(days=1))
    soon = AFTERNOON + timedelta(minutes=5)
    with town.reading() as session:
        assert [one.id for one in reconciling.silent(session, soon)] == [attempt.id]


def test_no_clock_frees_a_line_only_the_exchange_does(town: Database, attempt: DialAttempt) -> None:
    """The script has said its result, the family still hears the good-bye; our clock jumps a day ahead (I16)."""
    with town.transaction() as session:
        following.answered(session, attempt.id, AFTERNOON)
        following.settle(session, attempt.id, Disposition.MACHINE, AFTERNOON, following.SCRIPT)
    for at in (AFTERNOON + timedelta(days=1), AFTERNOON, AFTERNOON - timedelta(days=1)):
        with town.transaction() as session:
            sweeping.sweep(session, at)
        assert taken_lines(town) == 1
    with town.transaction() as session:
        assert reconciling.lingering(session) == [attempt.id]
        following.gone(session, attempt.id)
    assert taken_lines(town) == 0
