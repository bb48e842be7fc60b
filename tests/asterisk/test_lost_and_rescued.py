"""Nobody who calls is lost: a vanished phone gives the caller back, and with all our software dead everybody rings."""

import pytest

from tests.asterisk.conftest import Calling
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import LiveExchange
from tests.support.phone import DeskPhone
from tests.support.wait import wait_for


def _talk(phone: DeskPhone) -> None:
    phone.wait_ringing()
    phone.answer()
    wait_for(lambda: phone.loud_packets > 5, 5, "sound")


def test_a_caller_whose_operator_vanished_comes_back_to_the_same_operator(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, second_phone: DeskPhone, call: Calling
) -> None:
    caller = call()
    _talk(phone)
    phone.vanish()
    with DeskPhone(exchange.plan.desk_bind, "101") as returned:
        invite = returned.wait_ringing(20)
        assert invite.headers["sd-return"] == "1"
        assert second_phone.invites == []
        event = tap.wait_event("UserEvent", UserEvent="SDReturning")
        assert event["Extension"] == "101"
        assert event["Call"] == event["Linkedid"]
        _talk(returned)
        returned.hang_up()
    assert caller.finish() == 0, caller.errors()


def test_our_software_is_not_needed_for_a_caller_to_come_back(
    exchange: LiveExchange, phone: DeskPhone, call: Calling
) -> None:
    caller = call()
    _talk(phone)
    phone.vanish()
    with DeskPhone(exchange.plan.desk_bind, "101") as returned:
        returned.wait_ringing(20)
        returned.answer()
        wait_for(lambda: returned.loud_packets > 5, 5, "sound")
        returned.hang_up()
    assert caller.finish() == 0, caller.errors()


def test_a_caller_whose_operator_does_not_come_back_is_first_in_the_queue(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    caller = call()
    _talk(phone)
    phone.sends_rtp = False
    tap.wait_event("UserEvent", 20, UserEvent="SDReturning")
    phone.register(expires=0)
    waiting = call()
    wait_for(lambda: exchange.console("queue show family").count("prio: ") == 1, 5, "the other caller to wait")
    wait_for(lambda: "prio: 100" in exchange.console("queue show family"), 12, "the caller to be back in the queue")
    with DeskPhone(exchange.plan.desk_bind, "102") as other:
        other.wait_ringing(8)
        callers = exchange.console("queue show family").split("Callers:")[1]
        assert callers.index("prio: 100") < callers.index("prio: 0")
        other.answer()
        wait_for(lambda: other.loud_packets > 5, 5, "sound")
        other.hang_up()
        assert caller.finish() == 0, caller.errors()
        other.wait_ringing(8)
        other.answer()
        other.hang_up()
    assert waiting.finish() == 0, waiting.errors()


@pytest.mark.parametrize("hangs_up_first", ["operator", "caller"])
def test_a_normal_end_never_rings_again(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling, hangs_up_first: str
) -> None:
    caller = call(hold_ms=None if hangs_up_first == "operator" else 500)
    _talk(phone)
    if hangs_up_first == "operator":
        phone.hang_up()
    assert caller.finish(8) == 0, caller.errors()
    wait_for(lambda: not exchange.channels(), 5)
    assert len(phone.invites) == 1
    assert {event["UserEvent"] for event in tap.events("UserEvent")} == {"SDCaller"}, "no return"


def test_paused_operators_are_rung_when_our_software_is_dead(
    exchange: LiveExchange, tap: AmiTap, phone: DeskPhone, second_phone: DeskPhone, call: Calling
) -> None:
    for extension in ("101", "102"):
        exchange.console(f"queue pause member Local/{extension}@sd-operator")
    try:
        caller = call()
        phone.wait_ringing(10)
        second_phone.wait_ringing(2)
        second_phone.answer()
        wait_for(lambda: phone.state == "idle", 3, "the other phone to be silent")
        wait_for(lambda: second_phone.loud_packets > 5, 5, "sound")
        second_phone.hang_up()
        assert caller.finish() == 0, caller.errors()
    finally:
        for extension in ("101", "102"):
            exchange.console(f"queue unpause member Local/{extension}@sd-operator")


def test_the_rescue_rings_a_phone_that_comes_late(exchange: LiveExchange, call: Calling) -> None:
    caller = call()
    wait_for(lambda: "sd-rescue" in exchange.console("core show channels"), 10, "the rescue")
    with DeskPhone(exchange.plan.desk_bind, "102") as late:
        late.wait_ringing(5)
        late.answer()
        wait_for(lambda: late.loud_packets > 5, 5, "sound")
        late.hang_up()
    assert caller.finish() == 0, caller.errors()


def test_with_our_software_alive_paused_operators_are_left_in_peace(
    exchange: LiveExchange, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    exchange.console("queue pause member Local/101@sd-operator")
    try:
        call(patience_ms=15000)
        wait_for(lambda: "wait: 0:08" in exchange.console("queue show family"), 12, "8 s of waiting", 0.2)
        assert phone.invites == []
    finally:
        exchange.console("queue unpause member Local/101@sd-operator")
