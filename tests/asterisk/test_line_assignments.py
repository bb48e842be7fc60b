"""Two lines of one service, each with somebody assigned to it (B-3): who is rung first, and a change of that order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from telephony.config.plan import LinePlan, Member, QueuePlan
from tests.asterisk.conftest import Calling
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, SECOND_DID, LiveExchange, operator
from tests.support.phone import DeskPhone
from tests.support.wait import wait_for


def queue(name: str, *extensions: str) -> QueuePlan:
    members = tuple(Member(extension=one, penalty=place) for place, one in enumerate(extensions))
    return QueuePlan(name=name, members=members, ring_seconds=2, wrapup_seconds=0)


def lines(first: str) -> tuple[LinePlan, ...]:
    return (
        LinePlan(did=DID, queue=first, service="family"),
        LinePlan(did=SECOND_DID, queue="family-line2-b", service="family"),
    )


SERVICE, SECOND = queue("family", "101", "102"), queue("family-line2-b", "102", "101")


@pytest.fixture(scope="module")
def running() -> Iterator[LiveExchange]:
    with LiveExchange(
        staff=(operator("101"), operator("102")),
        queues=(SERVICE, queue("family-line1-a", "101", "102"), SECOND),
        lines=lines("family-line1-a"),
        line_round_seconds=4,
        desk_rtp_timeout=6,
    ) as exchange:
        yield exchange


def free(exchange: LiveExchange) -> None:
    wait_for(lambda: exchange.console("queue show").count("(Not in use)") >= 6, 5, "both phones in all queues")


def test_each_line_rings_its_own_specialist_first_and_then_the_other(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, second_phone: DeskPhone, call: Calling
) -> None:
    free(exchange)
    caller = call(to=SECOND_DID, hold_ms=200)
    second_phone.wait_ringing()
    assert phone.invites == []
    phone.wait_ringing(6)
    phone.answer()
    assert caller.finish() == 0, caller.errors()
    caller = call(to=DID, hold_ms=200)
    wait_for(lambda: len(phone.invites) == 2, 5, "the first line's own specialist")
    phone.answer()
    assert caller.finish() == 0, caller.errors()
    assert {event["Queue"] for event in tap.events("AgentConnect")} == {"family-line1-a", "family-line2-b"}


def test_a_new_order_rings_at_once_and_nobody_who_waits_in_the_old_one_is_lost(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, call: Calling
) -> None:
    waiting = call(to=DID, patience_ms=40_000)
    tap.wait_event("QueueCallerJoin")
    exchange.apply(lines=lines("family-line1-c"), queues=(SERVICE, queue("family-line1-c", "102", "101"), SECOND))
    with DeskPhone(exchange.plan.desk_bind, "102") as other:
        other.wait_ringing(10)
        other.answer()
        wait_for(lambda: other.loud_packets > 5, 5, "sound")
        other.hang_up()
        assert waiting.finish() == 0, waiting.errors()
        with DeskPhone(exchange.plan.desk_bind, "101") as first:
            wait_for(lambda: exchange.console("queue show family-line1-c").count("(Not in use)") == 2, 5)
            caller = call(to=DID, hold_ms=200)
            wait_for(lambda: len(other.invites) == 2, 5, "the new order")
            assert first.invites == []
            other.answer()
            assert caller.finish() == 0, caller.errors()
