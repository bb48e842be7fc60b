"""Small decisions about recordings: how much may be missing, which names open a file, how long a file sounds."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm.recordings import files
from crm.recordings.filing import shortfall

NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("talked", "recorded", "is_short"),
    [(60, 58, False), (60, 31, False), (60, 29, True), (12, 3, False), (0, 0, False), (600, 0, True)],
)
def test_a_recording_much_shorter_than_the_talk_is_said_to_be(talked: float, recorded: float, is_short: bool) -> None:
    assert bool(shortfall(talked, recorded)) == is_short


@pytest.mark.parametrize(
    "name",
    ["", "a.wav", "../records.db", "2026/11/../../secret.key", "2026/13/" + "0" * 32 + ".wav", "/etc/passwd",
     "2026/11/" + "0" * 32 + ".wav\n", "2026/11/" + "A" * 32 + ".wav", "2026\\11\\" + "0" * 32 + ".wav"],
)  # fmt: skip
def test_only_names_that_we_give_open_a_file(name: str) -> None:
    assert files.stored(Path("/data/recordings"), name) is None


def test_a_new_name_says_nothing_but_the_month() -> None:
    name = files.new_name(NOON)
    assert name.startswith("2026/11/")
    assert files.stored(Path("/data"), name) == Path("/data") / name
    assert files.new_name(NOON) != name


@pytest.mark.parametrize("call", ["../x", "..", "", ".hidden", "a/b", "x" * 200])
def test_a_strange_name_of_a_call_leaves_the_folder_alone(call: str) -> None:
    path = files.incoming(Path("/data/recordings"), call)
    assert path is None or path.parent == Path("/data/recordings/incoming")


def test_the_header_of_a_killed_asterisk_is_mended_when_the_file_is_taken_in(tmp_path: Path) -> None:
    source, target = tmp_path / "call.wav", tmp_path / "2026/11/x.wav"
    sound = b"\1\2" * 8000
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", 0)
    source.write_bytes(head + sound)
    files.take_in(source, target)
    assert not source.exists()
    data = target.read_bytes()
    assert struct.unpack("<I", data[40:44]) == (len(sound),)
    assert struct.unpack("<I", data[4:8]) == (len(data) - 8,)
    assert files.seconds_of(target) == 1.0
    assert target.stat().st_mode & 0o777 == 0o600
