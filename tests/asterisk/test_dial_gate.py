"""The gate before the robot's calls, on a real exchange (reliability.md M14, F21, F34): what arrives at the network is
counted, and nothing of ours but the rendered dialplan runs here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from callflow.dialler.states import Disposition
from callflow.dialler.wire import disposition_of, telephone_rang
from crm.outgoing.orders import Order
from telephony.config.dialling import DiallingPlan, WindowPlan
from telephony.config.plan import LinePlan, TrunkPlan
from telephony.dial_orders import (
    DialOrder,
    compose_forget,
    compose_hangup,
    compose_switch,
    order_headers,
)
from telephony.dialplan_words import dialplan_word
from telephony.originate import compose_originate
from telephony.wire import Message
from tests.asterisk.conftest import Calling
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, SECOND_DID, LiveExchange
from tests.support.network import Arrived, Behaviour, Network
from tests.support.phone import DeskPhone
from tests.support.wait import wait_for
from workers.outgoing import order_headers as operators_call

ANNA = "+79070000101"
LINES, TRUNK_LINES = 3, 6
TALKING = Behaviour(talk=None)
NEVER = Behaviour(ring=None)
Word = tuple[str, str]


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture(scope="module")
def running(network: Network) -> Iterator[LiveExchange]:
    """The provider's side is a network of our own, which tells what arrived; only invented numbers may be called."""
    with LiveExchange(
        town_bind=None,
        town=(),
        trunk=TrunkPlan(peers=("127.0.0.2",), contact=network.address),
        lines=(LinePlan(did=DID, queue="family"), LinePlan(did=SECOND_DID, queue="family")),
        dialling=open_window(),
    ) as exchange:
        yield exchange


def open_window(**changes: object) -> DiallingPlan:
    """Now and for two hours."""
    now = int(time.time())
    values: dict[str, object] = {
        "lines": LINES,
        "trunk_lines": TRUNK_LINES,
        "synthetic": True,
        "windows": (WindowPlan(queue="family", spans=((now - 3600, now + 7200),)),),
    }
    return DiallingPlan(**{**values, **changes})  # type: ignore[arg-type]


class Robot:
    """Sends orders as the worker does, and hears what the dialplan says of them."""

    def __init__(self, exchange: LiveExchange, tap: AmiTap, network: Network) -> None:
        self.exchange, self.tap, self.network = exchange, tap, network

    def order(self, number: str = ANNA, *, seconds: float = 10, ring: int = 4, did: str = DID) -> DialOrder:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        return DialOrder(f"att-{secrets.token_hex(16)}", number, until, did, ring)

    def send(self, order: DialOrder, tap: AmiTap | None = None) -> DialOrder:
        (tap or self.tap).send(order_headers(order))
        return order

    def words(self, order: DialOrder | str) -> list[Word]:
        attempt = order if isinstance(order, str) else order.attempt_id
        frames = [frame for frame in self.tap.raw.split(b"\r\n\r\n") if frame.startswith(b"Event: UserEvent")]
        found = [dialplan_word(Message(frame)) for frame in frames]
        return [(word.state, word.detail) for word in found if word and word.order == attempt]

    def wait(self, order: DialOrder | str, state: str, limit: float = 20) -> str:
        """The detail of this word about the order."""
        wait_for(lambda: state in dict(self.words(order)), limit, f"«{state}» among {self.words(order)}")
        return dict(self.words(order))[state]

    def calls(self, number: str = ANNA) -> list[Arrived]:
        return self.network.to(number)

    def stop(self, stopped: bool = True) -> None:
        self.tap.send(compose_switch(stopped=stopped))
        wanted = "1" if stopped else "0"
        wait_for(lambda: f": {wanted} " in self.exchange.console("database get sd stop") + " ", 5, "the red button")


@pytest.fixture
def robot(exchange: LiveExchange, tap: AmiTap, network: Network) -> Iterator[Robot]:
    network.numbers.clear()
    network.calls.clear()
    network.behaves = Behaviour()
    yield Robot(exchange, tap, network)
    exchange.reset()


def test_forty_orders_of_one_attempt_are_one_call(robot: Robot, exchange: LiveExchange) -> None:
    robot.network.behaves = NEVER
    order = robot.order(ring=4)
    taps = [robot.tap, exchange.tap(), exchange.tap()]
    for number in range(40):
        robot.send(order, taps[number % 3])
    assert robot.wait(order, "ended").startswith("NOANSWER")
    assert len(robot.calls()) == 1
    assert [word for word, _ in robot.words(order) if word in ("ringing", "ended")] == ["ringing", "ended"]


