"""Two dispatchers press «Позвонить» on one number at the same moment, each by a way of her own: one order, and the
other one reads why it is not hers (reliability.md I5)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler import window
from callflow.dialler.states import Channel
from crm import presence
from crm.call_tables import CallRecord
from crm.db import Database
from crm.dialler import by_person
from crm.dialler.tables import DialTask
from crm.errors import RecordsError
from crm.families import Phone
from crm.missed import opening
from crm.missed.opening import ByHand
from crm.missed.tables import MissedCall
from crm.outgoing import asking
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee
from crm.tips import calling
from crm.tips.tables import Tip, TipAttempt
from tests.integration.crm import scenario as s
from tests.integration.crm.booking import booked, of_family
from tests.integration.crm.missed import ledger as g
from tests.integration.crm.reminded import task_of
from tests.integration.crm.tips import tipped
from tests.support.dialling import LIVE, robot_on
from tests.support.open_window import always

NUMBER = s.KUZNETSOVA
NOW = g.minute(30)
ROUNDS = 2


def by_hand(session: Session, who: Employee) -> OutgoingCall:
    """Her own reason for it, whatever a colleague has promised."""
    return asking.ask(session, who, number=NUMBER, person_id=0, reason="договорились", at=NOW)


def by_the_promise(session: Session, who: Employee) -> OutgoingCall:
    row = session.scalars(select(MissedCall).where(MissedCall.closed_at.is_(None))).one()
    return asking.ask(session, who, number=NUMBER, missed_id=row.id, person_id=0, at=NOW)


def by_the_tip(session: Session, who: Employee) -> OutgoingCall:
    phone = session.scalars(select(Phone).where(Phone.number == NUMBER, Phone.removed_at.is_(None))).first()
    assert phone is not None
    tip = session.scalars(select(Tip)).one()
    return calling.call(session, tip.id, who, phone_id=phone.id, mode="demo", at=NOW)


def by_the_list(session: Session, who: Employee) -> OutgoingCall:
    task = session.scalars(select(DialTask).where(DialTask.number == NUMBER)).one()
    by_person.take(session, task.id, who, NOW)
    return by_person.call(session, task.id, who, LIVE, purpose="", mode="demo", at=NOW)


WAYS: list[Callable[[Session, Employee], OutgoingCall]] = [by_hand, by_the_promise, by_the_tip, by_the_list]


@pytest.fixture
def town(town: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """One family that is owed a call in three ways at once; both dispatchers are free."""
    monkeypatch.setattr(window, "spans", always)
    with town.transaction() as session:
        g.clear(session)
        tipped.clear(session)
        robot_on(session, 1, NOW)
        lavrova = s.employee(session, "lavrova")
        for login in ("lavrova", "zayac"):
            presence.set_ready(session, s.employee(session, login).id, g.minute(0))
        wanted = ByHand(service_id=1, number=NUMBER, promised_for=g.minute(300))
        opening.by_hand(session, wanted, lavrova, g.minute(0))
        tipped.told(session, g.minute(0), family_id=of_family(session, 1).id, about_name="")
        task = task_of(session, booked(session, at=s.NOON), at=NOW, number=NUMBER)
        task.channel, task.state = Channel.HUMAN.value, "due"
    return town


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations_with_replacement(WAYS, 2)))
def test_one_order_whichever_ways_they_come(
    town: Database, first: Callable[..., OutgoingCall], second: Callable[..., OutgoingCall]
) -> None:
    for _ in range(ROUNDS):
        together = Barrier(2)

        def press(login: str, way: Callable[..., OutgoingCall], together: Barrier = together) -> str:
            together.wait(30)
            try:
                with town.transaction() as session:
                    way(session, s.employee(session, login))
            except RecordsError as refused:
                return str(refused)
            return ""

        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(press, ("lavrova", "zayac"), (first, second)))
        assert sorted(bool(one) for one in said) == [False, True], said
        with town.transaction() as session:
            (order,) = session.scalars(select(OutgoingCall).where(OutgoingCall.live))
            winner = session.get_one(Employee, order.employee_id)
            assert winner.login == ("zayac" if said[0] else "lavrova")
            assert len(session.scalars(select(CallRecord).where(CallRecord.direction == "outbound")).all()) == 1
            _as_before(session, order)


def _as_before(session: Session, order: OutgoingCall) -> None:
    """The next round begins where this one did."""
    for row in session.scalars(select(TipAttempt)):
        session.delete(row)
    call = session.get_one(CallRecord, order.call_id)
    session.delete(order)
    session.flush()
    session.delete(call)
    for missed in session.scalars(select(MissedCall)):
        missed.claimed_by_id, missed.claimed_at, missed.owner_id = None, None, None
    for task in session.scalars(select(DialTask).where(DialTask.number == NUMBER)):
        task.state, task.owner, task.lease_until, task.employee_id = "due", "", None, None
