"""A desk telephone cannot put two talks together by itself; and a rescued caller is connected as any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.transfers import participants
from tests.support.exchange import DESK_SECRET, LiveExchange
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.sipp import Call, SippCaller
from tests.support.transfer_office import DID, TransferOffice, exchange, hears, hung_up
from tests.support.wait import wait_for

BUSY = 486


@pytest.fixture(scope="module")
def running() -> Iterator[LiveExchange]:
    with exchange() as started:
        started.apply(rescue_seconds=4)
        yield started


@pytest.fixture
def second_line(running: LiveExchange) -> Iterator[DeskPhone]:
    """The other call of the same telephone."""
    phone = DeskPhone.unregistered(running.plan.desk_bind, "101", secret=DESK_SECRET)
    yield phone
    phone.vanish()


def people(office: TransferOffice) -> list[tuple[str, bool]]:
    """Who took part in the one contact, and who of them talked with the caller."""
    (entry,) = office.entries()
    with office.reading() as session:
        return [(one.name.split()[0], one.talked) for one in participants.of_call(session, entry.call_id)]


@pytest.mark.parametrize("beside", ["a caller", "a colleague"])
def test_a_second_call_of_the_same_telephone_is_refused_and_the_talk_goes_on(  # noqa: PLR0917 - fixtures
    office: TransferOffice, lavrova: DeskPhone, second_line: DeskPhone, smirnova: DeskPhone, tmp_path: Path, beside: str
) -> None:
    """So there is nothing that its transfer key could put together (REFER with Replaces, RFC 5589)."""
    if beside == "a caller":
        story = Call(to=DID, media=False, echo=True, patience_ms=60_000)
        with SippCaller(tmp_path / "caller", office.running.plan.trunk_bind, story) as caller:
            lavrova.wait_ringing()
            lavrova.answer()
            hears(lavrova)
            assert second_line.dial("201") == BUSY
            assert smirnova.invites == []
            hears(lavrova)
            lavrova.hang_up()
            assert caller.finish() == 0, caller.errors()
    else:
        with DeskPhone(office.running.plan.desk_bind, "102", answers=True) as zayac:
            office.running.wait_available("102")
            assert lavrova.dial("102") == 200
            hears(lavrova, zayac)
            assert second_line.dial("201") == BUSY
            hears(lavrova, zayac)
            lavrova.hang_up()
    wait_for(lambda: not office.running.channels(), 8)
    smirnova.answers = True
    assert lavrova.dial("201") == 200, "with the first call over, she may"
    hears(lavrova, smirnova)
    lavrova.hang_up()


@pytest.mark.parametrize("end", ["completes", "comes back"])
def test_a_rescued_caller_is_connected_when_our_software_is_back(
    running: LiveExchange, lavrova: DeskPhone, smirnova: DeskPhone, tmp_path: Path, end: str
) -> None:
    """No lookup, nobody ready, nobody listening: the rescue rings. Then our software comes back, and finds the talk."""
    office = TransferOffice(running, tmp_path)
    office.die()
    running.console("queue pause member Local/101@sd-operator")
    story = Call(to=DID, media=False, echo=True, patience_ms=60_000)
    try:
        with SippCaller(tmp_path / "caller", running.plan.trunk_bind, story) as caller:
            lavrova.wait_ringing(20)
            lavrova.answer()
            hears(lavrova)
            office.live()
            wait_for(lambda: office.talks("lavrova"), 10, "the records to find the talk")
            transfer = office.ask("attended")
            smirnova.wait_ringing()
            smirnova.answer()
            office.wait_state(transfer, "consulting")
            hears(lavrova, smirnova)
            if end == "completes":
                office.wish(transfer, "complete")
                eventually_idle(lavrova)
                office.wait_state(transfer, "completed")
                hears(smirnova)
                wait_for(lambda: office.talks("smirnova"), 5)
                smirnova.hang_up()
            else:
                smirnova.hang_up()
                office.wait_state(transfer, "returned")
                hears(lavrova)
                assert office.talks("lavrova")
                lavrova.hang_up()
            assert caller.finish() == 0, caller.errors()
            hung_up(office)
        wait_for(office.entries, 5, "the journal row")
        assert people(office) == [("Лаврова", True), ("Смирнова", end == "completes")]
    finally:
        running.console("queue unpause member Local/101@sd-operator")
        office.close()
        running.reset()
