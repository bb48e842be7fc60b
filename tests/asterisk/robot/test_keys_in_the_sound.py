"""A rating entered by a telephone whose provider knows no key events: its tones are in the sound (domain.md §9.3)."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.asking_robot import ASKED, Asking
from tests.support.listening_network import ListeningNetwork, rtp_of
from tests.support.network import Arrived, Behaviour
from tests.support.tones import alaw, sine

FRAME = 160
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
KEYS = ("123", "456", "789", "*0#")
PRESSED, RELEASED = 6, 5
"""Frames of 20 ms."""
pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("patient_start")]


class Tones(ListeningNetwork):
    """Offers sound only, and presses keys in it."""

    def _sdp(self, call: Arrived) -> str:
        lines = super()._sdp(call).splitlines()
        kept = [line.replace(" 8 101", " 8") for line in lines if "101" not in line or line.startswith("m=")]
        return "\r\n".join(kept) + "\r\n"

    def press(self, call: Arrived, key: str) -> None:
        row = next(place for place, keys in enumerate(KEYS) if key in keys)
        tone = [sum(pair) for pair in zip(*(sine(one, FRAME * PRESSED) for one in self._pair(row, key)), strict=True)]
        samples = tone + [0] * FRAME * RELEASED
        number = self._pressed.get(call.call_id, 0)
        self._pressed[call.call_id] = number + PRESSED + RELEASED
        assert call.rtp is not None
        where = rtp_of(call.invite)
        for step in range(PRESSED + RELEASED):
            head = struct.pack(
                "!BBHII", 0x80, 8 | (0x80 if step == 0 else 0), number + step, (number + step) * FRAME, 7
            )
            frame = samples[step * FRAME : (step + 1) * FRAME]
            call.rtp.sendto(head + bytes(alaw(one) for one in frame), where)
            time.sleep(0.02)

    @staticmethod
    def _pair(row: int, key: str) -> tuple[int, int]:
        return ROWS[row], COLUMNS[KEYS[row].index(key)]


@pytest.fixture(scope="module")
def network() -> Iterator[Tones]:
    with Tones(Behaviour(talk=None)) as network:
        yield network


@pytest.fixture
def robot(robot_of: Callable[[type[Asking]], Asking]) -> Asking:
    return robot_of(Asking)


def test_ten_in_tones_is_ten(robot: Asking) -> None:
    call = robot.asked()
    robot.enter(call, "10#")
    robot.press(call, "echo:10 1")
    robot.over(call)
    assert robot.heard(call) == [*ASKED, "echo:10", "survey_thanks"]
    assert robot.column_8() == ("closed", "10")


def test_a_star_in_tones_is_a_refusal(robot: Asking) -> None:
    call = robot.asked()
    robot.enter(call, "*")
    robot.over(call)
    assert robot.column_8() == ("closed", "отказ от оценки")
