"""Who hears whom: phones that each hum a tone of their own, and an ear that tells the tones apart (Goertzel)."""

from __future__ import annotations

import contextlib
import math
import secrets
import struct
import time
import wave
from collections.abc import Sequence
from pathlib import Path

from telephony.config.plan import Address
from tests.support.phone import DeskPhone

RATE = 8000
WINDOW = 800
"""Samples looked at together: a tenth of a second."""
LOUD = 300.0
"""Amplitude (of 32767) from which a tone counts as heard; silence and the codec's noise stay far below."""


def alaw(sample: int) -> int:
    """One 16-bit sample in G.711 A-law."""
    sign, magnitude = (0x80, sample) if sample >= 0 else (0, -sample - 1)
    magnitude = min(magnitude, 32767) >> 4
    if magnitude < 16:
        return (sign | magnitude) ^ 0x55
    exponent = magnitude.bit_length() - 4
    return (sign | (exponent << 4) | ((magnitude >> (exponent - 1)) & 0x0F)) ^ 0x55


def linear(code: int) -> int:
    """One G.711 A-law byte as a 16-bit sample."""
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 0x0F
    value = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return value if code & 0x80 else -value


_LINEAR = [linear(code) for code in range(256)]


def sine(frequency: int, samples: int, amplitude: int = 8000) -> list[int]:
    """A tone; a multiple of 50 Hz fits into 20 ms."""
    return [int(amplitude * math.sin(2 * math.pi * frequency * n / RATE)) for n in range(samples)]


def strength(samples: Sequence[int], frequency: int) -> float:
    """Amplitude of this tone in the sound (Goertzel)."""
    if not samples:
        return 0.0
    factor = 2 * math.cos(2 * math.pi * frequency / RATE)
    last = before = 0.0
    for sample in samples:
        last, before = sample + factor * last - before, last
    power = last * last + before * before - factor * last * before
    return 2 * math.sqrt(max(0.0, power)) / len(samples)


def heard(samples: Sequence[int], frequency: int) -> bool:
    """Whether this tone is anywhere in the sound: gaps of a busy machine do not drown it."""
    windows = (samples[start : start + WINDOW] for start in range(0, max(1, len(samples) - WINDOW + 1), WINDOW))
    return any(strength(window, frequency) > LOUD for window in windows)


def read_wav(path: Path) -> list[int]:
    """The samples of a file of one channel at 8 kHz."""
    with wave.open(str(path)) as file:
        data = file.readframes(file.getnframes())
    return list(struct.unpack(f"<{len(data) // 2}h", data))


def write_tone(path: Path, frequency: int, seconds: float) -> None:
    """A sound file of one tone."""
    samples = sine(frequency, int(RATE * seconds))
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


class TonePhone(DeskPhone):
    """A desk phone that hums `frequency` Hz while it talks and remembers the last second of what it hears."""

    def __init__(self, server: Address, extension: str, frequency: int, **details: object) -> None:
        self._tone = bytes(alaw(sample) for sample in sine(frequency, 160))
        self._ear: list[int] = []
        self.first_packet = 0
        """RTP sequence number to begin with; real phones begin anywhere."""
        self._anew = False
        super().__init__(server, extension, **details)  # type: ignore[arg-type]

    def hears(self, frequency: int) -> bool:
        """Whether this tone was in the last half second."""
        return heard(self._ear[-RATE // 2 :], frequency)

    def begin_anew(self, first_packet: int) -> None:
        """As after hold and back: another sender's mark (SSRC), and packets that count from another number."""
        self.first_packet, self._anew = first_packet, True

    def _talk(self) -> None:
        sequence, stamp, source = 0, 0, secrets.token_bytes(4)
        while self._alive:
            target = self._remote_rtp
            if self._anew:
                self._anew, sequence, stamp, source = False, 0, 0, secrets.token_bytes(4)
            if target and self.sends_rtp:
                packet = (
                    struct.pack("!BBHI", 0x80, 8, (self.first_packet + sequence) & 0xFFFF, stamp & 0xFFFFFFFF)
                    + source
                    + self._tone
                )
                with contextlib.suppress(OSError):
                    self._rtp.sendto(packet, target)
                sequence, stamp = sequence + 1, stamp + 160
            time.sleep(0.02)

    def _listen(self) -> None:
        while self._alive:
            try:
                packet = self._rtp.recv(2048)
            except TimeoutError:
                self._ear.clear()
                continue
            except OSError:
                return
            if len(packet) > 12 and packet[1] & 0x7F == 8:
                self.loud_packets += 1
                self._ear = [*self._ear[-RATE:], *(_LINEAR[code] for code in packet[12:])]
