"""A talk that an operator made herself is like any other: connected with a specialist, brought back to a refreshed
page, recorded where talks are recorded. Real exchange, our recorder and clerks; whoever was called never hears nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select

from callflow.outgoing import OrderState, Result
from crm.call_tables import CallRecord
from crm.missed.tables import MissedCall, MissedContact
from crm.outgoing import asking
from crm.outgoing.tables import OutgoingCall
from telephony.config.plan import TownPartyPlan
from tests.support import transfer_office
from tests.support.exchange import LiveExchange
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.transfer_office import BUSY_TOWNSMAN, TOWNSMAN, TransferOffice, exchange
from tests.support.wait import wait_for
from workers import outgoing, transfers
from workers.orders import Counter

FRIEND = "+79070009103"


@pytest.fixture(scope="module")
def running() -> Iterator[LiveExchange]:
    with exchange() as started:
        echoing_town(started)
        yield started


def echoing_town(exchange: LiveExchange) -> None:
    """Townspeople who echo what they hear, for as long as it takes: `TOWNSMAN` and `FRIEND`."""
    town = [line for number in (TOWNSMAN, FRIEND) for line in (f"exten => {number},1,Answer(0)", " same => n,Echo()")]
    exchange.apply(town=(TownPartyPlan(number=BUSY_TOWNSMAN, behaviour="busy"),))
    lines = ["", "[town](+)", *town, ""]
    with (exchange.plan.config_dir / "extensions.conf").open("a") as file:
        file.write("\n".join(lines))
    exchange.console("dialplan reload")


@pytest.fixture
def order(office: TransferOffice, lavrova: DeskPhone) -> int:
    """She has called a townsman, and they talk."""
    return called(office, lavrova)


def counter(office: TransferOffice) -> Counter:
    settings = SimpleNamespace(mode="demo")
    return Counter(cast(Any, settings), office.database, office.session, cast(Any, office.feed))


def called(office: TransferOffice, lavrova: DeskPhone, number: str = TOWNSMAN) -> int:
    with office.database.transaction() as session:
        employee = office.employee(session, "lavrova")
        made = asking.ask(session, employee, number=number, person_id=0, at=datetime.now(UTC)).id
    outgoing.carry_out(counter(office))
    lavrova.wait_ringing()
    lavrova.answer()
    wait_for(lambda: row(office, made).state == OrderState.TALKING, 10, "the talk in the records")
    hears(lavrova)
    return made


def row(office: TransferOffice, order: int) -> OutgoingCall:
    with office.reading() as session:
        return session.get_one(OutgoingCall, order)


def call_of(office: TransferOffice, order: int) -> CallRecord:
    with office.reading() as session:
        return session.get_one(CallRecord, row(office, order).call_id)


hears = partial(transfer_office.hears, seconds=10)


def over(office: TransferOffice, order: int) -> None:
    wait_for(lambda: not office.running.channels(), 15, f"channels to end: {office.running.channels()}")
    wait_for(lambda: call_of(office, order).state == "ended", 10, "the call to be closed in the records")


def test_the_family_is_sent_to_the_specialist_at_once(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, order: int
) -> None:
    transfer = office.ask("blind")
    smirnova.wait_ringing()
    eventually_idle(lavrova)
    smirnova.answer()
    office.wait_state(transfer, "completed")
    hears(smirnova)
    wait_for(lambda: office.talks("smirnova"), 5, "the talk to be hers in the records")
    wait_for(lambda: office.presence("lavrova") == "wrapup", 5)
    assert (row(office, order).live, row(office, order).result) == (False, Result.ANSWERED), "she may call again"
    assert call_of(office, order).ended_at is None
    smirnova.hang_up()
    over(office, order)
    assert call_of(office, order).disposition == "answered"


def test_she_asks_the_specialist_and_connects(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, order: int
) -> None:
    transfer = office.ask("attended")
    smirnova.wait_ringing()
    smirnova.answer()
    office.wait_state(transfer, "consulting")
    hears(lavrova, smirnova)
    assert office.talks("lavrova")
    office.wish(transfer, "complete")
    eventually_idle(lavrova)
    office.wait_state(transfer, "completed")
    hears(smirnova)
    smirnova.hang_up()
    over(office, order)


def test_a_specialist_who_does_not_come_gives_the_family_back(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, order: int
) -> None:
    transfer = office.ask("attended")
    smirnova.wait_ringing()
    smirnova.reject()
    assert office.wait_state(transfer, "returned").reason == "busy"
    hears(lavrova)
    assert office.talks("lavrova")
    lavrova.hang_up()
    over(office, order)
    assert office.presence("lavrova") == "wrapup"


def test_nobody_takes_it_and_the_family_comes_home_to_her(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, order: int
) -> None:
    transfer = office.ask("blind")
    smirnova.wait_ringing()
    eventually_idle(lavrova)
    smirnova.reject()
    assert office.wait_state(transfer, "returned").reason == "busy"
    lavrova.wait_ringing(15)
    lavrova.answer()
    hears(lavrova)
    wait_for(lambda: office.talks("lavrova"), 5, "the records to give her the family back")
    lavrova.hang_up()
    over(office, order)


def test_to_a_number_in_town_which_is_not_taken_for_the_family(
    office: TransferOffice, lavrova: DeskPhone, order: int
) -> None:
    transfer = office.ask("attended", None, number=BUSY_TOWNSMAN)
    assert office.wait_state(transfer, "returned").reason == "busy"
    hears(lavrova)
    transfer = office.ask("conference", None, number=FRIEND)
    office.wait_state(transfer, "consulting", 15)
    transfers.carry_out(office.counter)
    office.wait_state(transfer, "joined", 15)
    hears(lavrova)
    office.wish(transfer, "back")
    office.wait_state(transfer, "returned")
    assert call_of(office, order).ended_at is None
    hears(lavrova)
    lavrova.hang_up()
    over(office, order)


@pytest.mark.parametrize("step", ["ringing", "consulting"])
def test_the_family_hangs_up_and_nobody_is_left(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, order: int, step: str
) -> None:
    transfer = office.ask("attended")
    smirnova.wait_ringing()
    if step == "consulting":
        smirnova.answer()
        office.wait_state(transfer, "consulting")
    town_hangs_up(office)
    over(office, order)
    eventually_idle(lavrova)
    eventually_idle(smirnova)
    assert office.transfer(transfer).state == "gone"


def test_a_vanished_telephone_gets_the_family_back(office: TransferOffice, lavrova: DeskPhone, order: int) -> None:
    lavrova.vanish()
    with DeskPhone(office.running.plan.desk_bind, "101") as again:
        invite = again.wait_ringing(20)
        assert invite.headers["sd-return"] == "1", "a page would take it by itself"
        again.answer()
        hears(again)
        wait_for(lambda: office.talks("lavrova"), 5, "the talk to be hers again")
        assert row(office, order).live
        again.hang_up()
        over(office, order)
    assert row(office, order).result == Result.ANSWERED
    assert office.presence("lavrova") == "wrapup"
    assert len(office.entries()) == 1


def test_she_does_not_come_back_and_a_colleague_gets_the_family(
    office: TransferOffice, lavrova: DeskPhone, order: int
) -> None:
    with DeskPhone(office.running.plan.desk_bind, "102") as zayac:
        lavrova.vanish()
        zayac.wait_ringing(30)
        zayac.answer()
        hears(zayac)
        wait_for(lambda: office.talks("zayac"), 5, "the records to know")
        assert not row(office, order).live
        zayac.hang_up()
        over(office, order)


def test_a_family_that_gives_up_meanwhile_is_called_back(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, order: int
) -> None:
    transfer = office.ask("blind")
    smirnova.wait_ringing()
    office.wait_state(transfer, "ringing")
    town_hangs_up(office)
    over(office, order)
    with office.reading() as session:
        [owed] = session.scalars(select(MissedCall).where(MissedCall.number == TOWNSMAN))
        reasons = session.scalars(select(MissedContact.reason).where(MissedContact.missed_id == owed.id)).all()
    assert (owed.closed_at, reasons) == (None, ["transfer"])


def test_the_listener_finds_all_of_it_again(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, order: int
) -> None:
    """The same after our processes were away: who talks is what the exchange shows."""
    transfer = office.ask("blind")
    smirnova.wait_ringing()
    office.die()
    smirnova.answer()
    hears(smirnova)
    office.live()
    wait_for(lambda: office.talks("smirnova"), 10, "the snapshot to tell who has the family")
    assert not office.talks("lavrova")
    assert transfer
    smirnova.hang_up()
    over(office, order)


def town_hangs_up(office: TransferOffice) -> None:
    """The townsman's own side of the trunk."""
    name = next(name for name in office.running.channels() if name.startswith("PJSIP/town"))
    office.running.console(f"channel request hangup {name}")