def test_a_replay_after_the_end_calls_nobody(robot: Robot) -> None:
    order = robot.send(robot.order())
    robot.wait(order, "ended")
    for _ in range(10):
        wait_for(lambda: not robot.exchange.channels(), 10, "the channels to end")
        robot.send(order)
        time.sleep(0)
    wait_for(lambda: len(robot.words(order)) >= 3 + 10, 10, f"ten refusals: {robot.words(order)}")
    refused = [detail for word, detail in robot.words(order) if word == "gate_denied"]
    assert set(refused) == {"replayed"}
    assert len(robot.calls()) == 1


@pytest.mark.parametrize("seconds", [-1, -600, 90, 86400])
def test_an_order_too_late_or_of_another_clock_is_void(robot: Robot, seconds: int) -> None:
    order = robot.send(robot.order(seconds=seconds))
    assert robot.wait(order, "gate_denied") == "stale"
    assert not robot.calls()


def test_never_more_lines_than_there_are_for_it(robot: Robot) -> None:
    robot.network.behaves = Behaviour(ring=0.2, talk=None)
    robot.network.most_live = 0
    orders = [robot.order(f"+790700003{number:02}") for number in range(12)]
    for order in orders:
        robot.send(order)

    def told() -> dict[str, list[Word]]:
        return {order.attempt_id: robot.words(order) for order in orders}

    wait_for(lambda: all(words and words[-1][0] in ("ended", "gate_denied") for words in told().values()), 30, "words")
    denied = [words for words in told().values() if words == [("gate_denied", "lines")]]
    assert robot.network.most_live <= LINES
    assert len(robot.network.calls) + len(denied) == 12
    # The line is free again at once.
    assert robot.wait(robot.send(robot.order("+79070000399")), "ended") == "ANSWER"


def test_what_was_refused_once_is_refused_for_good(robot: Robot) -> None:
    """A frame that comes twice must not ring a second later for an attempt that is over."""
    robot.stop()
    order = robot.send(robot.order(seconds=50))
    assert robot.wait(order, "gate_denied") == "stopped"
    robot.stop(False)
    wait_for(lambda: not robot.exchange.channels(), 10, "the channels to end")
    robot.send(order)
    wait_for(lambda: ("gate_denied", "replayed") in robot.words(order), 10, "the second refusal")
    assert not robot.calls()


def test_the_last_line_is_for_whoever_calls(robot: Robot, call: Calling) -> None:
    """Five of the six lines are taken by callers."""
    robot.exchange.console("queue show")
    caller = call(count=TRUNK_LINES - 1, rate=20, hold_ms=60_000)
    wait_for(lambda: sum("trunk" in name for name in robot.exchange.channels()) == TRUNK_LINES - 1, 10, "the callers")
    order = robot.send(robot.order())
    assert robot.wait(order, "gate_denied") == "lines"
    caller.vanish()
    robot.exchange.reset()
    robot.wait(robot.send(robot.order()), "ended")
    assert len(robot.calls()) == 1


def test_a_call_that_an_operator_makes_takes_one_of_its_lines(robot: Robot, phone: DeskPhone) -> None:
    robot.exchange.apply(dialling=open_window(lines=1))
    robot.network.behaves = Behaviour(ring=0.1, talk=None)
    try:
        robot.tap.send(operators_call(Order(7, "out-counted", "101", "+79070000199", DID)))
        phone.wait_ringing()
        phone.answer()
        wait_for(lambda: robot.calls("+79070000199") and robot.calls("+79070000199")[0].answered_at, 10, "her call")
        assert robot.wait(robot.send(robot.order()), "gate_denied") == "lines"
        phone.hang_up()
        wait_for(lambda: not robot.exchange.channels(), 10, "her call to end")
        robot.wait(robot.send(robot.order()), "ended")
    finally:
        robot.exchange.apply(dialling=open_window())
    assert len(robot.calls()) == 1


def test_the_red_button_stops_new_calls_and_ends_those_that_ring(robot: Robot) -> None:
    robot.network.behaves = NEVER
    order = robot.send(robot.order(ring=30))
    robot.wait(order, "ringing")
    wait_for(robot.calls, 5, "the call")
    robot.stop()
    robot.tap.send(compose_hangup(order.attempt_id))
    assert robot.wait(order, "ended", 5).startswith("CANCEL")
    wait_for(lambda: robot.calls()[0].ended_by == "CANCEL", 5, "the telephone to be silent")
    assert robot.wait(robot.send(robot.order()), "gate_denied") == "stopped"
    robot.stop(False)
    robot.network.behaves = Behaviour()
    assert robot.wait(robot.send(robot.order()), "ended") == "ANSWER"
    assert len(robot.calls()) == 2


