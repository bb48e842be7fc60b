"""Promises to call back: one ledger, whose they are, who may keep them, what they hold back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.dialler import window
from callflow.dialler.rules import Answer, Live, Rule, judge
from callflow.dialler.states import Channel
from crm import presence
from crm.db import Database
from crm.dialler import facts
from crm.errors import Incomplete, NotFound
from crm.family_tables import Family
from crm.missed import claiming, closing, keeping, opening, promising, reading
from crm.missed.claiming import Claimed
from crm.missed.opening import ByHand
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact
from crm.outgoing import asking
from crm.specialists import absences
from tests.integration.crm import scenario as s
from tests.integration.crm.booking import booked
from tests.integration.crm.missed import ledger as g
from tests.integration.crm.reminded import task_of
from tests.support.open_window import always

THREE = g.minute(300)
"""15:00."""


@pytest.fixture
def town(town: Database) -> Database:
    """Without the demo's missed calls; Lavrova and Zayac are on the line."""
    with town.transaction() as session:
        g.clear(session)
        for login in ("lavrova", "zayac"):
            presence.set_ready(session, s.employee(session, login).id, g.minute(0))
    return town


def promised(session: Session, *, mine: bool = True, when: datetime = THREE, login: str = "lavrova") -> MissedCall:
    """The family of one number is promised a call."""
    wanted = ByHand(service_id=1, number=s.KUZNETSOVA, note="о пособии", promised_for=when, mine=mine)
    return opening.by_hand(session, wanted, s.employee(session, login), g.minute(0))


def test_a_promise_is_a_row_of_the_one_ledger(town: Database) -> None:
    with town.transaction() as session:
        row = promised(session)
        assert (row.due_at, row.owner_id) == (THREE, s.employee(session, "lavrova").id)
        assert (row.source, row.reasons) == ("hand", ["promise"])
        call = g.play(session, g.missed_call("1", 5))
        assert [one.id for one in g.open_rows(session)] == [row.id], "the family's own call comes into the same row"
        assert call.family_id == row.family_id
        g.play(session, g.talk("2", 10))
        assert g.open_rows(session) == []


def test_the_others_leave_it_to_whoever_promised(town: Database) -> None:
    with town.transaction() as session:
        row = promised(session)
        lavrova, zayac = s.employee(session, "lavrova"), s.employee(session, "zayac")
        with pytest.raises(Claimed, match="Перезвонить обещает Лаврова"):
            claiming.claim(session, row.id, zayac, g.minute(299))
        with pytest.raises(Claimed):
            closing.by_reason(session, row.id, "solved", "", zayac, g.minute(299))
        (line,) = reading.open_rows(session, zayac, g.minute(299))
        assert (line.keeper, line.owner, line.holder) == (lavrova, lavrova, None)
        claiming.claim(session, row.id, lavrova, g.minute(299))
        assert claiming.holder_of(session, row, g.minute(299)) == lavrova


def test_with_a_reason_a_colleague_takes_it_and_it_is_hers(town: Database) -> None:
    with town.transaction() as session:
        row = promised(session)
        zayac = s.employee(session, "zayac")
        claiming.claim(session, row.id, zayac, g.minute(299), reason="договорились")
        assert (row.owner_id, row.claimed_by_id) == (zayac.id, zayac.id)
        told = session.scalars(select(MissedAttempt.note).where(MissedAttempt.missed_id == row.id)).all()
        assert told == ["договорились"]


def test_anybody_keeps_a_promise_that_is_anybodys(town: Database) -> None:
    with town.transaction() as session:
        row = promised(session, mine=False)
        claiming.claim(session, row.id, s.employee(session, "zayac"), g.minute(299))
        assert row.owner_id is None


def test_it_falls_to_the_others_when_she_is_off_the_line(town: Database) -> None:
    with town.transaction() as session:
        row = promised(session)
        lavrova, zayac = s.employee(session, "lavrova"), s.employee(session, "zayac")
        presence.go_offline(session, lavrova.id, g.minute(290))
        assert keeping.keeper_of(session, row, g.minute(304)) == lavrova
        assert keeping.keeper_of(session, row, g.minute(305)) is None
        claiming.claim(session, row.id, zayac, g.minute(305))
        assert row.claimed_by_id == zayac.id
        assert [one.row.id for one in reading.promises_near(session, zayac, g.minute(305), timedelta(0))] == [row.id]


def test_on_the_line_and_late_it_falls_to_the_others_too(town: Database) -> None:
    with town.transaction() as session:
        row = promised(session)
        assert keeping.keeper_of(session, row, g.minute(314)) is not None
        assert keeping.keeper_of(session, row, g.minute(315)) is None


