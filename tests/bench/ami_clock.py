"""When each event came out of Asterisk: a tap that stamps every event as it is read from the wire."""

from __future__ import annotations

import contextlib
import time

from tests.support.ami_tap import AmiTap, Event, _headers


class AmiClock(AmiTap):
    """`stamped` holds (seconds of CLOCK_REALTIME, event) of every event since the login."""

    stamped: list[tuple[float, Event]]

    def _read(self) -> None:
        self.stamped = []
        rest = b""
        with contextlib.suppress(OSError):
            while data := self._socket.recv(1 << 18):
                now = time.time()
                with self._lock:
                    self._raw += data
                    self._lock.notify_all()
                *frames, rest = (rest + data).split(b"\r\n\r\n")
                self.stamped += [(now, _headers(frame)) for frame in frames if frame.startswith(b"Event: ")]

    def first(self, name: str, key: str) -> dict[str, float]:
        """When the event `name` first came, by the value of its header `key`."""
        times: dict[str, float] = {}
        for at, event in list(self.stamped):
            if event.get("Event") == name and key in event:
                times.setdefault(event[key], at)
        return times
