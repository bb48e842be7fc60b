"""Text as a telephone sound; the speech program is a stand-in here, the real one is in tests/asterisk."""

import math
import stat
import wave
from array import array
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest

from workers.provision.speech import SpeechProgram
from workers.town_voice import VoiceError, speak, telephone_sound


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


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100])
def test_a_tone_keeps_its_pitch_its_length_and_its_loudness(rate: int) -> None:
    tone = [round(10000 * math.sin(2 * math.pi * 440 * index / rate)) for index in range(rate)]
    new_rate, channels, samples = heard(telephone_sound(wav(tone, rate)))
    assert (new_rate, channels, len(samples)) == (8000, 1, 8000)
    crossings = sum(1 for a, b in pairwise(samples) if a < 0 <= b)
    assert abs(crossings - 440) <= 1
    assert 9000 < max(samples) <= 10000


def test_of_two_channels_the_first_is_heard() -> None:
    assert set(heard(telephone_sound(wav([5000, -5000] * 22050, channels=2)))[2]) == {5000}


def test_a_header_without_sizes_as_a_pipe_leaves_it_is_read() -> None:
    whole = wav([1000] * 22050)
    endless = whole[:4] + b"\xff\xff\xff\x7f" + whole[8:40] + b"\xff\xff\xff\x7f" + whole[44:]
    assert len(heard(telephone_sound(endless))[2]) == 8000


@pytest.mark.parametrize("rubbish", [b"", b"RIFF", b"<html>", wav([]), wav([1] * 100, rate=1000)])
def test_what_is_no_sound_is_refused(rubbish: bytes) -> None:
    with pytest.raises(VoiceError):
        telephone_sound(rubbish)


def test_the_same_words_are_spoken_once_and_kept_for_ourselves(tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(wav([1000] * 22050))
    program = tmp_path / "speech"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/said; echo x >> {tmp_path}/times; cat {tmp_path}/tone.wav\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    words = "-f /etc/passwd; $(id) Здравствуйте!"
    names = {speak(SpeechProgram([str(program)]), words, tmp_path / "town") for _ in range(2)}
    (name,) = names
    assert (tmp_path / "said").read_text() == words, "on standard input, as it is"
    assert (tmp_path / "times").read_text() == "x\n"
    assert len(heard((tmp_path / "town" / f"{name}.wav").read_bytes())[2]) == 8000
    assert name.replace("-", "").isalnum()


def test_a_program_that_fails_is_an_error_not_a_silent_call(tmp_path: Path) -> None:
    with pytest.raises(VoiceError):
        speak(SpeechProgram(["false"]), "Алло", tmp_path)
    with pytest.raises(VoiceError):
        speak(SpeechProgram([str(tmp_path / "absent")]), "Алло", tmp_path)
    assert list(tmp_path.iterdir()) == []