def test_the_red_button_outlives_the_exchange(robot: Robot) -> None:
    robot.stop()
    robot.exchange.close_taps()
    robot.exchange.stop()
    robot.exchange.start()
    robot.tap = robot.exchange.tap()
    assert robot.wait(robot.send(robot.order()), "gate_denied") == "stopped"
    robot.stop(False)


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    [(60, 3600, True), (60, 4 + 5 + 60, True), (60, 4, False), (-60, 3600, False), (7200, -3600, False)],
)
def test_a_ring_lies_wholly_inside_the_window(robot: Robot, before: int, after: int, passes: bool) -> None:
    """The window began `before` seconds ago and ends in `after`; the ring lasts four seconds (F29)."""
    now = int(time.time())
    if now - before < now + after:
        spans = ((now - 100_000, now - 90_000), (now - before, now + after))
    else:
        spans = ((now + 100_000, now + 101_000),)
    robot.exchange.apply(dialling=open_window(windows=(WindowPlan(queue="family", spans=spans),)))
    order = robot.send(robot.order())
    try:
        if passes:
            robot.wait(order, "ended")
        else:
            assert robot.wait(order, "gate_denied") == "hours"
        assert len(robot.calls()) == passes
    finally:
        robot.exchange.apply(dialling=open_window())


@pytest.mark.parametrize("rendered", ["nothing", "no stretch", "another service", "another day"])
def test_what_was_not_rendered_is_closed(robot: Robot, rendered: str) -> None:
    now = int(time.time())
    windows = {
        "nothing": (),
        "no stretch": (WindowPlan(queue="family"),),
        "another service": (WindowPlan(queue="other", spans=((now - 3600, now + 3600),)),),
        "another day": (WindowPlan(queue="family", spans=((now - 200_000, now - 150_000),)),),
    }[rendered]
    robot.exchange.apply(dialling=open_window(windows=windows))
    try:
        assert robot.wait(robot.send(robot.order()), "gate_denied") == "hours"
    finally:
        robot.exchange.apply(dialling=open_window())
    assert not robot.calls()


def test_without_lines_there_are_no_calls(robot: Robot) -> None:
    robot.exchange.apply(dialling=open_window(lines=0, trunk_lines=0))
    try:
        assert robot.wait(robot.send(robot.order()), "gate_denied") == "lines"
    finally:
        robot.exchange.apply(dialling=open_window())
    assert not robot.calls()


BAD_NUMBERS = (
    "",
    "112",
    "+7112",
    "+79070000",
    "+790700001011",
    "79070000101",
    "89070000101",
    "+89070000101",
    "+19070000101",
    "+77070000101",
    "+76070000101",
    "+78090000101",
    "+78030000101",
    "+79161234567",
    "++7907000010",
    "+7907000010*",
    "100&PJSIP/200",
    "PJSIP/trunk",
    "Local/1@ctxt",
    "+79070000101@evil",
    DID,
    SECOND_DID,
)


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_what_is_no_number_for_us_never_reaches_the_trunk(robot: Robot, number: str) -> None:
    """Even if every check of ours had failed: the variables are sent as they stand."""
    attempt = f"att-{secrets.token_hex(16)}"
    robot.tap.send(bare_order(attempt, number=number))
    assert robot.wait(attempt, "gate_denied") == "number"
    wait_for(lambda: not robot.exchange.channels(), 10, "nothing to ring")
    assert not robot.network.calls


@pytest.mark.parametrize(
    "attempt", ["", "att-", "att-" + "0" * 31, "att-" + "0" * 33, "stop", "x" * 36, "../stop" + "0" * 29]
)
def test_an_order_without_an_attempt_calls_nobody(robot: Robot, attempt: str) -> None:
    robot.tap.send(bare_order(attempt, number=ANNA, channel=f"odd-{secrets.token_hex(4)}"))
    robot.tap.wait_event("UserEvent", UserEvent="SDWord", State="gate_denied", Detail="no_att")
    wait_for(lambda: not robot.exchange.channels(), 10, "nothing to ring")
    assert not robot.network.calls


def test_only_a_number_of_ours_is_shown(robot: Robot) -> None:
    attempt = f"att-{secrets.token_hex(16)}"
    robot.tap.send(bare_order(attempt, number=ANNA, did="+79991112233"))
    assert robot.wait(attempt, "gate_denied") == "number"
    order = robot.send(robot.order(did=SECOND_DID))
    robot.wait(order, "ended")
    assert [call.shown for call in robot.calls()] == [SECOND_DID]


