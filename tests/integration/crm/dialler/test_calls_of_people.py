"""Calls of people and of the robot keep out of each other's way, whatever is known of them (found by the machine)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from callflow.dialler.rules import Rule
from callflow.dialler.states import Disposition
from callflow.dialplan_word import DialplanWord, Subject
from callflow.outgoing import OrderState, Result
from crm import call_snapshot
from crm.call_tables import CallRecord
from crm.db import Database
from crm.dialler import following, history, yielding
from crm.dialler.tables import DialTask
from crm.errors import RecordsError
from crm.family_tables import Phone
from crm.outgoing import asking, orders
from crm.outgoing import following as of_people
from crm.outgoing.tables import OutgoingCall
from tests.integration.crm.booking import booked
from tests.integration.crm.dialler.ordering import AFTERNOON
from tests.integration.crm.dialler.ordering import order as order_by_robot
from tests.integration.crm.scenario import NOON, employee
from tests.support.dialling import task_for


def asked(town: Database, task_id: int, at: datetime) -> OutgoingCall:
    """Lavrova calls the family beside the lists."""
    with town.transaction() as session:
        number = session.get_one(DialTask, task_id).number
        return asking.ask(session, employee(session, "lavrova"), number=number, reason="просили", at=at)


def placed(town: Database, order: OutgoingCall, at: datetime) -> None:
    with town.transaction() as session:
        claimed = orders.claim(session, at, mode="demo")
        assert claimed is not None
        orders.note_placed(session, claimed.id, at)


def said(town: Database, order: OutgoingCall, word: str, at: datetime, detail: str = "") -> None:
    told = DialplanWord(
        subject=Subject.OUTGOING, call=order.channel_id, at=at, order=str(order.id), state=word, detail=detail
    )
    with town.transaction() as session:
        of_people.follow(session, told)


def order_of(town: Database, order: OutgoingCall) -> OutgoingCall:
    with town.reading() as session:
        return session.get_one(OutgoingCall, order.id)


def test_what_nobody_knows_of_a_persons_call_keeps_the_robot_away(town: Database, task_id: int) -> None:
    order = asked(town, task_id, AFTERNOON)
    placed(town, order, AFTERNOON)
    with town.transaction() as session:
        orders.note_gone(session, [order.id], AFTERNOON + timedelta(seconds=20))
    assert order_of(town, order).result == Result.UNKNOWN
    verdict = order_by_robot(town, AFTERNOON + timedelta(minutes=5)).verdict
    assert verdict is not None
    assert verdict.rule is Rule.GAP


def test_a_ring_that_she_gave_up_keeps_the_robot_away_and_not_her(town: Database, task_id: int) -> None:
    order = asked(town, task_id, AFTERNOON)
    placed(town, order, AFTERNOON)
    said(town, order, "ringing", AFTERNOON + timedelta(seconds=5))
    said(town, order, "ended", AFTERNOON + timedelta(seconds=9), "CANCEL-0-")
    assert order_of(town, order).result == Result.CANCELLED
    assert asked(town, task_id, AFTERNOON + timedelta(seconds=30)).id != order.id
    with town.transaction() as session:
        for one in session.scalars(select(OutgoingCall).where(OutgoingCall.live)):
            asking.hang_up(session, one.id, employee(session, "lavrova"), AFTERNOON + timedelta(seconds=31))
    verdict = order_by_robot(town, AFTERNOON + timedelta(minutes=5)).verdict
    assert verdict is not None
    assert verdict.rule is Rule.GAP


def test_two_telephones_of_one_family_do_not_ring_at_once(town: Database, task_id: int) -> None:
    """The gap is one telephone's; that somebody of the family is being called concerns all of them."""
    with town.transaction() as session:
        first = session.get_one(DialTask, task_id)
        other = Phone(person_id=first.person_id, number="+79070001177", raw="", robot_allowed=True)
        session.add(other)
        session.flush()
        row = booked(session, at=NOON + timedelta(days=7))
        second = task_for(session, row, AFTERNOON)
        second.phone_id, second.number = other.id, other.number
    assert order_by_robot(town, AFTERNOON).attempt is not None
    verdict = order_by_robot(town, AFTERNOON + timedelta(seconds=5)).verdict
    assert verdict is not None
    assert verdict.rule is Rule.NUMBER_BUSY


def test_the_robots_line_is_free_before_she_calls(town: Database, task_id: int) -> None:
    """Its script has said the result, and the exchange has not let the call go yet."""
    attempt = order_by_robot(town, AFTERNOON).attempt
    assert attempt is not None
    soon = AFTERNOON + timedelta(seconds=20)
    with town.transaction() as session:
        following.heard(session, attempt.id, "answered", "", soon)
        following.answered(session, attempt.id, soon)
        following.step(session, attempt.id, "played", "", soon)
        assert following.settle(session, attempt.id, Disposition.DELIVERED, soon, following.SCRIPT)
    with pytest.raises(RecordsError, match="звонит робот"):
        asked(town, task_id, soon)
    with town.transaction() as session:
        following.gone(session, attempt.id)
    assert asked(town, task_id, soon).live


def test_an_order_that_no_clerk_has_taken_is_not_unknown_after_a_login(town: Database, task_id: int) -> None:
    """The link was away when she pressed: the snapshot lacks her call because nobody was called."""
    order = asked(town, task_id, AFTERNOON)
    with town.transaction() as session:
        call_snapshot.reconcile(session, [], AFTERNOON + timedelta(seconds=3))
    row = order_of(town, order)
    assert (row.state, row.result, row.live) == (OrderState.ENDED, Result.NOT_PLACED, False)
    with town.transaction() as session:
        assert orders.claim(session, AFTERNOON + timedelta(seconds=4), mode="demo") is None
    assert order_by_robot(town, AFTERNOON + timedelta(minutes=5)).attempt is not None


def test_the_robots_lines_and_the_peoples_are_one_trunk(town: Database, task_id: int) -> None:
    assert order_by_robot(town, AFTERNOON).attempt is not None, task_id
    with town.transaction() as session:
        assert yielding.live_of(session, [1]).outbound == 1
        session.add(CallRecord(linkedid="out-1", direction="outbound", state="talking", arrived_at=AFTERNOON))
        session.flush()
        assert yielding.live_of(session, [1]).outbound == 2, "one call of the robot's and one of an operator's"


def test_a_call_that_still_holds_its_line_keeps_the_robot_from_the_familys_other_telephone(
    town: Database, task_id: int
) -> None:
    """The script has said «confirmed», and the family still listens."""
    attempt = order_by_robot(town, AFTERNOON).attempt
    assert attempt is not None
    with town.transaction() as session:
        following.answered(session, attempt.id, AFTERNOON)
        following.settle(session, attempt.id, Disposition.CONFIRMED, AFTERNOON, following.SCRIPT)
        task, other = session.get_one(DialTask, task_id), "+79070009876"
        gap = timedelta(minutes=5)
        assert history.of(session, task, other, AFTERNOON, AFTERNOON, gap).number_live
        following.gone(session, attempt.id)
        assert not history.of(session, task, other, AFTERNOON, AFTERNOON, gap).number_live
