"""Who hears whom while the head listens to a live talk: three phones with a tone each, and the caller with a fourth."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from telephony.config.plan import LinePlan, Member, QueuePlan, SpecialistPlan
from telephony.monitor_actions import compose_change, compose_end, compose_listening, heads_leg, operators_channel
from telephony.snapshot import ChannelNow
from tests.asterisk.conftest import Calling
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DESK_SECRET, DID, LiveExchange, operator
from tests.support.tones import TonePhone
from tests.support.wait import wait_for

CALLER, OPERATOR, HEAD = 440, 1000, 2000
LEG = "monitor-test"


@pytest.fixture(scope="module")
def running() -> Iterator[LiveExchange]:
    head = SpecialistPlan(extension="121", desk_secret=DESK_SECRET)
    with LiveExchange(
        staff=(operator("101"), head),
        queues=(QueuePlan(name="family", members=(Member(extension="101"),), wrapup_seconds=0),),
        lines=(LinePlan(did=DID, queue="family"),),
    ) as exchange:
        yield exchange


@pytest.fixture
def talk(exchange: LiveExchange, tap: AmiTap) -> Iterator[tuple[TonePhone, TonePhone, str]]:
    """The operator talks with a caller; the head's phone is free. And the call's Linkedid."""
    with (
        TonePhone(exchange.plan.desk_bind, "101", OPERATOR) as desk,
        TonePhone(exchange.plan.desk_bind, "121", HEAD, answers=True) as head,
    ):
        exchange.wait_available("101")
        exchange.town_call(tap, say="tone", hold="60")
        desk.wait_ringing(15)
        desk.answer()
        wait_for(lambda: desk.hears(CALLER), 5, "the talk")
        linkedid = tap.wait_event("Newchannel", Context="from-trunk")["Linkedid"]
        yield desk, head, linkedid
        exchange.reset()


@pytest.fixture
def echoed(exchange: LiveExchange, tap: AmiTap, call: Calling) -> Iterator[tuple[TonePhone, TonePhone, str]]:
    """The same with a caller who sends back whatever he hears: so the phones tell what that is."""
    with (
        TonePhone(exchange.plan.desk_bind, "101", OPERATOR) as desk,
        TonePhone(exchange.plan.desk_bind, "121", HEAD, answers=True) as head,
    ):
        exchange.wait_available("101")
        call(media=False, echo=True, patience_ms=60_000)
        desk.wait_ringing(15)
        desk.answer()
        wait_for(lambda: desk.hears(OPERATOR), 10, "the caller to hear the operator")
        yield desk, head, tap.wait_event("Newchannel", Context="from-trunk")["Linkedid"]
        exchange.reset()


def channels(exchange: LiveExchange) -> tuple[ChannelNow, ...]:
    """As the clerk sees them."""
    found = []
    for line in exchange.console("core show channels concise").splitlines():
        part = line.split("!")
        if len(part) < 14:
            continue
        shown = re.search(r"LinkedID: (\S+)", exchange.console(f"core show channel {part[0]}"))
        if shown is None:
            continue  # gone meanwhile
        found.append(
            ChannelNow(
                channel=part[0], context=part[1], exten=part[2], state=part[4], application=part[5],
                application_data=part[6], caller_number=part[7], caller_name="", connected_number="",
                duration=0, bridge=part[12], uniqueid=part[13], linkedid=shown[1],
            )
        )  # fmt: skip
    return tuple(found)


def listen(exchange: LiveExchange, tap: AmiTap, linkedid: str, mode: str) -> None:
    spied = operators_channel(channels(exchange), linkedid, "101")
    assert spied is not None
    tap.send(compose_listening(order=7, mode=mode, channel_id=LEG, extension="121", spied=spied.uniqueid))


def words(tap: AmiTap) -> list[tuple[str, str]]:
    said = [event for event in tap.events("UserEvent") if event["UserEvent"] == "SDWord"]
    return [(event["Order"], event["State"]) for event in said if event["Subject"] == "monitor"]


def test_who_listens_hears_both_and_is_heard_by_nobody(
    exchange: LiveExchange, tap: AmiTap, talk: tuple[TonePhone, TonePhone, str]
) -> None:
    desk, head, linkedid = talk
    listen(exchange, tap, linkedid, "listen")
    wait_for(lambda: head.hears(CALLER) and head.hears(OPERATOR), 10, "the head to hear both")
    assert words(tap) == [("7", "started")]
    assert not desk.hears(HEAD)


def test_who_prompts_is_heard_by_the_operator(
    exchange: LiveExchange, tap: AmiTap, talk: tuple[TonePhone, TonePhone, str]
) -> None:
    desk, head, linkedid = talk
    listen(exchange, tap, linkedid, "whisper")
    wait_for(lambda: desk.hears(HEAD), 10, "the operator to hear the head")
    wait_for(lambda: head.hears(CALLER), 5, "the head to hear the caller")


def test_who_joins_is_heard_by_the_operator_too(
    exchange: LiveExchange, tap: AmiTap, talk: tuple[TonePhone, TonePhone, str]
) -> None:
    desk, head, linkedid = talk
    listen(exchange, tap, linkedid, "join")
    wait_for(lambda: desk.hears(HEAD) and head.hears(CALLER), 10, "the operator to hear the head")


@pytest.mark.parametrize(("mode", "is_heard"), [("listen", False), ("whisper", False), ("join", True)])
def test_only_who_joins_is_heard_by_the_caller(
    exchange: LiveExchange, tap: AmiTap, echoed: tuple[TonePhone, TonePhone, str], mode: str, is_heard: bool
) -> None:
    """The head's own tone comes back to her only by way of the caller."""
    desk, head, linkedid = echoed
    listen(exchange, tap, linkedid, mode)
    wait_for(lambda: head.hears(OPERATOR), 10, "the head to hear the talk")
    if mode == "whisper":
        wait_for(lambda: desk.hears(HEAD), 10, "the operator to hear the head")
    if is_heard:
        wait_for(lambda: head.hears(HEAD), 10, "the caller to hear the head")
    else:
        wait_for(lambda: desk.hears(OPERATOR), 5, "the caller to hear the operator still")
        assert not head.hears(HEAD)


