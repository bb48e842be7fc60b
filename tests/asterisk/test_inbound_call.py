"""A call from outside reaches an operator's phone, whatever state our own programs are in."""

import time

from tests.asterisk.conftest import Calling
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, LiveExchange
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.wait import wait_for


def test_a_call_to_our_number_rings_is_answered_and_carries_sound(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    caller = call(hold_ms=1500)
    invite = phone.wait_ringing()
    phone.answer()
    assert caller.finish() == 0, caller.errors()
    eventually_idle(phone)
    assert phone.ended_by == "BYE"
    assert phone.loud_packets > 30
    assert "<sip:+79070000101@" in invite.headers["from"]
    complete = tap.wait_event("AgentComplete")
    assert complete["Reason"] == "caller"
    assert complete["MemberName"] == "101"


def test_the_phone_rings_a_few_milliseconds_after_the_invite(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    call(hold_ms=200)
    phone.wait_ringing()
    began = tap.wait_event("Newchannel", Context="from-trunk")
    called = tap.wait_event("AgentCalled")
    assert float(called["Timestamp"]) - float(began["Timestamp"]) < 0.1
    phone.answer()


def test_the_caller_is_not_answered_before_an_operator_is(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    caller = call(cancel_ms=500)
    phone.wait_ringing()
    assert "Up" not in exchange.console("core show channels concise").split("!Queue!")[0].split("PJSIP/trunk")[-1]
    assert caller.finish() == 0, caller.errors()


def test_our_listener_hears_at_most_twenty_events_of_a_call(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    tap.forget()
    caller = call(hold_ms=300)
    phone.wait_ringing()
    phone.answer()
    assert caller.finish() == 0
    tap.wait_event("Hangup")
    wait_for(lambda: not exchange.channels(), 5)
    names = [event["Event"] for event in tap.events()]
    assert len(names) <= 20, names
    assert not [event for event in tap.events("Newchannel", "Hangup") if event["Channel"].startswith("Local/")]


def test_a_dead_agi_server_does_not_delay_the_ringing(exchange: LiveExchange, phone: DeskPhone, call: Calling) -> None:
    started = time.monotonic()
    caller = call(hold_ms=200)
    phone.wait_ringing()
    assert phone.ringing_since[0] - started < 0.7
    phone.answer()
    assert caller.finish() == 0


def test_a_stopped_agi_server_delays_the_ringing_by_two_seconds_at_most(
    exchange: LiveExchange, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    agi.stop()
    started = time.monotonic()
    caller = call(hold_ms=200)
    phone.wait_ringing()
    assert 1.5 < phone.ringing_since[0] - started < 2.7
    phone.answer()
    assert caller.finish() == 0
    # The lookup leg is gone although the server is still stopped.
    wait_for(lambda: not exchange.channels(), 5, "the lookup leg to end")


def test_an_agi_server_killed_in_mid_lookup_does_not_count_as_alive(
    exchange: LiveExchange, phone: DeskPhone, call: Calling, tmp_path: object
) -> None:
    with AgiStub(exchange.plan.agi, exchange.folder, "stalls") as stub:
        caller = call(hold_ms=200)
        wait_for(lambda: "stalled" in stub.lines(), 5)
        stub.kill()
        phone.wait_ringing(2.0)
        channel = next(name for name in exchange.channels() if name.startswith("PJSIP/trunk"))
        assert "SD_OK=1" not in exchange.console(f"core show channel {channel}")
        phone.answer()
        assert caller.finish() == 0


def test_a_call_nobody_takes_moves_to_the_second_operator(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, second_phone: DeskPhone, call: Calling
) -> None:
    caller = call(hold_ms=300)
    phone.wait_ringing()
    assert second_phone.state == "idle"
    second_phone.wait_ringing(8)
    assert phone.state == "idle"
    assert phone.ended_by == "CANCEL"
    second_phone.answer()
    assert caller.finish() == 0
    assert tap.wait_event("AgentRingNoAnswer")["MemberName"] == "101"
    assert tap.wait_event("AgentConnect")["MemberName"] == "102"


def test_a_busy_operator_is_not_rung_again(
    exchange: LiveExchange, agi: AgiStub, phone: DeskPhone, second_phone: DeskPhone, call: Calling
) -> None:
    call(hold_ms=5000)
    phone.wait_ringing()
    phone.answer()
    wait_for(lambda: "(In use)" in exchange.console("queue show"), 3)
    call(hold_ms=100)
    second_phone.wait_ringing()
    assert len(phone.invites) == 1
    second_phone.answer()


def test_a_caller_who_gives_up_leaves_nothing_ringing(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    caller = call(cancel_ms=300)
    phone.wait_rung()
    assert caller.finish() == 0, caller.errors()
    eventually_idle(phone)
    assert phone.ended_by == "CANCEL"
    tap.wait_event("QueueCallerAbandon")
    wait_for(lambda: not exchange.channels(), 5)


def test_a_normal_hang_up_by_the_operator_ends_the_call(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    caller = call()
    phone.wait_ringing()
    phone.answer()
    wait_for(lambda: phone.loud_packets > 5, 5, "sound")
    phone.hang_up()
    assert caller.finish(5) == 0, caller.errors()
    wait_for(lambda: not exchange.channels(), 5)
    assert len(phone.invites) == 1
    assert tap.wait_event("AgentComplete")["Reason"] == "agent"
    assert {event["UserEvent"] for event in tap.events("UserEvent")} == {"SDCaller"}, "no return"


def test_only_exact_numbers_are_ours(exchange: LiveExchange, firehose: AmiTap, call: Calling) -> None:
    for wrong in (f"{DID}1", "123", "+79910970168", "s", f"{DID}%0d%0aX"):
        caller = call(to=wrong, refused=404)
        assert caller.finish(10) == 0, caller.errors()
    assert not exchange.channels()
    assert not [event for event in firehose.events("UserEvent") if event]
