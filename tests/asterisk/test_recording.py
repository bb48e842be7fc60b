"""Recording by the dialplan alone, with none of our programs: who was not told, or refused, is not recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from telephony import variables
from telephony.config.plan import LinePlan, Member, QueuePlan, RecordingPlan, VoicePlan
from telephony.transfer_actions import compose_note
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, LiveExchange, operator
from tests.support.tones import TonePhone, heard, read_wav, write_tone
from tests.support.wait import wait_for

CALLER, OPERATOR, OTHER = 440, 1000, 2000
NOTICE_SECONDS = 4


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveExchange]:
    folder = tmp_path_factory.mktemp("sound")
    write_tone(folder / "prompts/notice.wav", 300, NOTICE_SECONDS)
    (folder / "incoming").mkdir()
    with LiveExchange(
        staff=(operator("101"), operator("102")),
        queues=(QueuePlan(name="family", members=(Member(extension="101"), Member(extension="102", penalty=1)),
                          wrapup_seconds=0),),
        lines=(LinePlan(did=DID, queue="family"),),
        voices=(VoicePlan(queue="family", prompts=folder / "prompts", messages=folder / "messages", position=False),),
        recording=RecordingPlan(folder=folder / "incoming", queues=("family",)),
        desk_rtp_timeout=6,
        return_seconds=10,
    ) as exchange:  # fmt: skip
        yield exchange


@pytest.fixture
def phone(exchange: LiveExchange) -> Iterator[TonePhone]:
    with TonePhone(exchange.plan.desk_bind, "101", OPERATOR) as desk:
        exchange.wait_available("101")
        yield desk


@pytest.fixture
def second_phone(exchange: LiveExchange) -> Iterator[TonePhone]:
    with TonePhone(exchange.plan.desk_bind, "102", OTHER) as desk:
        exchange.wait_available("102")
        yield desk


@pytest.fixture
def incoming(exchange: LiveExchange) -> Iterator[Callable[[], list[Path]]]:
    """The files that Asterisk has begun; none is left to the next test."""
    assert exchange.plan.recording is not None
    folder = exchange.plan.recording.folder
    yield lambda: sorted(folder.glob("*.wav"))
    exchange.reset()
    for file in folder.glob("*.wav"):
        file.unlink()


@pytest.fixture
def transfer(exchange: LiveExchange) -> None:
    """A transfer as sd-transfer does it: the caller's channel runs into a Dial."""
    lines = ["[sd-test]", "exten => s,1,Gosub(sd-record,again,1)", " same => n,Dial(PJSIP/102,60)", ""]
    with (exchange.plan.config_dir / "extensions.conf").open("a") as file:
        file.write("\n".join(lines))
    exchange.console("dialplan reload")


def words(tap: AmiTap) -> list[tuple[str, str]]:
    said = [event for event in tap.events("UserEvent") if event["UserEvent"] == "SDWord"]
    return [(event["State"], event.get("Detail", "")) for event in said if event["Subject"] == "recording"]


def caller_channel(exchange: LiveExchange) -> str:
    return next(name for name in exchange.channels() if name.startswith("PJSIP/trunk-"))


def talk_until_recorded(phone: TonePhone, file: Path, seconds: float = 1.0) -> None:
    before = file.stat().st_size
    wait_for(lambda: file.stat().st_size - before > 16_000 * seconds, 10, "the talk to be recorded")


def finished(exchange: LiveExchange, file: Path) -> list[int]:
    exchange.reset()
    return read_wav(file)


def test_a_recorded_talk_has_both_voices_and_neither_the_notice_nor_the_waiting(
    exchange: LiveExchange, tap: AmiTap, phone: TonePhone, incoming: Callable[[], list[Path]]
) -> None:
    exchange.town_call(tap, say="tone", hold="60")
    phone.wait_ringing(15)
    (file,) = incoming()
    assert file.stem == tap.wait_event("Newchannel", Context="from-trunk")["Linkedid"]
    assert file.stat().st_size < 100, "nobody talks yet"
    phone.answer()
    talk_until_recorded(phone, file)
    samples = finished(exchange, file)
    assert heard(samples, CALLER)
    assert heard(samples, OPERATOR)
    assert not heard(samples, 300), "the notice itself"
    assert words(tap) == [("started", "")]


