"""Events of the exchange that get lost, come twice and change places on their way (reliability.md F7)."""

from __future__ import annotations

import random

_KEPT = (b"Event: FullyBooted", b"Event: Shutdown")
"""Parts of the session itself: without the first there is none."""


class Mangler:
    """One connection's stream from the exchange, frame by frame; answers and lists, which carry an ActionID, stay."""

    def __init__(self, rng: random.Random, *, lose: float = 0.1, repeat: float = 0.1, late: float = 0.2) -> None:
        self._rng = rng
        self._lose, self._repeat, self._late = lose, repeat, late
        self._rest = b""
        self._greeted = False
        self._held: list[tuple[int, bytes]] = []

    def __call__(self, data: bytes) -> bytes:
        """What passes of it now. A frame that is late comes up to five frames later."""
        if not self._greeted:
            self._greeted = True
            return data  # the banner, a line without a frame: the exchange says nothing more before we do
        passed = b""
        *frames, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for frame in frames:
            passed += b"".join(one + b"\r\n\r\n" for one in self._fate(frame))
            self._held = [(left - 1, one) for left, one in self._held]
            passed += b"".join(one + b"\r\n\r\n" for left, one in self._held if left <= 0)
            self._held = [(left, one) for left, one in self._held if left > 0]
        return passed

    def _fate(self, frame: bytes) -> list[bytes]:
        if not frame.startswith(b"Event: ") or frame.startswith(_KEPT) or b"\nActionID: " in frame:
            return [frame]
        chance = self._rng.random()
        if chance < self._lose:
            return []
        if chance < self._lose + self._repeat:
            return [frame, frame]
        if chance < self._lose + self._repeat + self._late:
            self._held.append((self._rng.randint(1, 5), frame))
            return []
        return [frame]
