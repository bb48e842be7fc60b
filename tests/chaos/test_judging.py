"""Whose call is it? The judge takes no order's call for another's, and sees that one order called twice."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta

from crm.outgoing.tables import OutgoingCall
from tests.chaos.judging import Truth, wire_of
from tests.support.network import Arrived, Network
from tests.support.wait import wait_for

NUMBER = "+79070008505"
BEGAN = datetime(2026, 11, 12, 7, tzinfo=UTC)


def order(name: str, requested: float, placed: float | None) -> OutgoingCall:
    return OutgoingCall(
        channel_id=name,
        number=NUMBER,
        requested_at=BEGAN + timedelta(seconds=requested),
        placed_at=None if placed is None else BEGAN + timedelta(seconds=placed),
    )


def calls(*at: float) -> list[Arrived]:
    return [Arrived(NUMBER, "", f"call-{second}", BEGAN.timestamp() + second) for second in at]


def whose(truth: Truth, *orders: OutgoingCall) -> list[str]:
    return [one.attempt_id for one in wire_of(truth, [], orders).by_people]


def test_who_pressed_while_a_colleagues_call_was_given_up_has_called_once() -> None:
    first, second = order("out-1", 0, 0.1), order("out-2", 0.9, 2.0)
    assert whose(Truth(calls=calls(1.0, 3.0)), first, second) == ["out-1", "out-2"]


def test_two_calls_of_one_order_are_seen() -> None:
    first, second = order("out-1", 0, 0.1), order("out-2", 0.9, 2.0)
    assert whose(Truth(calls=calls(3.0, 3.5)), first, second) == ["out-2", "out-2"]


def test_where_clocks_differ_the_press_counts() -> None:
    first, second = order("out-1", 0, 3600.1), order("out-2", 2, 3602.0)
    assert whose(Truth(calls=calls(1.0, 3.0), clocks_agree=False), first, second) == ["out-1", "out-2"]


def test_a_call_that_was_never_placed_is_seen() -> None:
    assert whose(Truth(calls=calls(1.0)), order("out-1", 0, None)) == ["out-1"]


def test_a_call_came_when_the_kernel_took_it_in() -> None:
    """The kernel begins to stamp packets a moment after it was asked to: the first one may have no stamp yet."""
    with Network() as network, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trunk:
        wait_for(lambda: _lag_when_nobody_reads(network, trunk) < 0.4, what="a call with a stamp")


def _lag_when_nobody_reads(network: Network, trunk: socket.socket) -> float:
    """By how many seconds a call's time is later than its sending, if it is read half a second later."""
    known, to = len(network.calls), network.address
    with network._lock:
        sent = time.time()
        head = [f"INVITE sip:{NUMBER}@{to.host} SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.3:5060;branch=z9hG4bKx"]
        head += ["From: <sip:+79070009001@127.0.0.3>;tag=x", f"To: <sip:{NUMBER}@{to.host}>", f"Call-ID: {known}"]
        trunk.sendto("\r\n".join([*head, "CSeq: 1 INVITE", "", ""]).encode(), (to.host, to.port))
        wait_for(lambda: time.time() > sent + 0.5, what="half a second to pass")
    call = wait_for(lambda: network.calls[known:])[0]
    assert call.at >= sent - 0.01
    return float(call.at - sent)