def test_who_presses_nine_during_the_notice_is_not_recorded(
    exchange: LiveExchange, tap: AmiTap, phone: TonePhone, incoming: Callable[[], list[Path]]
) -> None:
    exchange.town_call(tap, say="tone", hold="60", keys="9")
    phone.wait_ringing(15)
    phone.answer()
    wait_for(lambda: phone.hears(CALLER), 5, "the talk")
    assert incoming() == []
    assert words(tap) == [("refused", "key")]


def test_who_presses_nine_in_the_queue_is_not_recorded_and_keeps_waiting(
    exchange: LiveExchange, tap: AmiTap, incoming: Callable[[], list[Path]]
) -> None:
    exchange.town_call(tap, say="tone", hold="60", keys="w" * 2 * NOTICE_SECONDS + "9")
    tap.wait_event("QueueCallerJoin", 15)
    wait_for(lambda: words(tap)[-1:] == [("refused", "key")], 10, "the refusal")
    with TonePhone(exchange.plan.desk_bind, "101", OPERATOR) as phone:
        phone.wait_ringing(15)
        phone.answer()
        wait_for(lambda: phone.hears(CALLER), 5, "the talk")
        assert all(file.stat().st_size < 100 for file in incoming())


def test_another_key_cuts_the_notice_short_and_nothing_is_recorded(
    exchange: LiveExchange, tap: AmiTap, phone: TonePhone, incoming: Callable[[], list[Path]]
) -> None:
    exchange.town_call(tap, say="tone", hold="60", keys="5")
    phone.wait_ringing(15)
    phone.answer()
    wait_for(lambda: phone.hears(CALLER), 5, "the talk")
    assert incoming() == []
    assert words(tap) == []


def test_without_the_notice_nothing_is_recorded(
    exchange: LiveExchange, tap: AmiTap, phone: TonePhone, incoming: Callable[[], list[Path]]
) -> None:
    notice = exchange.plan.voices[0].prompts / "notice.wav"
    notice.rename(notice.with_suffix(".gone"))
    try:
        exchange.town_call(tap, say="tone", hold="60")
        phone.wait_ringing(15)
        phone.answer()
        wait_for(lambda: phone.hears(CALLER), 5, "the talk")
        assert incoming() == []
    finally:
        notice.with_suffix(".gone").rename(notice)


def test_the_recording_ends_when_the_listener_says_so_and_the_talk_goes_on(
    exchange: LiveExchange, tap: AmiTap, phone: TonePhone, incoming: Callable[[], list[Path]]
) -> None:
    exchange.town_call(tap, say="tone", hold="60")
    phone.wait_ringing(15)
    phone.answer()
    wait_for(incoming, 5)
    (file,) = incoming()
    talk_until_recorded(phone, file)
    tap.send([("Action", "StopMixMonitor"), ("ActionID", "stop"), ("Channel", caller_channel(exchange))])
    assert tap.wait(lambda frame: frame.get("ActionID") == "stop")["Response"] == "Success"
    length = file.stat().st_size
    wait_for(lambda: phone.hears(CALLER), 5, "the talk to go on")
    heard_before = phone.loud_packets
    wait_for(lambda: phone.loud_packets > heard_before + 50, 5)
    assert file.stat().st_size == length


@pytest.mark.parametrize("first_packet", [0, 60_000])
def test_a_caller_who_is_moved_to_another_phone_is_recorded_there_too(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange,
    tap: AmiTap,
    phone: TonePhone,
    incoming: Callable[[], list[Path]],
    transfer: None,
    first_packet: int,
) -> None:
    """Whatever number the other phone begins to count its packets with."""
    exchange.town_call(tap, say="tone", hold="60")
    phone.wait_ringing(15)
    phone.answer()
    wait_for(incoming, 5)
    (file,) = incoming()
    talk_until_recorded(phone, file, 0.5)
    with TonePhone(exchange.plan.desk_bind, "102", OTHER, answers=True) as other:
        other.first_packet = first_packet
        moved = [("Channel", caller_channel(exchange)), ("Context", "sd-test"), ("Exten", "s"), ("Priority", "1")]
        tap.send([("Action", "Redirect"), *moved])
        wait_for(lambda: other.hears(CALLER), 10, "the other phone to talk")
        talk_until_recorded(other, file, 0.5)
        samples = finished(exchange, file)
    assert heard(samples, OPERATOR)
    assert heard(samples, OTHER)
    assert file.read_bytes().count(b"RIFF") == 1, "appended, not begun anew"


