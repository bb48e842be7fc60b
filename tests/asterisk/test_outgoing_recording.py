"""Whom an operator calls is told of the recording before it begins, and may refuse, as in a talk that comes in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.outgoing.orders import Order
from telephony.config.plan import LinePlan, Member, QueuePlan, RecordingPlan, TownPartyPlan, VoicePlan
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, LiveExchange, operator
from tests.support.tones import TonePhone, heard, read_wav, write_tone
from tests.support.wait import wait_for
from workers.outgoing import order_headers

OPERATOR = 1000
ANSWERS, REFUSES = "+79070000901", "+79070000902"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveExchange]:
    folder = tmp_path_factory.mktemp("sound")
    write_tone(folder / "prompts/notice.wav", 300, 6)
    (folder / "incoming").mkdir()
    with LiveExchange(
        staff=(operator("101"), operator("102")),
        queues=(QueuePlan(name="family", members=(Member(extension="101"),)),),
        lines=(LinePlan(did=DID, queue="family"),),
        voices=(VoicePlan(queue="family", prompts=folder / "prompts", messages=folder / "messages"),),
        recording=RecordingPlan(folder=folder / "incoming", queues=("family",)),
        town=(TownPartyPlan(number=ANSWERS), TownPartyPlan(number=REFUSES, behaviour="presses:9")),
    ) as exchange:
        yield exchange


@pytest.fixture
def folder(exchange: LiveExchange) -> Iterator[Path]:
    assert exchange.plan.recording is not None
    yield exchange.plan.recording.folder
    exchange.reset()
    for file in exchange.plan.recording.folder.glob("*.wav"):
        file.unlink()


def words(tap: AmiTap) -> list[tuple[str, str]]:
    said = [event for event in tap.events("UserEvent") if event.get("Subject") == "recording"]
    return [(event["State"], event.get("Detail", "")) for event in said]


def call(exchange: LiveExchange, tap: AmiTap, number: str, *, against: bool = False) -> None:
    tap.send(order_headers(Order(7, "out-recorded", "101", number, DID, against)))


def talking(tap: AmiTap, phone: TonePhone) -> None:
    phone.wait_ringing()
    phone.answer()
    tap.wait_event("UserEvent", 15, Subject="outgoing", State="answered")


def test_after_the_notice_both_are_recorded(exchange: LiveExchange, tap: AmiTap, folder: Path) -> None:
    with TonePhone(exchange.plan.desk_bind, "101", OPERATOR) as phone:
        call(exchange, tap, ANSWERS)
        talking(tap, phone)
        assert not list(folder.glob("*.wav")), "not before the notice has been heard"
        wait_for(lambda: words(tap) == [("started", "")], 20, "the recording")
        file = folder / "out-recorded.wav"
        wait_for(lambda: file.exists() and file.stat().st_size > 40_000, 15, "something to be recorded")
        phone.hang_up()
        wait_for(lambda: not exchange.channels(), 10)
        samples = read_wav(file)
        assert heard(samples, OPERATOR)
        assert not heard(samples, 300), "the notice itself"


def test_who_presses_nine_is_not_recorded_and_the_talk_goes_on(
    exchange: LiveExchange, tap: AmiTap, folder: Path
) -> None:
    with TonePhone(exchange.plan.desk_bind, "101", OPERATOR) as phone:
        call(exchange, tap, REFUSES)
        talking(tap, phone)
        wait_for(lambda: words(tap) == [("refused", "key")], 20, "the refusal")
        assert not list(folder.glob("*.wav"))
        assert phone.state == "talking"


def test_a_family_that_has_refused_for_good_hears_no_notice(exchange: LiveExchange, tap: AmiTap, folder: Path) -> None:
    with TonePhone(exchange.plan.desk_bind, "101", OPERATOR) as phone:
        call(exchange, tap, ANSWERS, against=True)
        talking(tap, phone)
        wait_for(lambda: words(tap) == [("refused", "standing")], 10, "the refusal")
        assert not list(folder.glob("*.wav"))