def test_the_mode_changes_on_the_same_leg(
    exchange: LiveExchange, tap: AmiTap, talk: tuple[TonePhone, TonePhone, str]
) -> None:
    desk, head, linkedid = talk
    listen(exchange, tap, linkedid, "listen")
    wait_for(lambda: head.hears(CALLER), 10, "the head to hear")
    now = channels(exchange)
    leg, spied = heads_leg(now, LEG), operators_channel(now, linkedid, "101")
    assert leg is not None
    assert spied is not None
    for action in compose_change(order=8, mode="whisper", channel=leg.channel, spied=spied.uniqueid):
        tap.send(action)
    wait_for(lambda: desk.hears(HEAD), 10, "the operator to hear the head")
    assert len(head.invites) == 1
    assert words(tap) == [("7", "started"), ("8", "started")]


def test_listening_ends_with_the_talk(
    exchange: LiveExchange, tap: AmiTap, talk: tuple[TonePhone, TonePhone, str]
) -> None:
    desk, head, linkedid = talk
    listen(exchange, tap, linkedid, "listen")
    wait_for(lambda: head.hears(CALLER), 10, "the head to hear")
    desk.hang_up()
    wait_for(lambda: head.state == "idle", 10, "the head's phone to be idle")
    wait_for(lambda: words(tap)[-1] == ("7", "ended"), 5)


def test_ending_the_listening_leaves_the_talk_alone(
    exchange: LiveExchange, tap: AmiTap, talk: tuple[TonePhone, TonePhone, str]
) -> None:
    desk, head, linkedid = talk
    listen(exchange, tap, linkedid, "listen")
    wait_for(lambda: head.hears(CALLER), 10, "the head to hear")
    leg = heads_leg(channels(exchange), LEG)
    assert leg is not None
    tap.send(compose_end(leg.channel))
    wait_for(lambda: head.state == "idle", 10, "the head's phone to be idle")
    assert desk.state == "talking"
    assert desk.hears(CALLER)
