"""An operator calls somebody: a real exchange, the town's parties, and what the order's row would say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from callflow.outgoing import OrderState, Result, heard
from crm.outgoing.orders import Order
from telephony.config.plan import LinePlan, Member, QueuePlan, TownPartyPlan
from telephony.dialplan_words import dialplan_word
from telephony.wire import Message
from tests.asterisk.conftest import Calling
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, LiveExchange, operator
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.wait import wait_for
from workers.outgoing import order_headers

PARTIES = ("answers", "busy", "no_answer", "rejects", "unreachable", "hangs_up")
NUMBERS = {behaviour: f"+790700009{place:02}" for place, behaviour in enumerate(PARTIES)}
NOWHERE = "+79070009999"


@pytest.fixture(scope="module")
def running() -> Iterator[LiveExchange]:
    """As the product renders it."""
    with LiveExchange(
        staff=(operator("101"), operator("102")),
        queues=(QueuePlan(name="family", members=(Member(extension="101"), Member(extension="102"))),),
        lines=(LinePlan(did=DID, queue="family"),),
        town=tuple(TownPartyPlan(number=number, behaviour=what) for what, number in NUMBERS.items()),
    ) as exchange:
        yield exchange


@pytest.fixture
def rings(exchange: LiveExchange) -> Iterator[Callable[..., object]]:
    """Changes how long telephones ring, for tests in which nobody answers: with short rings everywhere a loaded
    machine answers too late."""
    before = exchange.plan
    yield exchange.apply
    exchange.apply(
        outgoing_operator_seconds=before.outgoing_operator_seconds, outgoing_ring_seconds=before.outgoing_ring_seconds
    )


class Desk:
    """Places one order and follows it by the dialplan's words, as the records do."""

    def __init__(self, tap: AmiTap) -> None:
        self.tap = tap
        self.channel_id = ""

    def order(self, number: str, channel_id: str) -> None:
        self.channel_id = channel_id
        self.tap.send(order_headers(Order(7, channel_id, "101", number, DID)))

    @property
    def story(self) -> tuple[OrderState, Result]:
        state, result = OrderState.PLACED, Result.NONE
        for word in self.words:
            state, result = heard(state, result, *word)
        return state, result

    @property
    def words(self) -> list[tuple[str, str]]:
        frames = [frame for frame in self.tap.raw.split(b"\r\n\r\n") if frame.startswith(b"Event: UserEvent")]
        found = [dialplan_word(Message(frame)) for frame in frames]
        return [(word.state, word.detail) for word in found if word and word.order == "7"]

    def wait(self, state: OrderState, limit: float = 8.0) -> None:
        wait_for(lambda: self.story[0] is state, limit, f"{state}; it is {self.words}")

    def ends(self, result: Result, limit: float = 8.0) -> None:
        self.wait(OrderState.ENDED, limit)
        assert self.story[1] is result, self.words


@pytest.fixture
def desk(tap: AmiTap) -> Desk:
    return Desk(tap)


def invited(exchange: LiveExchange) -> list[str]:
    """Channels on our side of the trunk."""
    return [name for name in exchange.channels() if name.startswith("PJSIP/trunk")]


def test_she_takes_her_phone_then_the_number_rings_answers_and_both_hear_each_other(
    exchange: LiveExchange, desk: Desk, phone: DeskPhone
) -> None:
    desk.order(NUMBERS["answers"], "out-a1")
    invite = phone.wait_ringing()
    assert NUMBERS["answers"] in invite.headers["from"]
    assert invite.headers["sd-outgoing"] == "1"
    assert not invited(exchange), "nobody is called before she is there"
    desk.wait(OrderState.RINGING_OPERATOR)
    phone.answer()
    desk.wait(OrderState.RINGING)
    desk.wait(OrderState.TALKING)
    wait_for(lambda: phone.loud_packets > 10, 5, "the town's voice")
    trunk = exchange.console(f"core show channel {invited(exchange)[0]}")
    assert f"Caller ID: {DID}" in trunk or f"Connected Line ID: {DID}" in trunk
    phone.hang_up()
    desk.ends(Result.ANSWERED)
    wait_for(lambda: not exchange.channels(), 5, "nothing to ring on")


def test_whom_she_called_hangs_up(exchange: LiveExchange, desk: Desk, phone: DeskPhone) -> None:
    desk.order(NUMBERS["hangs_up"], "out-a2")
    phone.wait_ringing()
    phone.answer()
    desk.ends(Result.ANSWERED)
    eventually_idle(phone)
    assert phone.ended_by == "BYE"


