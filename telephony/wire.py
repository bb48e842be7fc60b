"""AMI bytes to messages and back, without a socket.

Reading is lazy, because an exchange says far more than anybody listens to: the stream is cut into frames in bulk, and a
frame is searched for a header only when somebody asks for it.

The first line of a connection (the banner) shows how the peer ends its lines. A peer that says CRLF, as Asterisk does,
is then held to it: a bare LF stays inside the value where it stood. Were it a line end, whoever sets a channel variable
could write headers and whole events of his own.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from telephony.variables import is_variable_name

FRAME_LIMIT: Final = 64 * 1024
"""Longest frame in bytes; a longer one is not AMI (reliability B5)."""
LINE_LIMIT: Final = 1024
"""Longest line Asterisk accepts, in bytes with its CRLF (manager.c `inbuf`)."""

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_UNSAFE_TEXT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# `Variable: a=1,b=2` is two variables to Asterisk, and quotes, brackets and backslashes are read there as well.
_PLAIN_VALUE = re.compile(r"[ !#%&*+\-./0-9:;<=>?@A-Z^_`a-z|~]*")
_C_ESCAPE = re.compile(r"\\([abfnrtv\\'\"?])")
_C_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class ProtocolError(Exception):
    """The peer does not speak AMI; the connection is to be dropped."""


class UnsafeValue(ValueError):
    """A value that would change the meaning of the line it stands in. Raised before a byte leaves."""


class Message:
    """One event or response. Header names are case-sensitive first, then compared without case.

    `repr` shows only what kind of message it is: headers hold names and numbers of people.
    """

    __slots__ = ("_headers", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._headers: dict[str, list[str]] | None = None

    @classmethod
    def of(cls, *headers: tuple[str, str]) -> "Message":
        """A message made of headers, for tests and fixtures."""
        return cls("\r\n".join(f"{name}: {value}" for name, value in headers).encode())

    @property
    def event(self) -> str:
        """Name of the event, empty for a response."""
        return self.get("Event")

    @property
    def response(self) -> str:
        return "" if self.event else self.get("Response")

    @property
    def action_id(self) -> str:
        return self.get("ActionID")

    @property
    def succeeded(self) -> bool:
        return self.response in ("Success", "Follows", "Goodbye")

    @property
    def output(self) -> str:
        """What a CLI command printed: its `Output:` lines (Asterisk 14 and later), joined."""
        return "\n".join(self.all("Output"))

    def get(self, name: str, default: str = "") -> str:
        """First value of a header."""
        if self._headers is None:
            raw = self.raw
            first, within = _sought(name)
            if raw.startswith(first):
                start = len(first)
            else:
                start = raw.find(within)
                start = start + len(within) if start >= 0 else -1
            if start >= 0:
                end = raw.find(b"\r\n", start)
                return (raw[start:] if end < 0 else raw[start:end]).decode("utf-8", "replace").strip()
        values = self.all(name)
        return values[0] if values else default

    def all(self, name: str) -> list[str]:
        """Every value of a repeated header, in order."""
        headers = self._parsed()
        found = headers.get(name)
        if found is not None:
            return list(found)
        lowered = name.lower()
        return [value for key, values in headers.items() if key.lower() == lowered for value in values]

    def single(self, name: str) -> str | None:
        """The only value of a header; None when it is missing, empty or said in two ways (a sign of forgery)."""
        values = set(self.all(name))
        return values.pop() or None if len(values) == 1 else None

    def chan_variables(self, channel: str = "") -> dict[str, str]:
        """`ChanVariable: name=value` headers; with a channel, those of `ChanVariable(channel):`."""
        name = f"ChanVariable({channel})" if channel else "ChanVariable"
        pairs = (value.partition("=") for value in self.all(name))
        return {key.strip(): value.strip() for key, _, value in pairs}

    def __getitem__(self, name: str) -> str:
        if name not in self:
            raise KeyError(name)
        return self.get(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.all(name))

    def items(self) -> Iterator[tuple[str, str]]:
        """Headers in the order of the first occurrence of each name."""
        return ((name, value) for name, values in self._parsed().items() for value in values)

    # pyst2's names, which its action methods call
    def has_header(self, name: str) -> bool:
        return name in self

    def get_header(self, name: str, default: str = "") -> str:
        return self.get(name, default)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and list(self.items()) == list(other.items())

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"<Message {self.event or self.response or '?'}>"

    def _parsed(self) -> dict[str, list[str]]:
        if self._headers is None:
            headers: dict[str, list[str]] = {}
            for line in self.raw.decode("utf-8", "replace").split("\r\n"):
                name, colon, value = line.partition(":")
                name = name.strip()
                if colon and name:
                    headers.setdefault(name, []).append(value.strip())
            self._headers = headers
        return self._headers


@lru_cache(maxsize=256)
def _sought(name: str) -> tuple[bytes, bytes]:
    """A header's name as a frame begins with it, and as it stands at the beginning of a later line."""
    return f"{name}: ".encode(), f"\r\n{name}: ".encode()


