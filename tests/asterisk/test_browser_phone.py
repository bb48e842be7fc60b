"""A page that registers, answers and goes away: what Asterisk makes of it."""

import dataclasses
import time

from telephony.config.plan import browser_ha1
from tests.asterisk.conftest import Calling
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import LiveExchange
from tests.support.phone import DeskPhone
from tests.support.wait import wait_for
from tests.support.web_phone import WebPhone


def test_both_phones_of_an_operator_ring_and_the_other_falls_silent(
    exchange: LiveExchange, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    with WebPhone(exchange.plan.websocket, "101") as page:
        caller = call(hold_ms=200)
        page.wait_ringing()
        phone.wait_ringing()
        phone.answer()
        assert caller.finish() == 0, caller.errors()


def test_a_page_that_was_closed_is_not_rung(
    exchange: LiveExchange, agi: AgiStub, second_phone: DeskPhone, call: Calling
) -> None:
    with WebPhone(exchange.plan.websocket, "101"):
        exchange.wait_available("101")
    wait_for(lambda: "101-web/" not in exchange.console("pjsip show contacts"), 5, "the closed page to be forgotten")
    started = time.monotonic()
    caller = call(hold_ms=100)
    second_phone.wait_ringing(2)
    assert second_phone.ringing_since[0] - started < 1.5
    second_phone.answer()
    assert caller.finish() == 0, caller.errors()


def test_a_crashed_page_gets_its_caller_back_when_it_is_there_again(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, call: Calling
) -> None:
    with WebPhone(exchange.plan.websocket, "101") as page:
        caller = call()
        page.wait_ringing()
        page.answer()
        tap.wait_event("AgentConnect")
    event = tap.wait_event("UserEvent", 8, UserEvent="SDReturning")
    assert event["Extension"] == "101"
    with WebPhone(exchange.plan.websocket, "101") as again:
        invite = again.wait_ringing(5)
        assert invite.headers["sd-return"] == "1"
        assert invite.headers["alert-info"] == "<urn:family-dispatch:return>"
        again.answer()
        wait_for(lambda: "!Up!AppDial!" in exchange.console("core show channels concise"), 5, "the talk")
        again.hang_up()
        assert caller.finish() == 0, caller.errors()


def test_a_page_that_says_it_goes_gives_its_caller_back_at_once(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, call: Calling
) -> None:
    with WebPhone(exchange.plan.websocket, "101") as page:
        call()
        page.wait_ringing()
        page.answer()
        tap.wait_event("AgentConnect")
        page.hang_up("Q.850;cause=44")
        tap.wait_event("UserEvent", 1.5, UserEvent="SDReturning")


def test_a_page_whose_socket_outlives_it_does_not_keep_the_caller_from_the_new_page(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, call: Calling
) -> None:
    """A busy machine closes the old page's socket late: until then the exchange rings a page that is not there."""
    with WebPhone(exchange.plan.websocket, "101") as page:
        caller = call()
        page.wait_ringing()
        page.answer()
        tap.wait_event("AgentConnect")
        page.gone = True
        page.hang_up("Q.850;cause=44")
        tap.wait_event("UserEvent", 8, UserEvent="SDReturning")
        tap.wait_event("UserEvent", 8, UserEvent="SDLeg", State="ringing")
        with WebPhone(exchange.plan.websocket, "101") as again:
            assert again.wait_ringing(15).headers.get("sd-return") == "1", "rung by the queue, and answers by itself"
            again.answer()
            wait_for(lambda: "!Up!AppDial!" in exchange.console("core show channels concise"), 5, "the talk")
            again.hang_up()
            assert caller.finish() == 0, caller.errors()


def test_the_caller_of_a_number_that_was_taken_away_in_mid_talk_goes_to_the_queue(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, second_phone: DeskPhone, call: Calling
) -> None:
    plan = exchange.plan
    with WebPhone(plan.websocket, "101") as page:
        caller = call()
        page.wait_ringing()
        page.answer()
        tap.wait_event("AgentConnect")
        members = tuple(one for one in plan.queues[0].members if one.extension != "101")
        exchange.apply(staff=plan.staff[1:], queues=(dataclasses.replace(plan.queues[0], members=members),))
        try:
            page.hang_up("Q.850;cause=44")
            second_phone.wait_ringing(15)
            second_phone.answer()
            wait_for(lambda: second_phone.loud_packets > 5, 10, "the talk")
            second_phone.hang_up()
            assert caller.finish() == 0, caller.errors()
        finally:
            exchange.apply(staff=plan.staff, queues=plan.queues)


def test_a_plain_bye_of_a_page_ends_the_call(exchange: LiveExchange, tap: AmiTap, agi: AgiStub, call: Calling) -> None:
    with WebPhone(exchange.plan.websocket, "101") as page:
        caller = call()
        page.wait_ringing()
        page.answer()
        tap.wait_event("AgentConnect")
        page.hang_up()
        assert caller.finish() == 0, caller.errors()
    assert {event["UserEvent"] for event in tap.events("UserEvent")} == {"SDCaller"}, "no return"


def test_a_withdrawn_secret_registers_nobody(exchange: LiveExchange) -> None:
    plan = exchange.plan
    exchange.apply(staff=(dataclasses.replace(plan.staff[0], browser_ha1=None), *plan.staff[1:]))
    try:
        page = WebPhone(exchange.plan.websocket, "101")
        assert page.register() == 401
        page.close()
        exchange.apply(
            staff=(dataclasses.replace(plan.staff[0], browser_ha1=browser_ha1("101", "new one")), *plan.staff[1:])
        )
        with WebPhone(exchange.plan.websocket, "101", "new one"):
            exchange.wait_available("101")
    finally:
        exchange.apply(staff=plan.staff)
