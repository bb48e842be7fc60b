"""Any WAV file as a telephone's, or a sentence why not (reliability.md B72)."""

import math
import struct
from array import array
from itertools import pairwise

import pytest

from callflow.speech.sound import (
    BadSound,
    fit_for_a_phrase,
    loudness_of,
    peak_of,
    samples_of,
    seconds_of,
    telephone_sound,
    wav,
)


def tone(rate: int = 22050, seconds: float = 1.0, level: float = 10000) -> list[int]:
    return [round(level * math.sin(2 * math.pi * 440 * index / rate)) for index in range(int(rate * seconds))]


def riff(data: bytes, rate: int = 22050, *, channels: int = 1, bits: int = 16, tag: int = 1, sizes: int = -1) -> bytes:
    width = bits // 8 * channels
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * width, width, bits)
    size = len(data) if sizes < 0 else sizes
    head = struct.pack("<I", size + 36) + b"WAVEfmt " + struct.pack("<I", 16) + form
    return b"RIFF" + head + b"data" + struct.pack("<I", size) + data


def wide(samples: list[int], bits: int) -> bytes:
    if bits == 8:
        return bytes((sample >> 8) + 128 for sample in samples)
    if bits == 24:
        return b"".join((sample << 8).to_bytes(3, "little", signed=True) for sample in samples)
    if bits == 32:
        return array("i", (sample << 16 for sample in samples)).tobytes()
    return array("h", samples).tobytes()


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 96000])
@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_a_tone_keeps_its_pitch_its_length_and_its_loudness(rate: int, bits: int) -> None:
    samples = samples_of(telephone_sound(riff(wide(tone(rate), bits), rate, bits=bits)))
    assert len(samples) == 8000
    crossings = sum(1 for a, b in pairwise(samples) if a < 0 <= b)
    assert abs(crossings - 440) <= 1
    assert 9000 < max(samples) <= 10100


def test_floating_point_is_read_and_bounded() -> None:
    floats = array("f", [0.5, -0.5, 7.0, float("nan")] * 2000)
    samples = samples_of(telephone_sound(riff(floats.tobytes(), 8000, bits=32, tag=3)))
    assert list(samples[:4]) == [16384, -16384, 32767, 0]


def test_of_two_channels_the_first_is_heard() -> None:
    sound = telephone_sound(riff(array("h", [5000, -5000] * 22050).tobytes(), channels=2))
    assert set(samples_of(sound)) == {5000}


@pytest.mark.parametrize("sizes", [0, 0x7FFFFFFF, 10])
def test_wrong_sizes_are_believed_as_far_as_the_file_goes(sizes: int) -> None:
    sound = telephone_sound(riff(array("h", [1000] * 8000).tobytes(), 8000, sizes=sizes))
    assert len(samples_of(sound)) == (5 if sizes == 10 else 8000)


def test_other_chunks_before_the_sound_are_passed_over() -> None:
    whole = riff(array("h", [1000] * 8000).tobytes(), 8000)
    listed = whole[:36] + b"LIST" + struct.pack("<I", 5) + b"INFO1\0" + whole[36:]
    assert len(samples_of(telephone_sound(listed))) == 8000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "не WAV"),
        (b"RIFF", "не WAV"),
        (b"ID3\x03" + bytes(4000), "не WAV"),  # mp3 renamed
        (b"<html><body>RIFF</body></html>", "не WAV"),
        (riff(b""), "только заголовок"),
        (riff(b"")[:40], "повреждён"),
        (riff(bytes(100), tag=6, bits=8), "Сжатый"),
        (riff(bytes(100), bits=12), "Сжатый"),
        (riff(bytes(100), channels=0), "не подходит"),
        (riff(bytes(100), rate=1000), "не подходит"),
        (riff(wide(tone(8000, 0.1), 16), 8000), "слишком короткая"),
        (riff(bytes(32000), 8000), "тишина"),
        (riff(bytes(2 * 8000 * 181), 8000), "длиннее 3 минут"),
    ],
)
def test_what_is_no_phrase_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadSound, match=sentence):
        fit_for_a_phrase(content)


def test_what_is_kept_is_a_file_of_ours() -> None:
    sound = fit_for_a_phrase(riff(wide(tone(44100), 24), 44100, bits=24))
    assert telephone_sound(sound) == sound
    assert (seconds_of(sound), peak_of(sound) > 9000) == (1.0, True)
    assert 6000 < loudness_of(sound) < 7500
    assert wav(samples_of(sound)) == sound
