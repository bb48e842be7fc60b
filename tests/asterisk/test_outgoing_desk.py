"""A click becomes a call: the clerk of the listener, a real exchange, and the records that follow its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from callflow.call import CallState
from callflow.outgoing import OrderState, Result
from crm import calls
from crm.call_tables import CallRecord
from crm.db import Database, open_database
from crm.outgoing import asking
from crm.outgoing.tables import OutgoingCall
from crm.staff import by_login
from telephony.ami import AmiSession
from telephony.dialplan_words import dialplan_word
from telephony.link import AmiAddress, AmiTimeout
from telephony.translate import TrunkNames, translate
from telephony.wire import Message
from tests.asterisk.test_outgoing_call import NUMBERS, running
from tests.support.exchange import LiveExchange
from tests.support.pages import SECRET, furnish
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.wait import wait_for
from web.settings import WebSettings
from workers import followers, outgoing
from workers.live_calls import live_calls

__all__ = ["running"]


class Desk:
    """The listener without its processes: one session with the exchange, one database, the clerk called by hand."""

    def __init__(self, exchange: LiveExchange, database: Database) -> None:
        self.database, plan = database, exchange.plan
        self.session = AmiSession(
            AmiAddress(plan.ami.host, plan.ami.port, plan.ami_user, plan.ami_secret),
            on_event=self.hear,
            on_connected=lambda snapshot: self.reconcile(live_calls(snapshot)),
        )
        self.counter: Any = SimpleNamespace(
            settings=SimpleNamespace(mode="demo"),
            database=database,
            exchange=self.session,
            feed=SimpleNamespace(publish=lambda _notices: True),
        )

    def hear(self, message: Message) -> None:
        word = dialplan_word(message)
        event = translate(message, trunk=TrunkNames())
        with self.database.transaction() as session:
            if word is not None:
                followers.follow(session, word)
            elif event is not None:
                calls.record(session, event)

    def reconcile(self, live: Any) -> None:
        with self.database.transaction() as session:
            calls.reconcile(session, live, datetime.now(UTC))

    def click(self, number: str) -> int:
        with self.database.transaction() as session:
            lavrova = by_login(session, "lavrova")
            assert lavrova is not None
            return asking.ask(session, lavrova, number=number, person_id=0, at=datetime.now(UTC)).id

    def carry_out(self) -> None:
        outgoing.carry_out(self.counter)

    def row(self, order_id: int) -> OutgoingCall:
        with self.database.reading() as session:
            return session.get_one(OutgoingCall, order_id)

    def call(self, order_id: int) -> CallRecord:
        with self.database.reading() as session:
            return session.get_one(CallRecord, session.get_one(OutgoingCall, order_id).call_id)

    def wait(self, order_id: int, is_so: Callable[[OutgoingCall], bool]) -> None:
        wait_for(lambda: is_so(self.row(order_id)), 10, f"it is {self.row(order_id).state}")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("records"))


@pytest.fixture
def desk(exchange: LiveExchange, furnished: Path) -> Iterator[Desk]:
    settings = WebSettings(data_dir=furnished, secret_key=SECRET, redis_url="unix:///nobody.sock", _env_file=None)
    database = open_database(settings)
    desk = Desk(exchange, database)
    desk.session.start()
    wait_for(lambda: desk.session.link.up, 5, "the link")
    yield desk
    with database.transaction() as session:  # the next test begins with nothing live
        calls.reconcile(session, [], datetime.now(UTC))
        session.execute(update(OutgoingCall).values(requested_at=datetime.now(UTC) - timedelta(hours=1)))
    desk.session.stop()
    database.dispose()


def test_from_the_click_to_the_record(desk: Desk, phone: DeskPhone) -> None:
    order = desk.click(NUMBERS["answers"])
    desk.carry_out()
    desk.carry_out()  # a second look finds nothing left to do
    phone.wait_ringing()
    desk.wait(order, lambda row: row.state == OrderState.RINGING_OPERATOR)
    phone.answer()
    desk.wait(order, lambda row: row.state == OrderState.TALKING)
    call = desk.call(order)
    assert (call.state, call.direction, call.legs[0].state) == (CallState.TALKING, "outbound", "talking")
    phone.hang_up()
    desk.wait(order, lambda row: row.result == Result.ANSWERED)
    assert desk.call(order).disposition == "answered"
    assert len(phone.invites) == 1


def test_hanging_up_from_the_page_ends_both_sides(exchange: LiveExchange, desk: Desk, phone: DeskPhone) -> None:
    order = desk.click(NUMBERS["answers"])
    desk.carry_out()
    phone.wait_ringing()
    phone.answer()
    desk.wait(order, lambda row: row.state == OrderState.TALKING)
    with desk.database.transaction() as session:
        asking.hang_up(session, order, by_login(session, "lavrova"), datetime.now(UTC))  # type: ignore[arg-type]
    desk.carry_out()
    desk.wait(order, lambda row: not row.live)
    eventually_idle(phone)
    wait_for(lambda: not exchange.channels(), 5, "both sides to be gone")
    assert desk.row(order).hangup_done_at is not None


def test_a_link_that_was_lost_in_the_talk_finds_it_again(desk: Desk, phone: DeskPhone) -> None:
    order = desk.click(NUMBERS["answers"])
    desk.carry_out()
    phone.wait_ringing()
    phone.answer()
    desk.wait(order, lambda row: row.state == OrderState.TALKING)
    desk.session.manager.close("a test cuts the link")
    wait_for(lambda: not desk.session.link.up, 5)
    wait_for(lambda: desk.session.link.up, 10, "the link again")
    assert desk.row(order).live
    assert desk.call(order).state == CallState.TALKING
    phone.hang_up()
    desk.wait(order, lambda row: row.result == Result.ANSWERED)


def test_an_order_without_an_answer_is_not_sent_again(
    desk: Desk, phone: DeskPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asterisk was told and is silent: it rings, so the words say what nobody answered."""
    send = desk.session.send

    def silent(action: Any, timeout: float = 5.0) -> Message:
        send(action, timeout)
        raise AmiTimeout("no answer")

    order = desk.click(NUMBERS["busy"])
    monkeypatch.setattr(desk.session, "send", silent)
    desk.carry_out()
    monkeypatch.setattr(desk.session, "send", send)
    desk.carry_out()
    phone.wait_ringing()
    phone.answer()
    desk.wait(order, lambda row: row.result == Result.BUSY)
    assert len(phone.invites) == 1
