"""What the exchange's own lists say of the robot's calls."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from telephony import dial_status
from telephony.connection import ActionLike
from telephony.link import ActionRefused
from telephony.snapshot import ChannelNow, Snapshot, WaitingNow
from telephony.wire import Message

FIRST, SECOND = f"att-{'1' * 32}", f"att-{'2' * 32}"


class Exchange:
    """Answers every question with the same."""

    def __init__(self, *answers: Message, refuses: bool = False) -> None:
        self.answers, self.refuses = list(answers), refuses
        self.asked: list[ActionLike] = []

    def send(self, action: ActionLike, timeout: float = 5.0) -> Message:  # noqa: ARG002 - an Asker
        self.asked.append(action)
        return self.answers[0]

    def collect(self, action: ActionLike, timeout: float = 5.0) -> list[Message]:  # noqa: ARG002 - an Asker
        self.asked.append(action)
        if self.refuses:
            raise ActionRefused("Database entry not found")
        return self.answers


def channel(name: str, uniqueid: str, linkedid: str) -> ChannelNow:
    return ChannelNow(
        channel=name, uniqueid=uniqueid, linkedid=linkedid, state="Up", context="", exten="", caller_number="",
        caller_name="", connected_number="", application="", application_data="", duration=1, bridge="",
    )  # fmt: skip


def snapshot(*channels: ChannelNow, waiting: Sequence[WaitingNow] = ()) -> Snapshot:
    return Snapshot(at=datetime.now(UTC), boot="2026-11-12 08:00:00", channels=channels, waiting=tuple(waiting))


def value(text: str) -> Exchange:
    return Exchange(Message.of(("Event", "DBGetResponse"), ("Val", text)))


def test_lines_are_counted_by_the_trunks_channels() -> None:
    waits = WaitingNow(queue="family", channel="x", uniqueid="1.1", linkedid="1.1", position=1, wait=3)
    load = dial_status.load_of(
        snapshot(
            channel("PJSIP/trunk-00000001", "1.1", "1.1"),
            channel("PJSIP/trunk-00000002", "1.2", "1.1"),
            channel("PJSIP/trunk-00000003", "1.3", FIRST),
            channel("Local/go@sd-dial-00000001;1", FIRST, FIRST),
            channel("Local/go@sd-dial-00000001;2", f"{FIRST}-b", FIRST),
            channel("Local/go@sd-dial-00000002;2", f"{SECOND}-b", SECOND),
            channel("PJSIP/town-00000004", "1.4", "1.4"),
            channel("PJSIP/101-00000005", "1.5", "1.1"),
            waiting=[waits],
        )
    )
    assert (load.inbound, load.outbound, load.waiting) == (1, 2, 1)
    assert load.attempts == {FIRST, SECOND}
    assert load.boot == "2026-11-12 08:00:00"


@pytest.mark.parametrize(
    ("note", "passed", "ended"),
    [
        ("1763712000", True, ""),
        ("denied-1763712000", False, ""),
        ("1763712000-BUSY-17-486", True, "BUSY-17-486"),
        ("1763712000-NOANSWER-19-480-rang", True, "NOANSWER-19-480-rang"),
        ("1763712000-NOANSWER-19-480-sang", True, ""),
        ("1763712000-CANCEL", True, "CANCEL"),
        ("1763712000-NOANSWER-0-", True, "NOANSWER-0-"),
        ("1763712000-=HYPERLINK(1)", True, ""),
    ],
)
def test_a_note_of_the_gate_says_whether_a_telephone_may_have_rung(note: str, passed: bool, ended: str) -> None:
    """And, once it is over, how it ended."""
    assert dial_status.gate_note(value(note), FIRST) == dial_status.GateNote(passed, ended)


def test_without_a_note_nothing_passed() -> None:
    assert dial_status.gate_note(Exchange(refuses=True), FIRST) == dial_status.GateNote()
    assert dial_status.stopped(Exchange(refuses=True)) is False
    assert dial_status.stopped(value("1")) is True
    assert dial_status.stopped(value("0")) is False


@pytest.mark.parametrize("ahead", [0.0, 30.0, -30.0])
def test_the_two_clocks_are_compared(ahead: float) -> None:
    answer = Message.of(("Response", "Success"), ("Timestamp", f"{time.time() + ahead:.6f}"))
    skew = dial_status.clock_skew(Exchange(answer))
    assert skew == pytest.approx(ahead, abs=5)
    if not ahead:
        assert abs(skew) < 2


def test_an_exchange_that_does_not_tell_the_time_is_no_clock() -> None:
    with pytest.raises(ActionRefused):
        dial_status.clock_skew(Exchange(Message.of(("Response", "Success"))))


def test_only_old_notes_of_attempts_are_old() -> None:
    notes = [
        ("/sd/stop", "1"),
        (f"/sd/{FIRST}", "1000"),
        (f"/sd/{SECOND}", "denied-1001"),
        (f"/sd/att-{'3' * 32}", "9000"),
        (f"/sd/att-{'5' * 32}", "1002-BUSY-17-486"),
        ("/sd/att-x", "1000"),
        (f"/other/{FIRST}", "1000"),
        (f"/sd/att-{'4' * 32}", "garbage"),
    ]
    exchange = Exchange(*(Message.of(("Event", "DBGetTreeResponse"), ("Key", key), ("Val", val)) for key, val in notes))
    assert dial_status.old_notes(exchange, before=2000) == [FIRST, SECOND, f"att-{'5' * 32}"]
    assert dial_status.old_notes(Exchange(refuses=True), before=2000) == []