def test_an_absence_frees_it_at_once(town: Database) -> None:
    with town.transaction() as session:
        row = promised(session)
        lavrova = s.employee(session, "lavrova")
        absences.enter(session, lavrova.id, "sick", g.minute(60), g.minute(600), None, lavrova, g.minute(1))
        assert keeping.keeper_of(session, row, g.minute(10)) is None
        early = promised(session, when=g.minute(50))
        assert early.id == row.id
        assert keeping.keeper_of(session, early, g.minute(10)) == lavrova, "she is there at ten to eleven"


def test_two_never_call_one_number_at_once(town: Database) -> None:
    """By whatever way the second comes: a card, a journal row, a number by hand."""
    with town.transaction() as session:
        row = promised(session, mine=False)
        lavrova, zayac = s.employee(session, "lavrova"), s.employee(session, "zayac")
        claiming.claim(session, row.id, lavrova, g.minute(300))
        with pytest.raises(Incomplete) as refused:
            asking.ask(session, zayac, number=s.KUZNETSOVA, at=g.minute(301))
        assert "почему звоните вместо" in refused.value.fields["reason"]


def test_a_promise_in_a_talk_outlives_it_and_may_be_moved(town: Database) -> None:
    with town.transaction() as session:
        g.play(session, g.missed_call("1", 0))
        call = g.play(session, g.talk("2", 5)[:5])
        lavrova = s.employee(session, "lavrova")
        row = promising.in_talk(session, call, THREE, "о пособии", lavrova, g.minute(5.1), mine=True)
        g.play(session, g.talk("2", 5)[5:])
        assert session.scalars(select(MissedCall.id).where(MissedCall.closed_at.is_(None))).all() == [row.id]
        assert (row.family_id, row.promised_for, row.owner_id) == (call.family_id, THREE, lavrova.id)
        again = promising.in_talk(session, call, THREE + timedelta(hours=1), "", lavrova, g.minute(5.2))
        assert (again.id, again.promised_for, again.owner_id) == (row.id, THREE + timedelta(hours=1), None)
        with pytest.raises(Incomplete):
            promising.in_talk(session, call, None, "", lavrova, g.minute(5.2))


def test_a_promise_to_a_hidden_number_wants_a_number(town: Database) -> None:
    with town.transaction() as session:
        call = g.play(session, g.talk("1", 5, None)[:5])
        lavrova = s.employee(session, "lavrova")
        with pytest.raises(Incomplete) as refused:
            promising.in_talk(session, call, THREE, "", lavrova, g.minute(6))
        assert set(refused.value.fields) == {"number"}
        row = promising.in_talk(session, call, THREE, "", lavrova, g.minute(6), number="8 907 000-99-55")
        assert row.number == g.STRANGER


def test_whoever_promises_knows_the_family(town: Database) -> None:
    with town.transaction() as session:
        closed = session.scalars(select(Family.id).where(Family.restricted)).first()
        wanted = ByHand(service_id=1, family_id=closed, promised_for=THREE)
        with pytest.raises(NotFound):
            opening.by_hand(session, wanted, s.employee(session, "lavrova"), g.minute(0))


def test_she_is_reminded_of_her_own_and_of_everybodys(town: Database) -> None:
    with town.transaction() as session:
        promised(session)
        lavrova, zayac = s.employee(session, "lavrova"), s.employee(session, "zayac")
        near = [reading.promises_near(session, who, g.minute(295), timedelta(0)) for who in (lavrova, zayac)]
        assert [len(one) for one in near] == [1, 0]
        assert reading.promises_near(session, lavrova, g.minute(294), timedelta(0)) == []
        assert session.scalar(select(func.count(MissedContact.id))) == 1


@pytest.mark.parametrize(("minutes", "held_back"), [(-61, False), (-59, True), (30, True), (61, False)])
def test_near_the_promised_time_neither_robot_nor_list_calls(
    town: Database, monkeypatch: pytest.MonkeyPatch, minutes: int, held_back: bool
) -> None:
    monkeypatch.setattr(window, "spans", always)
    at = THREE + timedelta(minutes=minutes)
    with town.transaction() as session:
        task = task_of(session, booked(session, at=THREE + timedelta(days=2)), at=at)
        task.channel = Channel.HUMAN.value
        family = session.get_one(Family, task.family_id)
        row = MissedCall(
            service_id=1, family_id=family.id, first_at=g.minute(0), last_at=g.minute(0), due_at=THREE,
            promised_for=THREE, created_at=g.minute(0),
        )  # fmt: skip
        session.add(row)
        session.flush()
        read = facts.read(session, task, at, Live(), mode="demo")
        verdict = judge(read, at)
        assert (verdict.rule is Rule.PROMISE) is held_back, verdict
        if held_back:
            assert verdict.answer is Answer.WAIT
            assert verdict.until is not None
            assert verdict.until >= THREE + timedelta(minutes=60)
        row.closed_at = at
        session.flush()
        assert judge(facts.read(session, task, at, Live(), mode="demo"), at).rule is not Rule.PROMISE