def test_in_live_mode_the_invented_town_is_never_called(robot: Robot) -> None:
    """And a number of the real world is; here it ends in our own network."""
    robot.exchange.apply(dialling=open_window(synthetic=False))
    try:
        assert robot.wait(robot.send(robot.order()), "gate_denied") == "number"
        robot.wait(robot.send(robot.order("+79990000001")), "ended")
    finally:
        robot.exchange.apply(dialling=open_window())
    assert [call.number for call in robot.network.calls] == ["+79990000001"]


def test_the_note_of_an_old_attempt_can_be_deleted_and_no_other(robot: Robot) -> None:
    first, second = robot.send(robot.order()), robot.send(robot.order("+79070000102"))
    robot.wait(first, "ended")
    robot.wait(second, "ended")
    robot.tap.send([*compose_forget(first.attempt_id), ("ActionID", "forget")])
    robot.tap.wait(lambda frame: frame.get("ActionID") == "forget" and frame.get("Response") == "Success")
    kept = robot.exchange.console("database show sd")
    assert first.attempt_id not in kept
    assert second.attempt_id in kept


ANSWERS = (
    (Behaviour(status=486), Disposition.BUSY),
    (Behaviour(status=600), Disposition.BUSY),
    (Behaviour(status=480), Disposition.UNREACHABLE),
    (Behaviour(status=480, ring=0), Disposition.UNREACHABLE),
    (Behaviour(status=503), Disposition.FAILED),
    (Behaviour(status=404, ring=0), Disposition.BAD_NUMBER),
    (Behaviour(status=410, ring=0), Disposition.BAD_NUMBER),
    (Behaviour(status=484, ring=0), Disposition.BAD_NUMBER),
    (Behaviour(status=503, ring=0), Disposition.FAILED),
    (Behaviour(status=500, ring=0), Disposition.FAILED),
    (Behaviour(status=603), Disposition.REJECTED),
    (Behaviour(status=403, ring=0), Disposition.REJECTED),
    (NEVER, Disposition.NO_ANSWER),
    (Behaviour(ring=None, early=True), Disposition.NO_ANSWER),
    (Behaviour(silent=True), Disposition.FAILED),
    (Behaviour(ring=None, trying=True), Disposition.FAILED),
    (Behaviour(talk=0.2), None),
    (Behaviour(early=True, ring=0.3, talk=0.2), None),
)


@pytest.mark.parametrize(("behaviour", "disposition"), ANSWERS, ids=[str(one[0]) for one in ANSWERS])
def test_every_answer_of_the_network_has_its_own_word(
    robot: Robot, behaviour: Behaviour, disposition: Disposition | None
) -> None:
    """None: answered, and what was heard only the dialogue knows (F34)."""
    robot.network.behaves = behaviour
    order = robot.send(robot.order(ring=2))
    detail = robot.wait(order, "ended")
    assert disposition_of(detail) is disposition, detail
    (call,) = robot.calls()
    assert (telephone_rang(detail) or disposition is None) is call.rang, detail
    assert robot.words(order)[0][0] == "ringing"
    assert ("answered" in dict(robot.words(order))) is (disposition is None)


def test_picked_up_while_we_hang_up(robot: Robot) -> None:
    """CANCEL and answer cross on the wire: his telephone is let go at once. The exchange itself cannot tell this from a
    ring in vain, so that is what it says."""
    robot.network.behaves = Behaviour(glare=True)
    order = robot.send(robot.order(ring=1))
    assert disposition_of(robot.wait(order, "ended")) is Disposition.NO_ANSWER
    wait_for(lambda: robot.calls()[0].ended_by == "BYE", 10, "his telephone to be let go")
    assert len(robot.calls()) == 1


def test_hung_up_by_us_in_the_moment_of_the_answer_counts_as_answered(robot: Robot) -> None:
    robot.network.behaves = Behaviour(ring=0.2, talk=None)
    order = robot.send(robot.order())
    robot.wait(order, "answered")
    robot.tap.send(compose_hangup(order.attempt_id))
    assert disposition_of(robot.wait(order, "ended")) is None


def bare_order(attempt: str, *, number: str, did: str = DID, channel: str = "") -> list[tuple[str, str]]:
    """An order that none of our own checks has seen."""
    headers = compose_originate(
        action_id=f"bare-{secrets.token_hex(4)}",
        channel_id=channel or attempt,
        exten="go",
        context="sd-dial",
        to_exten="talk",
        to_context="sd-robot",
        timeout_seconds=20,
    )
    until = int(time.time()) + 10
    values = {"__SD_ATT": attempt, "SD_NUM": number, "SD_NOT_AFTER": until, "SD_DID": did, "SD_RING": 4}
    return [*headers, *(("Variable", f"{name}={value}") for name, value in values.items())]