@pytest.mark.parametrize(
    ("behaviour", "result"),
    [
        ("busy", Result.BUSY),
        ("rejects", Result.REJECTED),
        ("unreachable", Result.UNREACHABLE),
    ],
)
def test_the_number_does_not_answer(
    exchange: LiveExchange, desk: Desk, phone: DeskPhone, behaviour: str, result: Result
) -> None:
    desk.order(NUMBERS[behaviour], f"out-{behaviour}")
    phone.wait_ringing()
    phone.answer()
    desk.ends(result)
    eventually_idle(phone)
    assert phone.ended_by == "BYE"


def test_nobody_answers_there(desk: Desk, phone: DeskPhone, rings: Callable[..., object]) -> None:
    rings(outgoing_ring_seconds=3)
    desk.order(NUMBERS["no_answer"], "out-no_answer")
    phone.wait_ringing()
    phone.answer()
    desk.ends(Result.NO_ANSWER)
    eventually_idle(phone)
    assert phone.ended_by == "BYE"


def test_a_number_that_nobody_has_fails(exchange: LiveExchange, desk: Desk, phone: DeskPhone) -> None:
    desk.order(NOWHERE, "out-nowhere")
    phone.wait_ringing()
    phone.answer()
    desk.ends(Result.FAILED)
    eventually_idle(phone)


def test_she_does_not_take_her_phone_and_nobody_is_called(
    desk: Desk, phone: DeskPhone, rings: Callable[..., object]
) -> None:
    rings(outgoing_operator_seconds=2)
    desk.order(NUMBERS["answers"], "out-late")
    phone.wait_rung()
    desk.ends(Result.OPERATOR_NO_ANSWER)
    eventually_idle(phone)
    assert "ringing" not in [word for word, _ in desk.words]


def test_she_declines_on_her_phone_and_nobody_is_called(exchange: LiveExchange, desk: Desk, phone: DeskPhone) -> None:
    desk.order(NUMBERS["answers"], "out-declined")
    phone.wait_ringing()
    phone.reject()
    desk.ends(Result.OPERATOR_NO_ANSWER)


def test_without_a_phone_of_hers_nobody_is_called(exchange: LiveExchange, desk: Desk) -> None:
    desk.order(NUMBERS["answers"], "out-nophone")
    desk.ends(Result.OPERATOR_BUSY)


def test_in_a_talk_she_is_not_disturbed(
    exchange: LiveExchange, agi: AgiStub, desk: Desk, phone: DeskPhone, call: Calling
) -> None:
    caller = call(hold_ms=1500)
    phone.wait_ringing()
    phone.answer()
    wait_for(lambda: phone.loud_packets > 3, 5)
    desk.order(NUMBERS["answers"], "out-busy")
    desk.ends(Result.OPERATOR_BUSY)
    assert phone.state == "talking"
    assert caller.finish() == 0


def test_when_she_hangs_up_before_the_answer_the_family_is_not_rung_on(
    exchange: LiveExchange, desk: Desk, phone: DeskPhone
) -> None:
    desk.order(NUMBERS["no_answer"], "out-left")
    phone.wait_ringing()
    phone.answer()
    wait_for(lambda: invited(exchange), 5, "the number to be called")
    phone.hang_up()
    desk.ends(Result.CANCELLED)
    wait_for(lambda: not invited(exchange), 2, "the number to be left alone")


def test_the_same_order_twice_calls_once(exchange: LiveExchange, desk: Desk, phone: DeskPhone) -> None:
    desk.order(NUMBERS["answers"], "out-twice")
    desk.order(NUMBERS["answers"], "out-twice")
    phone.wait_ringing()
    phone.answer()
    desk.wait(OrderState.TALKING)
    assert len(phone.invites) == 1
    assert len(invited(exchange)) == 1
    phone.hang_up()
    desk.ends(Result.ANSWERED)


@pytest.mark.parametrize("number", ["112", "+79070009", "PJSIP/101", "+7907000900000"])
def test_what_is_no_number_never_reaches_the_trunk(
    exchange: LiveExchange, desk: Desk, phone: DeskPhone, number: str
) -> None:
    """Even if every check before it had failed."""
    desk.order(number, "out-bad")
    phone.wait_ringing()
    phone.answer()
    desk.ends(Result.CANCELLED)
    assert "ringing" not in [word for word, _ in desk.words]
