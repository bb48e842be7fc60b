"""Sounds as telephones play them: WAV, 8 kHz, one channel, 16 bits. Pure: bytes in, bytes out.

What a speech program or a person brings may have any rate up to 192 kHz, any number of channels, 8 to 32 bits or
floating point, and sizes in its header that nobody has ever filled in (reliability.md B72). What cannot be read is
refused with a sentence that says what to bring instead.
"""

from __future__ import annotations

import math
import struct
from array import array
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

RATE: Final = 8000
LONGEST_SECONDS: Final = 180.0
SHORTEST_SECONDS: Final = 0.2
SILENCE: Final = 200
"""A peak below this (of 32767) is nobody's voice."""
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_FLIP: Final = bytes(value ^ 0x80 for value in range(256))


class BadSound(Exception):
    """No sound that we can play; `str()` is a Russian sentence for the screen."""


@dataclass(frozen=True)
class _Format:
    tag: int
    channels: int
    rate: int
    bits: int


def telephone_sound(content: bytes, *, longest: float = 0.0) -> bytes:
    """Any WAV file as one of 8 kHz mono; of several channels the first. `longest` seconds, 0: any length.

    Raises BadSound.
    """
    form, data = _chunks(content)
    if not 1 <= form.channels <= 8 or not RATE <= form.rate <= 192_000:
        raise BadSound("Такой звук не подходит: нужны 8000–192000 отсчётов в секунду. Сохраните файл как WAV заново.")
    width = form.bits // 8
    if (form.tag, form.bits) not in ((_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32)):
        raise BadSound("Сжатый звук не подходит. Сохраните файл как WAV, PCM, 16 бит.")
    frames = len(data) // (width * form.channels)
    if not frames:
        raise BadSound("В файле нет звука, только заголовок. Запишите фразу заново.")
    if longest and frames / form.rate > longest:
        raise BadSound(f"Запись длиннее {longest / 60:g} минут. Для фразы по телефону это слишком долго: сократите её.")
    samples = _sixteen_bits(data[: frames * width * form.channels], form)
    return wav(_resampled(samples[:: form.channels], form.rate))


def fit_for_a_phrase(content: bytes) -> bytes:
    """A recorded phrase as it is kept: at most three minutes, somebody's voice in it. Raises BadSound."""
    sound = telephone_sound(content, longest=LONGEST_SECONDS)
    if seconds_of(sound) < SHORTEST_SECONDS:
        raise BadSound("Запись слишком короткая: в ней ничего нельзя сказать. Запишите фразу заново.")
    if peak_of(sound) < SILENCE:
        raise BadSound("В записи тишина. Проверьте микрофон и запишите фразу заново.")
    return sound


def wav(samples: array[int]) -> bytes:
    """Samples of 8 kHz as a file."""
    data = samples.tobytes()
    form = struct.pack("<IHHIIHH", 16, _PCM, 1, RATE, 2 * RATE, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data)) + data
    )


def samples_of(sound: bytes) -> array[int]:
    """The samples of a file of ours. Raises BadSound for another."""
    form, data = _chunks(sound)
    if form != _Format(_PCM, 1, RATE, 16):
        raise BadSound("Это не телефонный звук.")
    return array("h", data[: len(data) // 2 * 2])


def seconds_of(sound: bytes) -> float:
    """How long a file of ours sounds. Raises BadSound."""
    return len(samples_of(sound)) / RATE


def peak_of(sound: bytes) -> int:
    """The loudest sample of a file of ours, 0…32768. Raises BadSound."""
    return max((abs(sample) for sample in samples_of(sound)), default=0)


def loudness_of(sound: bytes) -> float:
    """The root mean square of a file of ours, 0…32768: how much voice there is in it. Raises BadSound."""
    samples = samples_of(sound)
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) if samples else 0.0


def _chunks(content: bytes) -> tuple[_Format, bytes]:
    """The format and the samples. Sizes are believed only as far as the file goes: a pipe leaves huge ones."""
    if len(content) < 12 or content[:4] not in (b"RIFF", b"RF64") or content[8:12] != b"WAVE":
        raise BadSound("Это не WAV-файл. Сохраните запись в формате WAV: имя файла само по себе его не меняет.")
    at, form = 12, None
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt " and len(body) >= 16:
            tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            if tag == _EXTENSIBLE and len(body) >= 26:
                tag = int.from_bytes(body[24:26], "little")
            form = _Format(tag, channels, rate, bits)
        elif name == b"data":
            if form is None:
                break
            # Asterisk writes the size when it closes the file: of one that it never closed, all that follows.
            return form, body if size else content[at + 8 :]
        at += 8 + size + size % 2
    raise BadSound("WAV-файл повреждён или пуст: в нём нет звука. Запишите фразу заново.")


def _sixteen_bits(data: bytes, form: _Format) -> array[int]:
    """The samples with 16 bits each; of wider ones the upper two bytes."""
    if form.tag == _FLOAT:
        floats = array("f", data)
        return array("h", (round(max(-1.0, min(1.0, one)) * 32767) if math.isfinite(one) else 0 for one in floats))
    width = form.bits // 8
    if width == 2:
        return array("h", data)
    out = bytearray(len(data) // width * 2)
    if width == 1:
        out[1::2] = data.translate(_FLIP)
    else:
        out[0::2], out[1::2] = data[width - 2 :: width], data[width - 1 :: width]
    return array("h", bytes(out))


def _resampled(samples: array[int], rate: int) -> array[int]:
    """Each new sample is the mean of the old ones it stands for: a simple low-pass that speech does not mind."""
    if rate == RATE:
        return samples
    step = rate / RATE
    count = int(len(samples) / step)
    bounds = [round(index * step) for index in range(count + 1)]
    return array("h", (sum(samples[a:b]) // (b - a) if b > a else samples[a] for a, b in pairwise(bounds)))
