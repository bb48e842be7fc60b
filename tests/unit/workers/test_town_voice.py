"""Text as a telephone sound; the speech program is a stand-in here, the real one is in tests/asterisk."""

import stat
import wave
from array import array
from io import BytesIO
from pathlib import Path

import pytest

from workers.provision.speech import SpeechProgram
from workers.speech.port import SpeechError
from workers.town_voice import speak


def wav(samples: list[int], rate: int = 22050, channels: int = 1) -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array("h", samples).tobytes())
    return out.getvalue()


def heard(sound: bytes) -> tuple[int, int, array]:
    with wave.open(BytesIO(sound)) as file:
        return file.getframerate(), file.getnchannels(), array("h", file.readframes(file.getnframes()))


def test_the_same_words_are_spoken_once_and_kept_for_ourselves(tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(wav([1000] * 22050))
    program = tmp_path / "speech"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/said; echo x >> {tmp_path}/times; cat {tmp_path}/tone.wav\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    words = "-f /etc/passwd; $(id) Алло"
    names = {speak(SpeechProgram([str(program)]), words, tmp_path / "town") for _ in range(2)}
    (name,) = names
    assert (tmp_path / "said").read_text() == words, "on standard input, as it is"
    assert (tmp_path / "times").read_text() == "x\n"
    assert len(heard((tmp_path / "town" / f"{name}.wav").read_bytes())[2]) == 8000
    assert name.replace("-", "").isalnum()


def test_a_program_that_fails_is_an_error_not_a_silent_call(tmp_path: Path) -> None:
    with pytest.raises(SpeechError):
        speak(SpeechProgram(["false"]), "Алло", tmp_path)
    with pytest.raises(SpeechError):
        speak(SpeechProgram([str(tmp_path / "absent")]), "Алло", tmp_path)
    assert list(tmp_path.iterdir()) == []