def test_what_was_ended_from_a_page_is_not_begun_again_by_a_transfer(
    exchange: LiveExchange, tap: AmiTap, phone: TonePhone, incoming: Callable[[], list[Path]], transfer: None
) -> None:
    """The two actions of `workers.recordings.carry_out`; the caller is then led to another phone."""
    exchange.town_call(tap, say="tone", hold="60")
    phone.wait_ringing(15)
    phone.answer()
    wait_for(incoming, 5)
    (file,) = incoming()
    talk_until_recorded(phone, file, 0.5)
    caller = caller_channel(exchange)
    tap.send(compose_note(caller, variables.SD_NORECORD, "1"))
    tap.send([("Action", "StopMixMonitor"), ("ActionID", "stop"), ("Channel", caller)])
    assert tap.wait(lambda frame: frame.get("ActionID") == "stop")["Response"] == "Success"
    with TonePhone(exchange.plan.desk_bind, "102", OTHER, answers=True) as other:
        moved = [("Channel", caller), ("Context", "sd-test"), ("Exten", "s"), ("Priority", "1")]
        tap.send([("Action", "Redirect"), *moved])
        wait_for(lambda: other.hears(CALLER), 10, "the other phone to talk")
        heard_before = other.loud_packets
        wait_for(lambda: other.loud_packets > heard_before + 50, 5)
        samples = finished(exchange, file)
    assert heard(samples, OPERATOR)
    assert not heard(samples, OTHER)


def test_an_operator_whose_phone_came_back_is_recorded_again(
    exchange: LiveExchange, tap: AmiTap, incoming: Callable[[], list[Path]]
) -> None:
    lost = TonePhone(exchange.plan.desk_bind, "101", OPERATOR)
    lost.register()
    exchange.wait_available("101")
    exchange.town_call(tap, say="tone", hold="60")
    lost.wait_ringing(15)
    lost.answer()
    wait_for(incoming, 5)
    (file,) = incoming()
    talk_until_recorded(lost, file, 0.5)
    lost.vanish()
    with TonePhone(exchange.plan.desk_bind, "101", OTHER) as back:
        back.first_packet = 60_000
        back.wait_ringing(20)
        back.answer()
        wait_for(lambda: back.hears(CALLER), 10, "the talk to go on")
        talk_until_recorded(back, file, 0.5)
        samples = finished(exchange, file)
    assert heard(samples, OPERATOR)
    assert heard(samples, OTHER)
    assert words(tap) == [("started", "")]


def test_who_has_refused_once_and_for_all_hears_no_notice_and_is_not_recorded(
    exchange: LiveExchange, tap: AmiTap, phone: TonePhone, incoming: Callable[[], list[Path]]
) -> None:
    with AgiStub(exchange.plan.agi, exchange.folder, "refuses"):
        exchange.town_call(tap, say="tone", hold="60")
        phone.wait_ringing(15)
        phone.answer()
        wait_for(lambda: phone.hears(CALLER), 5, "the talk")
    assert incoming() == []
    assert words(tap) == [("refused", "standing")]


def test_recording_is_off_by_default(
    exchange: LiveExchange, tap: AmiTap, phone: TonePhone, incoming: Callable[[], list[Path]]
) -> None:
    plan = exchange.plan.recording
    exchange.apply(recording=None)
    try:
        exchange.town_call(tap, say="tone", hold="60")
        phone.wait_ringing(15)
        phone.answer()
        wait_for(lambda: phone.hears(CALLER), 5, "the talk")
        assert incoming() == []
        assert words(tap) == []
    finally:
        exchange.apply(recording=plan)
