"""The processes' words: one prefixed stream on the screen, one size-limited file for each of them.

Neither a full disk nor a screen stopped with Ctrl-S may stop a process that writes: what cannot be written is counted
and dropped.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import time
from collections import deque
from io import FileIO
from pathlib import Path

COLOURS = (36, 32, 33, 35, 34, 96, 92, 95)
LONGEST_LINE = 8000
SCREEN_LINES = 2000  # waiting for a screen that does not take them
_ATOMIC = 4096  # PIPE_BUF: a write of so much to a pipe is not mixed with others'


class Screen:
    """Lines for people, `name │ text`, coloured where the stream is a terminal (and NO_COLOR is not set)."""

    def __init__(self, descriptor: int, names: list[str]) -> None:
        self.descriptor = _never_blocking(descriptor)
        self.width = max((len(name) for name in names), default=0)
        tty = os.isatty(descriptor) and not os.environ.get("NO_COLOR")
        self.colours = {name: COLOURS[number % len(COLOURS)] if tty else 0 for number, name in enumerate(names)}
        self.waiting: deque[bytes] = deque()
        self.dropped = 0
        self.gone = False

    def line(self, name: str, text: str) -> None:
        """Queue one line and write as much as the screen takes now."""
        prefix = f"{name:<{self.width}} │ "
        if colour := self.colours.get(name, 0):
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        self.text(f"{prefix}{text}\n")

    def text(self, text: str) -> None:
        """Queue text without a prefix."""
        data = text.encode("utf-8", "replace")
        for start in range(0, len(data), _ATOMIC):
            if len(self.waiting) >= SCREEN_LINES:
                self.waiting.popleft()
                self.dropped += 1
            self.waiting.append(data[start : start + _ATOMIC])
        self.flush()

    def flush(self) -> None:
        """Write while the stream takes it without making us wait."""
        while self.waiting and not self.gone:
            try:
                if not select.select([], [self.descriptor], [], 0)[1]:
                    return
                written = os.write(self.descriptor, self.waiting[0])
            except BlockingIOError:
                return
            except OSError:  # the terminal was closed: the files go on
                self.gone = True
                self.waiting.clear()
                return
            if written < len(self.waiting[0]):
                self.waiting[0] = self.waiting[0][written:]
                return
            self.waiting.popleft()
            if self.dropped and not self.waiting:
                self.waiting.append(
                    f"(экран не успевал: пропущено строк – {self.dropped}, в файлах они есть)\n".encode()
                )
                self.dropped = 0


def _never_blocking(descriptor: int) -> int:
    """The same terminal or pipe opened once more: O_NONBLOCK on the one we were given would change our parent's too."""
    kind = os.fstat(descriptor).st_mode
    if not (stat.S_ISCHR(kind) or stat.S_ISFIFO(kind)):
        return descriptor  # a file does not block; for a socket the selector's word must do
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return descriptor


class LogFile:
    """`<name>.log` (0600) with two older generations. Lines carry the UTC time."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self.limit = limit
        self.failed = False
        self._file: FileIO | None = None
        self._size = 0
        with contextlib.suppress(OSError):
            self._open()

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)
        self._file = FileIO(descriptor, "ab")
        self._size = os.fstat(descriptor).st_size

    def line(self, text: str) -> bool:
        """Append; False when the disk refuses (the next line tries again)."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        data = f"{stamp} {text}\n".encode("utf-8", "replace")
        try:
            if self._file is None:
                self._open()
            if self._size + len(data) > self.limit and self._size:
                self._rotate()
            assert self._file is not None  # noqa: S101 - _open and _rotate set it or raise
            self._file.write(data)
            self._size += len(data)
        except OSError:
            self.failed = True
            return False
        self.failed = False
        return True

    def _rotate(self) -> None:
        self.close()
        older = self.path.with_name(f"{self.path.name}.1")
        if older.exists():
            older.replace(self.path.with_name(f"{self.path.name}.2"))
        self.path.replace(older)
        self._open()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Lines:
    """Cuts a byte stream into lines; broken UTF-8 and endless lines do no harm."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The complete lines so far."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        cut = len(self._rest) - len(self._rest) % LONGEST_LINE if len(self._rest) > LONGEST_LINE else 0
        if cut:
            whole.append(self._rest[:cut])
            self._rest = self._rest[cut:]
        return [_clean(line[start : start + LONGEST_LINE]) for line in whole for start in _starts(line)]

    def end(self) -> list[str]:
        """What stood after the last line break."""
        rest, self._rest = self._rest, b""
        return [_clean(rest)] if rest else []


def _starts(line: bytes) -> range:
    return range(0, max(len(line), 1), LONGEST_LINE)


def _clean(line: bytes) -> str:
    """Text without control characters: a process must not steer the administrator's terminal."""
    text = line.decode("utf-8", "replace").rstrip("\r")
    return "".join(character if character.isprintable() or character == "\t" else "�" for character in text)
