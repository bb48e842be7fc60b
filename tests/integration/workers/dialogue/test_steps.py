"""How a dialogue's steps go over the wire: how long each may last, how far its words came, which key counts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from callflow.dialogues.steps import Ask, Done, HungUp, Key, Say, Silence
from telephony.agi import CallerHungUp, Played
from workers.dialogue.line import Line
from workers.dialogue.prompts import Sound

SOUNDS = {"a": Sound("/a", 1000), "b": Sound("/b", 2000)}


class Wire:
    """Answers every STREAM FILE in turn: (key, milliseconds, whether hung up)."""

    def __init__(self, *answers: tuple[str, int, bool], digit: str = "", gone: bool = False) -> None:
        self.asked: list[tuple[str, int]] = []
        self.allowed: list[int] = []
        self._answers, self._digit, self._gone = iter(answers), digit, gone

    def command(self, verb: str, seconds: int) -> None:
        assert verb == "SET AUTOHANGUP"
        self.allowed.append(seconds)

    def play(self, filename: str, _escape_digits: str = "", sample_offset: int = 0) -> Played:
        self.asked.append((filename, sample_offset))
        key, ms, hung_up = next(self._answers)
        return Played(key, ms * 8, hung_up)

    def wait_for_digit(self, timeout: int) -> str:
        if self._gone:
            raise CallerHungUp
        assert timeout == 7000
        return self._digit


def test_every_step_says_how_long_it_may_last(tmp_path: Path) -> None:
    """A process that is stopped in the middle leaves eight seconds of silence, whatever was said before."""
    wire = Wire(("", 4000, False), ("", 9500, False))
    line = Line.on(wire, {"a": Sound("/a", 4000), "b": Sound("/b", 9500)})  # type: ignore[arg-type]
    line.ask(Ask(("a", "b"), "12"))
    assert wire.allowed == [12, 18, 15]
    line.until = time.monotonic() + 5
    line.allow(60)
    line.until = time.monotonic() - 5
    line.allow(60)
    assert wire.allowed[3] <= 5
    assert wire.allowed[4] == 1


@pytest.mark.parametrize(
    ("wire", "step", "heard", "asked"),
    [
        (
            Wire(("", 1000, False), ("", 2000, False)),
            Say(("a", "b")),
            Done(3000, 3000),
            [("/a", 0), ("/b", 0)],
        ),
        (
            Wire(("", 1000, False), ("5", 500, False)),
            Say(("a", "b"), "5"),
            Key(1500, 3000, "5"),
            [("/a", 0), ("/b", 0)],
        ),
        (Wire(("", 1000, False), ("", 600, True)), Say(("a", "b")), HungUp(1600, 3000), [("/a", 0), ("/b", 0)]),
        (Wire(("1", 40, False), ("", 1000, False)), Ask(("a",), "1"), Silence(1000, 1000), [("/a", 0), ("/a", 320)]),
        (Wire(("1", 299, False), ("2", 301, False)), Ask(("a",), "1"), Key(301, 1000, "2"), [("/a", 0), ("/a", 2392)]),
        (Wire(("", 1000, False), digit="4"), Ask(("a",), "4"), Key(1000, 1000, "4"), [("/a", 0)]),
        (Wire(("", 1000, False), gone=True), Ask(("a",), "4"), HungUp(1000, 1000), [("/a", 0)]),
        (Wire(("", 1700, False)), Say(("a",)), Done(1000, 1000), [("/a", 0)]),
        (Wire(), Say(()), Done(0, 0), []),
    ],
)
def test_how_far_the_words_came_and_which_key_counts(
    wire: Wire, step: Say | Ask, heard: object, asked: list[tuple[str, int]]
) -> None:
    line = Line.on(wire, SOUNDS)  # type: ignore[arg-type]
    assert (line.say(step) if isinstance(step, Say) else line.ask(step)) == heard
    assert wire.asked == asked
