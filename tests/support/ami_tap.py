"""A plain AMI connection for tests: keeps every byte, so that a test can look at what was really said."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from telephony.config.plan import Address
from tests.support.wait import patient

Event = dict[str, str]


class AmiTap:
    """Logs in, then reads in a thread until closed. Independent of telephony.ami on purpose: tests compare the two."""

    def __init__(self, address: Address, user: str, secret: str) -> None:
        self._socket = socket.create_connection((address.host, address.port), 5)
        self._lock = threading.Condition()
        self._raw = bytearray()
        self._closed = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.send([("Action", "Login"), ("Username", user), ("Secret", secret)])
        self.wait(lambda frame: frame.get("Message") == "Authentication accepted", 5)

    def send(self, headers: list[tuple[str, str]]) -> None:
        self._socket.sendall("".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n")

    @property
    def raw(self) -> bytes:
        """Every byte so far."""
        with self._lock:
            return bytes(self._raw)

    def frames(self) -> list[Event]:
        """Events and responses so far, headers split at CRLF as Asterisk ends them."""
        return [_headers(frame) for frame in self.raw.split(b"\r\n\r\n")[:-1]]

    def events(self, *names: str) -> list[Event]:
        """Events so far, those of the given names or all."""
        return [frame for frame in self.frames() if "Event" in frame and (not names or frame["Event"] in names)]

    def wait(self, matches: Callable[[Event], object], limit: float = 10.0) -> Event:
        """The first frame that matches. Raises AssertionError when none came in `limit` seconds."""
        end = time.monotonic() + patient(limit)
        with self._lock:
            while True:
                for frame in [_headers(part) for part in bytes(self._raw).split(b"\r\n\r\n")[:-1]]:
                    if matches(frame):
                        return frame
                left = end - time.monotonic()
                if left <= 0 or self._closed:
                    raise AssertionError(f"no such event in {patient(limit):g} s")
                self._lock.wait(left)

    def wait_event(self, name: str, limit: float = 10.0, **headers: str) -> Event:
        """The first event of that name with those headers."""
        return self.wait(
            lambda frame: frame.get("Event") == name and all(frame.get(key) == value for key, value in headers.items()),
            limit,
        )

    def forget(self) -> None:
        """Begins anew, between two parts of a test."""
        with self._lock:
            end = self._raw.rfind(b"\r\n\r\n")
            del self._raw[: end + 4 if end >= 0 else 0]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _read(self) -> None:
        self._socket.settimeout(None)
        with contextlib.suppress(OSError):
            while data := self._socket.recv(1 << 20):
                with self._lock:
                    self._raw += data
                    self._lock.notify_all()
        with self._lock:
            self._closed = True
            self._lock.notify_all()


def _headers(frame: bytes) -> Event:
    headers: Event = {}
    for line in frame.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name, value.removeprefix(" "))
    return headers
