"""Who hears whom while the head listens to a live talk: three phones with a tone each, and the caller with a fourth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from telephony.config.plan import LinePlan, Member, QueuePlan, SpecialistPlan
from telephony.monitor_actions import compose_change, compose_end, compose_listening, heads_leg, operators_channel
from telephony.snapshot import ChannelNow
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DESK_SECRET, DID, LiveExchange, operator
from tests.support.tones import TonePhone, heard, read_wav
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


def caller_hears(exchange: LiveExchange, folder: Path, expected: int) -> list[int]:
    """Some of what arrives at the caller's own side of the town, once the expected tone is in it."""

    def ear() -> list[int]:
        channel = next(name for name in exchange.channels() if name.startswith("PJSIP/town"))
        file = folder / f"ear{len(list(folder.glob('ear*')))}.wav"
        exchange.console(f"mixmonitor start {channel} {folder}/mix.wav,r({file})")
        wait_for(lambda: file.exists() and file.stat().st_size > 12_000, 5, "the caller's ear")
        exchange.console(f"mixmonitor stop {channel}")
        samples = read_wav(file)
        return samples if heard(samples, expected) else []

    found = wait_for(ear, 15, f"the caller to hear {expected} Hz")
    assert isinstance(found, list)
    return found


def words(tap: AmiTap) -> list[tuple[str, str]]:
    said = [event for event in tap.events("UserEvent") if event["UserEvent"] == "SDWord"]
    return [(event["Order"], event["State"]) for event in said if event["Subject"] == "monitor"]


def test_who_listens_hears_both_and_is_heard_by_nobody(
    exchange: LiveExchange, tap: AmiTap, talk: tuple[TonePhone, TonePhone, str], tmp_path: Path
) -> None:
    desk, head, linkedid = talk
    listen(exchange, tap, linkedid, "listen")
    wait_for(lambda: head.hears(CALLER) and head.hears(OPERATOR), 10, "the head to hear both")
    assert words(tap) == [("7", "started")]
    assert not desk.hears(HEAD)
    assert not heard(caller_hears(exchange, tmp_path, OPERATOR), HEAD)


def test_who_prompts_is_heard_by_the_operator_only(
    exchange: LiveExchange, tap: AmiTap, talk: tuple[TonePhone, TonePhone, str], tmp_path: Path
) -> None:
    desk, head, linkedid = talk
    listen(exchange, tap, linkedid, "whisper")
    wait_for(lambda: desk.hears(HEAD), 10, "the operator to hear the head")
    wait_for(lambda: head.hears(CALLER), 5, "the head to hear the caller")
    assert not heard(caller_hears(exchange, tmp_path, OPERATOR), HEAD)


def test_who_joins_is_heard_by_both(
    exchange: LiveExchange, tap: AmiTap, talk: tuple[TonePhone, TonePhone, str], tmp_path: Path
) -> None:
    desk, head, linkedid = talk
    listen(exchange, tap, linkedid, "join")
    wait_for(lambda: desk.hears(HEAD) and head.hears(CALLER), 10, "the operator to hear the head")
    assert heard(caller_hears(exchange, tmp_path, HEAD), OPERATOR)


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
