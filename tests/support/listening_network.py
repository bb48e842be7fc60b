"""The telephone network with ears: what each call was played, as the order of the tones that stand for the pieces."""

from __future__ import annotations

import struct
import time
from array import array
from collections.abc import Callable, Mapping

from callflow.speech import speakable
from callflow.speech.sound import RATE, wav
from tests.support.network import Arrived, Behaviour, Network
from tests.support.network import _rtp_of as rtp_of
from tests.support.tones import LOUD, WINDOW, linear, sine, strength

CLEAR = 4000.0
"""Half the amplitude of our tones: the beginning of another one, cut off by the window, stays below it."""
_LINEAR = [linear(code) for code in range(256)]


class Tones:
    """A speech engine that says every text as a tone of its own, so that a test hears on the wire which text it was."""

    name = "tones:1"
    title = "тоны"

    def __init__(self, seconds: float = 0.6, longer: float = 1.5) -> None:
        self._seconds, self._longer = seconds, longer
        self.frequencies: dict[str, int] = {}

    def say(self, text: str) -> bytes:
        """A booking's words («Напоминаем …») last longer than the others."""
        frequency = self.frequencies.setdefault(text, 400 + 50 * len(self.frequencies))
        seconds = self._longer if text.startswith("Напоминаем") else self._seconds
        return wav(array("h", sine(frequency, int(RATE * seconds))))

    def tone_of(self, text: str) -> int:
        """The tone of a text that has been said."""
        return self.frequencies[speakable(text)]


class ListeningNetwork(Network):
    """Keeps every call's sound."""

    def __init__(self, behaves: Behaviour | None = None) -> None:
        self._sound: dict[str, list[int]] = {}
        self._pressed: dict[str, int] = {}
        self._came: dict[str, float] = {}
        super().__init__(behaves)

    def order_of(self, call: Arrived, names: Mapping[int, str]) -> list[str]:
        """What the call was played, in order: the name of every tone that lasted for two windows at least."""
        sound = self._sound.get(call.call_id, [])
        found: list[tuple[str, int]] = []
        for start in range(0, len(sound) - WINDOW + 1, WINDOW):
            window = sound[start : start + WINDOW]
            loudest = max(names, key=lambda tone: strength(window, tone))
            name = names[loudest] if strength(window, loudest) > LOUD else ""
            if found and found[-1][0] == name:
                found[-1] = (name, found[-1][1] + 1)
            else:
                found.append((name, 1))
        lasting = [name for name, windows in found if name and windows > 1]
        return [name for place, name in enumerate(lasting) if place == 0 or lasting[place - 1] != name]

    def heard_since(self, call: Arrived, tone: int, since: int) -> Callable[[], bool]:
        """What tells whether this tone has sounded after so many samples of the call; each window is looked at once, so
        that no delay of the one who asks makes it miss a short piece."""
        place = since

        def look() -> bool:
            nonlocal place
            sound = self._sound.get(call.call_id, [])
            while place + WINDOW <= len(sound):
                if strength(sound[place : place + WINDOW], tone) > CLEAR:
                    return True
                place += WINDOW // 2
            return False

        return look

    def is_quiet(self, call: Arrived) -> bool:
        """Whether nothing has come for two seconds: a question has been asked and is waited for. A shorter silence may
        be that of a machine that does much else, in the middle of a word."""
        return time.monotonic() - self._came.get(call.call_id, 0.0) > 2.0

    def press(self, call: Arrived, key: str) -> None:
        """A key by RFC 4733. Stamps and numbers grow from key to key, as a telephone's do: Asterisk passes over a key
        that seems older than the one before."""
        code = "0123456789*#".index(key)
        assert call.rtp is not None
        where = rtp_of(call.invite)
        pressed = self._pressed.get(call.call_id, 0) + 1
        self._pressed[call.call_id] = pressed
        stamp, number = pressed * 16_000, pressed * 100
        for step in range(8):
            end = 0x80 if step >= 5 else 0
            head = struct.pack("!BBHII", 0x80, 101 | (0x80 if step == 0 else 0), number + step, stamp, 7)
            # At once: with 150 ms between two of them, on a machine that does much else, Asterisk hears the key twice.
            call.rtp.sendto(head + struct.pack("!BBH", code, end | 10, 160 * (min(step, 5) + 1)), where)

    def samples(self, call: Arrived) -> int:
        """How much sound has come."""
        return len(self._sound.get(call.call_id, []))

    def _listen(self) -> None:
        while self._alive:
            for call in list(self.calls):
                while call.rtp is not None and call.live:
                    try:
                        packet = call.rtp.recv(2048)
                    except OSError:
                        break
                    if len(packet) > 12 and packet[1] & 0x7F == 8:
                        self._sound.setdefault(call.call_id, []).extend(_LINEAR[code] for code in packet[12:])
                        call.heard += 1
                        self._came[call.call_id] = time.monotonic()
            time.sleep(0.01)
