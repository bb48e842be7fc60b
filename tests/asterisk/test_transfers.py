"""A caller is connected with a specialist: by desk telephones and SIPp, on the real exchange, with our recorder and
clerk. Whoever hangs up, and whenever: nobody is lost, and the records say who has the caller."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.missed.rules import Reason
from crm.missed.tables import MissedCall, MissedContact
from crm.transfers import participants
from tests.support.exchange import LiveExchange
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.sipp import Call, SippCaller
from tests.support.transfer_office import BUSY_TOWNSMAN, DID, TOWNSMAN, TransferOffice, exchange, hears, hung_up
from tests.support.wait import wait_for
from workers import transfers


@pytest.fixture(scope="module")
def running() -> Iterator[LiveExchange]:
    with exchange() as started:
        yield started


@pytest.fixture
def caller(office: TransferOffice, lavrova: DeskPhone, tmp_path: Path) -> Iterator[SippCaller]:
    """Somebody who talks with Lavrova, and echoes what he hears."""
    story = Call(to=DID, media=False, echo=True, patience_ms=60_000)
    with SippCaller(tmp_path / "caller", office.running.plan.trunk_bind, story) as calling:
        lavrova.wait_ringing()
        lavrova.answer()
        hears(lavrova)
        wait_for(lambda: office.talks("lavrova"), 5, "the records to know of the talk")
        yield calling


def consulting(office: TransferOffice, smirnova: DeskPhone, kind: str = "attended") -> int:
    transfer = office.ask(kind)
    smirnova.wait_ringing()
    smirnova.answer()
    return transfer


def test_the_operator_asks_and_connects_by_the_button(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller
) -> None:
    transfer = consulting(office, smirnova)
    office.wait_state(transfer, "consulting")
    hears(lavrova, smirnova)
    assert office.talks("lavrova")
    assert office.presence("lavrova") == "ready", "her talk has not ended"
    office.wish(transfer, "complete")
    eventually_idle(lavrova)
    office.wait_state(transfer, "completed")
    wait_for(lambda: office.talks("smirnova"), 3, "the specialist's call to be on her screen")
    assert not office.talks("lavrova")
    assert office.presence("lavrova") == "wrapup"
    assert office.call().identity_level == 1
    hears(smirnova)
    smirnova.hang_up()
    assert caller.finish() == 0, caller.errors()
    hung_up(office)
    [entry] = office.entries()
    with office.reading() as session:
        people = participants.of_call(session, entry.call_id)
    assert [(one.name.split()[0], one.talked) for one in people] == [("Лаврова", True), ("Смирнова", True)]


def test_who_hangs_up_before_the_promised_specialist_takes_it_is_called_back(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller
) -> None:
    transfer = office.ask("blind")
    smirnova.wait_ringing()
    office.wait_state(transfer, "ringing")
    office.running.console(f"channel request hangup {trunk_of(office)}")
    hung_up(office)
    eventually_idle(smirnova)
    assert office.call().disposition == "answered"
    call_id = office.call().id
    with office.reading() as session:
        [contact] = session.scalars(select(MissedContact).where(MissedContact.call_id == call_id))
        row = session.get_one(MissedCall, contact.missed_id)
    assert (contact.reason, row.closed_at) == (Reason.TRANSFER, None)
    with SippCaller(caller.folder.parent / "again", office.running.plan.trunk_bind, Call(to=DID)) as again:
        lavrova.wait_ringing()
        lavrova.answer()
        wait_for(lambda: closed(office, row.id) == "talk", 10, "the talk to close the row")
        lavrova.hang_up()
        assert again.finish() == 0


def trunk_of(office: TransferOffice) -> str:
    return next(name for name in office.running.channels() if name.startswith("PJSIP/trunk"))


def closed(office: TransferOffice, missed_id: int) -> str | None:
    with office.reading() as session:
        return session.get_one(MissedCall, missed_id).closed_how


def test_the_operator_connects_by_hanging_up(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller
) -> None:
    transfer = consulting(office, smirnova)
    office.wait_state(transfer, "consulting")
    lavrova.hang_up()
    office.wait_state(transfer, "completed")
    hears(smirnova)
    wait_for(lambda: office.presence("lavrova") == "wrapup", 3)
    smirnova.hang_up()
    assert caller.finish() == 0, caller.errors()


@pytest.mark.parametrize(
    ("refuses", "reason"),
    [("busy", "busy"), ("silent", "no_answer"), ("later", "later"), ("note", "note"), ("takes back", "taken_back")],
)
def test_a_specialist_who_does_not_come_gives_the_caller_back_with_a_word(  # noqa: PLR0917 - fixtures
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller, refuses: str, reason: str
) -> None:
    transfer = office.ask("attended")
    smirnova.wait_ringing()
    office.wait_state(transfer, "ringing")
    if refuses == "busy":
        smirnova.reject()
    elif refuses == "later":
        office.packet(transfer, "later")
    elif refuses == "note":
        office.packet(transfer, "note")
    elif refuses == "takes back":
        office.wish(transfer, "back")
    assert office.wait_state(transfer, "returned").reason == reason
    eventually_idle(smirnova)
    hears(lavrova)
    assert office.talks("lavrova")
    assert office.presence("lavrova") == "ready"
    lavrova.hang_up()
    assert caller.finish() == 0, caller.errors()
    hung_up(office)
    assert office.presence("lavrova") == "wrapup"


def test_an_operator_who_changes_her_mind_at_once_is_with_the_caller_again(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller
) -> None:
    transfer = office.ask("attended")
    office.wish(transfer, "back")
    wait_for(lambda: transfers.carry_out(office.counter) or office.transfer(transfer).state == "returned", 5)
    assert office.transfer(transfer).reason == "taken_back"
    eventually_idle(smirnova)
    hears(lavrova)


def test_a_specialist_without_a_telephone_is_no_silence(
    office: TransferOffice, lavrova: DeskPhone, caller: SippCaller
) -> None:
    transfer = office.ask("attended")
    assert office.wait_state(transfer, "returned").reason == "no_phone"
    hears(lavrova)


@pytest.mark.parametrize("way", ["hangs up", "is sent away"])
def test_after_the_consultation_the_caller_is_the_operators_again(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller, way: str
) -> None:
    transfer = consulting(office, smirnova)
    office.wait_state(transfer, "consulting")
    if way == "hangs up":
        smirnova.hang_up()
    else:
        office.wish(transfer, "back")
    office.wait_state(transfer, "returned")
    eventually_idle(smirnova)
    hears(lavrova)
    with office.reading() as session:
        people = participants.of_call(session, office.call().id)
    assert [one.talked for one in people] == [True, False]
    # And once more: a caller can be connected as often as it takes.
    again = consulting(office, smirnova)
    office.wait_state(again, "consulting")
    lavrova.hang_up()
    office.wait_state(again, "completed")
    hears(smirnova)


@pytest.mark.parametrize("leaves_first", ["operator", "specialist", "caller"])
@pytest.mark.parametrize("kind", ["attended", "conference"])
def test_three_together(  # noqa: PLR0917 - fixtures
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller, leaves_first: str, kind: str
) -> None:
    transfer = consulting(office, smirnova, kind)
    if kind == "attended":
        office.wait_state(transfer, "consulting")
        office.wish(transfer, "join")
    else:
        wait_for(lambda: transfers.carry_out(office.counter) or office.transfer(transfer).state == "joined", 5)
    office.wait_state(transfer, "joined")
    hears(lavrova, smirnova)
    assert office.talks("lavrova")
    if leaves_first == "operator":
        lavrova.hang_up()
        office.wait_state(transfer, "completed")
        wait_for(lambda: office.talks("smirnova"), 3)
        hears(smirnova)
        smirnova.hang_up()
        assert caller.finish() == 0, caller.errors()
    elif leaves_first == "specialist":
        smirnova.hang_up()
        office.wait_state(transfer, "returned")
        hears(lavrova)
        assert office.talks("lavrova")
        lavrova.hang_up()
        assert caller.finish() == 0, caller.errors()
    else:
        office.running.console(f"channel request hangup {_trunk(office)}")
        eventually_idle(lavrova)
        eventually_idle(smirnova)
        office.wait_state(transfer, "gone")
    hung_up(office)
    assert office.presence("lavrova") == "wrapup"


@pytest.mark.parametrize("step", ["ringing", "consulting"])
def test_a_caller_who_hangs_up_releases_everybody(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller, step: str
) -> None:
    transfer = office.ask("attended")
    smirnova.wait_ringing()
    if step == "consulting":
        smirnova.answer()
    office.wait_state(transfer, step)
    office.running.console(f"channel request hangup {_trunk(office)}")
    eventually_idle(lavrova)
    eventually_idle(smirnova)
    office.wait_state(transfer, "gone")
    hung_up(office)
    assert office.presence("lavrova") == "wrapup"


def test_an_operator_who_hangs_up_too_early_gets_the_caller_back(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller
) -> None:
    transfer = office.ask("attended")
    smirnova.wait_ringing()
    office.wait_state(transfer, "ringing")
    lavrova.hang_up()
    eventually_idle(smirnova)
    invite = lavrova.wait_ringing()
    assert "sd-return" not in invite.headers, "her page must not answer by itself"
    assert office.wait_state(transfer, "returned").reason == "operator_left"
    lavrova.answer()
    hears(lavrova)
    wait_for(lambda: office.talks("lavrova"), 3)
    assert office.presence("lavrova") == "ready"


def test_an_operator_whose_telephone_vanishes_comes_back_into_the_consultation(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller
) -> None:
    transfer = consulting(office, smirnova)
    office.wait_state(transfer, "consulting")
    lavrova.vanish()
    with DeskPhone(office.running.plan.desk_bind, "101") as returned:
        invite = returned.wait_ringing(20)
        assert invite.headers["sd-return"] == "1"
        returned.answer()
        hears(returned, smirnova)
        assert office.transfer(transfer).state == "consulting"
        assert office.talks("lavrova")
        assert office.presence("lavrova") == "ready"
        office.wish(transfer, "join")
        office.wait_state(transfer, "joined")
        hears(returned, smirnova)
        returned.hang_up()
        office.wait_state(transfer, "completed")
        hears(smirnova)


@pytest.mark.parametrize(("phone_says", "reason"), [("answers", ""), ("busy", "busy"), ("silent", "no_answer")])
def test_a_blind_transfer(  # noqa: PLR0917 - fixtures
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller, phone_says: str, reason: str
) -> None:
    transfer = office.ask("blind")
    smirnova.wait_ringing()
    eventually_idle(lavrova)
    wait_for(lambda: office.presence("lavrova") == "wrapup", 3, "her talk to be over")
    if phone_says == "answers":
        smirnova.answer()
        office.wait_state(transfer, "completed")
        wait_for(lambda: office.talks("smirnova"), 3)
        hears(smirnova)
        smirnova.hang_up()
        assert caller.finish() == 0, caller.errors()
        hung_up(office)
        return
    if phone_says == "busy":
        smirnova.reject()
    assert office.wait_state(transfer, "returned").reason == reason
    assert "sd-return" not in lavrova.wait_ringing().headers, "her page must not answer by itself"
    lavrova.answer()
    hears(lavrova)
    wait_for(lambda: office.talks("lavrova") and office.presence("lavrova") == "ready", 3, "the call to be hers again")
    lavrova.hang_up()
    assert caller.finish() == 0, caller.errors()
    hung_up(office)
    assert len(office.entries()) == 1


@pytest.mark.parametrize("phone_says", ["answers", "busy"])
def test_the_transfer_key_of_the_telephone_itself(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller, phone_says: str
) -> None:
    assert lavrova.refer("201") == 202
    smirnova.wait_ringing()
    if lavrova.state == "talking":
        lavrova.hang_up()  # as every telephone does as soon as it is told that the other one rings
    [transfer] = office.transfers()
    assert (transfer.kind, transfer.to_extension, transfer.from_extension) == ("blind", "201", "101")
    if phone_says == "answers":
        smirnova.answer()
        office.wait_state(transfer.id, "completed")
        hears(smirnova)
        return
    smirnova.reject()
    office.wait_state(transfer.id, "returned")
    assert "sd-return" not in lavrova.wait_ringing().headers, "her page must not answer by itself"
    lavrova.answer()
    hears(lavrova)


@pytest.mark.parametrize("number", ["+79070009101", "999", "112"])
def test_the_transfer_key_leads_to_our_extensions_only(
    office: TransferOffice, lavrova: DeskPhone, caller: SippCaller, number: str
) -> None:
    lavrova.refer(number)
    hears(lavrova)
    assert office.transfers() == []


@pytest.mark.parametrize("kind", ["attended", "blind"])
def test_to_a_number_in_town(office: TransferOffice, lavrova: DeskPhone, caller: SippCaller, kind: str) -> None:
    transfer = office.ask(kind, None, number=TOWNSMAN)
    if kind == "attended":
        office.wait_state(transfer, "consulting")
        hears(lavrova)
        lavrova.hang_up()
    office.wait_state(transfer, "completed")
    assert not office.talks("lavrova")
    wait_for(lambda: office.presence("lavrova") == "wrapup", 3)
    assert office.call().state == "talking"
    with office.reading() as session:
        assert participants.of_call(session, office.call().id)[-1].name == TOWNSMAN


def test_a_busy_number_in_town_gives_the_caller_back(
    office: TransferOffice, lavrova: DeskPhone, caller: SippCaller
) -> None:
    transfer = office.ask("attended", None, number=BUSY_TOWNSMAN)
    assert office.wait_state(transfer, "returned").reason == "busy"
    hears(lavrova)


@pytest.mark.parametrize("ends", ["operator", "specialist"])
def test_with_our_programs_dead_the_caller_is_not_lost(
    office: TransferOffice, lavrova: DeskPhone, smirnova: DeskPhone, caller: SippCaller, ends: str
) -> None:
    transfer = consulting(office, smirnova)
    office.wait_state(transfer, "consulting")
    office.die()
    if ends == "operator":
        lavrova.hang_up()
        hears(smirnova)
        office.live()
        wait_for(lambda: office.talks("smirnova"), 5, "the records to catch up")
        office.wait_state(transfer, "completed")
        assert office.presence("lavrova") == "wrapup"
    else:
        smirnova.hang_up()
        hears(lavrova)
        office.live()
        office.wait_state(transfer, "returned")
        assert office.talks("lavrova")
        assert office.presence("lavrova") == "ready"


def _trunk(office: TransferOffice) -> str:
    """The caller's own channel."""
    call = office.call().linkedid
    for line in office.running.console("core show channels concise").splitlines():
        if line.startswith("PJSIP/trunk") and line.endswith(f"!{call}"):
            return line.split("!")[0]
    raise AssertionError("no caller")
