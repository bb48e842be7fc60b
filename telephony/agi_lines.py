"""Lines of AGI over a socket or over a pair of streams, each read with a limit of time and of length."""

import socket
import struct
import time
from typing import BinaryIO, Protocol

from telephony.agi_wire import REPLY_LIMIT


class AgiLines(Protocol):
    """Where an AGI session reads and writes.

    `read_line` gives a line without its end and raises TimeoutError, EOFError (also for a line cut by EOF) and
    ValueError (longer than 8 KB); `write` raises OSError. `waiting` tells of bytes that came and were not read.
    """

    def read_line(self, timeout: float) -> str: ...

    def write(self, data: bytes) -> None: ...

    @property
    def waiting(self) -> bool: ...


class SocketLines:
    """Over a blocking socket. The limit of time is the kernel's, which saves a system call for every line."""

    def __init__(self, connection: socket.socket, begun: bytes = b"") -> None:
        self._connection = connection
        self._buffer = begun
        self._limit = 0.0

    @property
    def waiting(self) -> bool:
        return bool(self._buffer)

    def read_line(self, timeout: float) -> str:
        self._limit_to(timeout)
        end = 0.0
        while b"\n" not in self._buffer:
            if len(self._buffer) > REPLY_LIMIT:
                raise ValueError("line too long")
            if self._buffer and not end:
                end = time.monotonic() + timeout
            elif end:
                # A peer that trickles must not begin the time anew with every byte.
                self._limit_to(end - time.monotonic())
            try:
                data = self._connection.recv(4096)
            except BlockingIOError:
                raise TimeoutError from None
            except OSError:
                raise EOFError from None
            if not data:
                raise EOFError
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.replace(b"\0", b"").decode("utf-8", "replace").rstrip("\r")

    def write(self, data: bytes) -> None:
        self._connection.sendall(data)

    def _limit_to(self, timeout: float) -> None:
        if timeout <= 0:
            raise TimeoutError
        if timeout != self._limit:
            seconds, fraction = divmod(max(timeout, 0.001), 1)
            value = struct.pack("ll", int(seconds), int(fraction * 1_000_000))
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
            self._limit = timeout


class StreamLines:
    """Over rfile and wfile (a classic AGI process, a test). The stream itself has to limit the time."""

    def __init__(self, rfile: BinaryIO, wfile: BinaryIO) -> None:
        self._rfile = rfile
        self._wfile = wfile

    @property
    def waiting(self) -> bool:
        return False

    def read_line(self, timeout: float) -> str:  # noqa: ARG002 - part of the protocol
        line = self._rfile.readline(REPLY_LIMIT + 1)
        if len(line) > REPLY_LIMIT:
            raise ValueError("line too long")
        if not line.endswith(b"\n"):
            raise EOFError
        return line.replace(b"\0", b"").decode("utf-8", "replace").rstrip("\r\n")

    def write(self, data: bytes) -> None:
        self._wfile.write(data)
        self._wfile.flush()
