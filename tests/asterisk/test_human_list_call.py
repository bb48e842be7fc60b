"""«Позвонить» in the human list, on a real exchange: her telephone first, then the family; the robot keeps away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from callflow.dialler.rules import Live, Rule
from callflow.dialler.states import Channel, TaskState
from callflow.outgoing import OrderState, Result
from crm.call_tables import CallRecord
from crm.dialler import by_person
from crm.dialler.changing import to_a_person
from crm.dialler.tables import DialTask
from crm.outgoing.tables import OutgoingCall
from crm.reminders import calling, connected, human_list
from crm.reminders.human_list import Outcome
from crm.staff import Employee, by_login
from tests.asterisk.test_dialler import network, rig, running
from tests.support.phone import DeskPhone
from tests.support.robot_rig import LIMIT, Rig
from tests.support.wait import wait_for
from workers import outgoing

__all__ = ["network", "rig", "running"]

ANNA, HER_MOTHER = "+79070001101", "+79070001102"


class Lavrova:
    """What her page does, and the clerk of the listener."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        settings = SimpleNamespace(mode="demo")
        self.counter: Any = SimpleNamespace(
            settings=settings, database=rig.database, exchange=rig.session, feed=rig.feed
        )

    def _herself(self, session: Any) -> Employee:
        found = by_login(session, "lavrova")
        assert found is not None
        return found

    def take(self, task_id: int) -> None:
        with self.rig.database.transaction() as session:
            by_person.take(session, task_id, self._herself(session), datetime.now(UTC))

    def call(self, task_id: int) -> int:
        """«Позвонить»; the order."""
        with self.rig.database.transaction() as session:
            at, her = datetime.now(UTC), self._herself(session)
            order = calling.call(session, task_id, her, Live(), mode="demo", at=at).id
        outgoing.carry_out(self.counter)
        return order

    def note(self, task_id: int, outcome: Outcome) -> None:
        with self.rig.database.transaction() as session:
            human_list.finish(session, task_id, outcome, "", self._herself(session), datetime.now(UTC))

    def order(self, order_id: int) -> OutgoingCall:
        with self.rig.database.reading() as session:
            return session.get_one(OutgoingCall, order_id)


def for_a_person(rig: Rig) -> int:
    """A reminder that the robot has handed over."""
    task_id = rig.owe(ANNA)
    with rig.database.transaction() as session:
        to_a_person(session, session.get_one(DialTask, task_id), "machine", "автоответчик", datetime.now(UTC), "test")
    return task_id


def for_the_robot(rig: Rig, family_id: int | None) -> int:
    """Another telephone of the same family, due now."""
    task_id = rig.owe(HER_MOTHER)
    with rig.database.transaction() as session:
        session.get_one(DialTask, task_id).family_id = family_id
    return task_id


@pytest.mark.timeout(400)
def test_her_telephone_then_the_family_and_never_the_robot_meanwhile(rig: Rig) -> None:
    her, task_id = Lavrova(rig), for_a_person(rig)
    robots = for_the_robot(rig, rig.task(task_id).family_id)
    her.take(task_id)
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: rig.task(robots).rule == Rule.COLLEAGUE, LIMIT, "the robot to see that a colleague works on it")
    with DeskPhone(rig.exchange.plan.desk_bind, "101") as phone:
        rig.exchange.wait_available("101")
        order_id = her.call(task_id)
        phone.wait_ringing(LIMIT)
        assert rig.network.calls == []
        phone.answer()
        wait_for(lambda: her.order(order_id).state == OrderState.TALKING, LIMIT, "the talk")
        assert [call.number for call in rig.network.calls] == [ANNA]
        assert calling_again(rig, her, task_id) == order_id
        phone.hang_up()
        wait_for(lambda: not her.order(order_id).live, LIMIT, "the end")
    row = her.order(order_id)
    assert (row.result, row.task_id, row.number) == (Result.ANSWERED, task_id, ANNA)
    her.note(task_id, Outcome.CONFIRMED)
    assert rig.task(task_id).state == TaskState.CONFIRMED
    wait_for(lambda: rig.task(robots).rule not in ("", Rule.COLLEAGUE), LIMIT, "the robot to see that they have talked")
    assert rig.attempts(robots) == []
    assert [call.number for call in rig.network.calls] == [ANNA]


def calling_again(rig: Rig, her: Lavrova, task_id: int) -> int:
    """The button pressed once more in the middle of the talk; the order."""
    with rig.database.transaction() as session:
        at, who = datetime.now(UTC), her._herself(session)
        return calling.call(session, task_id, who, Live(), mode="demo", at=at).id


def test_she_does_not_take_her_telephone_and_the_family_is_not_called(rig: Rig) -> None:
    her, task_id = Lavrova(rig), for_a_person(rig)
    her.take(task_id)
    with DeskPhone(rig.exchange.plan.desk_bind, "101") as phone:
        rig.exchange.wait_available("101")
        order_id = her.call(task_id)
        phone.wait_ringing(LIMIT)
        phone.reject()
        wait_for(lambda: not her.order(order_id).live, LIMIT, "the end")
    assert rig.network.calls == []
    assert (rig.task(task_id).state, rig.task(task_id).channel) == (TaskState.CLAIMED, Channel.HUMAN)


def answered(rig: Rig, linkedid: str) -> bool:
    """Whether an operator talks with this caller."""
    with rig.database.reading() as session:
        call = session.scalars(select(CallRecord).where(CallRecord.linkedid == linkedid)).first()
        return call is not None and call.answered_at is not None


@pytest.mark.timeout(400)
def test_a_talk_after_key_zero_is_the_reminder(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected, "SHORTEST", timedelta())
    rig.says = rig.asks_for_a_person
    task_id = rig.owe(ANNA)
    with DeskPhone(rig.exchange.plan.desk_bind, "101") as phone:
        rig.exchange.wait_available("101")
        rig.start_worker()
        rig.start_ticker()
        phone.wait_ringing(LIMIT)
        assert (rig.task(task_id).channel, rig.task(task_id).state) == (Channel.HUMAN, TaskState.DUE)
        phone.answer()
        (attempt,) = rig.attempts(task_id)
        wait_for(lambda: answered(rig, attempt.id), LIMIT, "the talk")
        phone.hang_up()
        assert rig.wait_state(task_id, TaskState.DELIVERED).rule == "human"
    rig.wait_free()