class AmiParser:
    """Cuts a stream into messages; fed with pieces of any size, it gives the same messages."""

    def __init__(self, frame_limit: int = FRAME_LIMIT) -> None:
        self.banner = ""
        self.dropped = 0
        """Frames that were neither an event nor a response."""
        self._frame_limit = frame_limit
        self._tail = b""
        self._begun = False
        self._bare_lf = False

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by `data`. Raises ProtocolError when a frame passes the limit."""
        if b"\0" in data:
            data = data.replace(b"\0", b"")
        if self._bare_lf:
            data = data.replace(b"\r", b"")
        stream = self._tail + data
        if b"\n" not in data:
            return self._keep(stream)
        if not self._begun:
            stream = self._begin(stream)
        *frames, tail = stream.split(b"\n\n" if self._bare_lf else b"\r\n\r\n")
        self._keep(tail)
        if frames and max(map(len, frames)) > self._frame_limit:
            raise ProtocolError("frame too long")
        if self._bare_lf:
            frames = [frame.replace(b"\n", b"\r\n") for frame in frames]
        messages = [Message(frame) for frame in frames if frame.startswith((b"Event: ", b"Response: "))]
        if len(messages) == len(frames):
            return messages
        return self._with_odd_ones(frames)

    def _keep(self, tail: bytes) -> list[Message]:
        if len(tail) > self._frame_limit:
            raise ProtocolError("frame without an end")
        self._tail = tail
        return []

    def _begin(self, stream: bytes) -> bytes:
        self._begun = True
        line, _, rest = stream.partition(b"\n")
        self._bare_lf = not line.endswith(b"\r")
        if self._bare_lf:
            stream = stream.replace(b"\r", b"")
            line, _, rest = stream.partition(b"\n")
        if b":" in line or not line.strip():
            return stream
        self.banner = line.decode("utf-8", "replace").strip()
        return rest

    def _with_odd_ones(self, frames: list[bytes]) -> list[Message]:
        messages = []
        for frame in frames:
            message = Message(frame.lstrip(b"\r\n"))
            if message.raw and ("Event" in message or "Response" in message):
                messages.append(message)
            elif message.raw:
                self.dropped += 1
        return messages


def compose_action(headers: Sequence[tuple[str, str]]) -> bytes:
    """One action as it goes on the wire.

    Raises UnsafeValue for a line break, NUL or other control character, a line over 1,024 bytes, and for a `Variable:`
    whose name is not on the list of `telephony.variables` or whose value could be read as a second variable.
    """
    lines = []
    for name, value in headers:
        if not _HEADER_NAME.fullmatch(name):
            raise UnsafeValue("header name")
        if _UNSAFE_TEXT.search(value):
            raise UnsafeValue(f"control character in {name}")
        if name.lower() == "variable":
            _check_variable(value)
        try:
            line = f"{name}: {value}\r\n".encode()
        except UnicodeEncodeError:
            raise UnsafeValue(f"not text in {name}") from None
        if len(line) > LINE_LIMIT:
            raise UnsafeValue(f"{name} longer than {LINE_LIMIT} bytes")
        lines.append(line)
    if not lines or headers[0][0].lower() != "action":
        raise UnsafeValue("an action begins with Action")
    return b"".join(lines) + b"\r\n"


def _check_variable(assignment: str) -> None:
    name, _, value = assignment.partition("=")
    if not is_variable_name(name):
        raise UnsafeValue("variable name is not on the list")
    if not _PLAIN_VALUE.fullmatch(value):
        raise UnsafeValue("variable value with a separator, quote, bracket or non-ASCII character")


def unescape_name(text: str) -> str:
    r"""CallerIDName as it was before AMI wrote it: Asterisk C-escapes it once (`\t`, `\"`, `\\`), so undo it once."""
    return _C_ESCAPE.sub(lambda match: _C_ESCAPES.get(match[1], match[1]), text)
