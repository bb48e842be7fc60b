"""The clerk of transfers when the exchange does not answer him: whatever is not done is said on the operator's page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from callflow.transfer import Reason, State
from crm.db import Database
from crm.transfers import asking
from crm.transfers.tables import Transfer
from telephony.link import AmiTimeout
from telephony.snapshot import ChannelNow
from tests.integration.crm import scenario as s
from workers import transfers


class Desk:
    """The clerk's tools: a feed that keeps the notices, and an exchange that shows `channels`, or nothing at all."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database, self.notices, self.sent = database, [], []
        self.channels: tuple[ChannelNow, ...] | None = ()
        self.feed = SimpleNamespace(publish=self.notices.extend)
        self.exchange = SimpleNamespace(send=self.sent.append)
        monkeypatch.setattr(transfers, "channels_now", self.channels_now)

    def channels_now(self, _asker: object, _call: str = "") -> tuple[ChannelNow, ...]:
        if self.channels is None:
            raise AmiTimeout("no answer")
        return self.channels

    def ask(self, since: timedelta = timedelta(0)) -> int:
        with self.database.transaction() as session:
            call = s.play(session, s.whole_talk()[:5])
            anna, to = s.employee(session, "lavrova"), s.employee(session, "smirnova")
            at = datetime.now(UTC) - since
            return asking.ask(session, call.id, anna, kind="attended", to_employee_id=to.id, at=at).id

    def carry_out(self) -> None:
        counter: Any = self
        transfers.carry_out(counter)

    def row(self, transfer_id: int) -> Transfer:
        with self.database.reading() as session:
            return session.get_one(Transfer, transfer_id)

    @property
    def told(self) -> set[int | None]:
        return {notice.employee_id for notice in self.notices}


@pytest.fixture
def desk(town: Database, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(town, monkeypatch)


def failed(desk: Desk, transfer_id: int) -> None:
    row = desk.row(transfer_id)
    assert (row.state, row.reason) == (State.FAILED, Reason.UNREACHABLE)
    assert row.asked_by_id in desk.told
    assert desk.sent == []


def test_an_order_that_comes_too_late_is_over_and_her_page_is_told(desk: Desk) -> None:
    late = desk.ask(since=timedelta(minutes=1))
    desk.carry_out()
    failed(desk, late)


def test_an_exchange_that_does_not_say_what_there_is_leaves_no_order_as_if_it_were_under_way(desk: Desk) -> None:
    order = desk.ask()
    desk.channels = None
    with pytest.raises(AmiTimeout):
        desk.carry_out()
    failed(desk, order)


def channel(context: str, linkedid: str) -> ChannelNow:
    return ChannelNow(
        channel="PJSIP/trunk-00000001", uniqueid=linkedid, linkedid=linkedid, state="Up", context=context, exten="",
        caller_number="", caller_name="", connected_number="", application="", application_data="", duration=9,
        bridge="",
    )  # fmt: skip


@pytest.mark.parametrize(("context", "state"), [("sd-inbound", State.FAILED), ("sd-transfer", State.SENT)])
def test_an_order_of_a_clerk_who_was_killed_is_given_up_unless_it_goes_on(
    desk: Desk, context: str, state: State
) -> None:
    order = desk.ask()
    with desk.database.transaction() as session:
        sent = {"state": State.SENT.value, "sent_at": datetime.now(UTC) - timedelta(minutes=1)}
        session.execute(update(Transfer).values(**sent))
    desk.channels = (channel(context, "1.1"),)
    desk.carry_out()
    assert desk.row(order).state == state
    assert bool(desk.told) == (state is State.FAILED)
