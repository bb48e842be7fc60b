"""A form with a file, read as it arrives: its fields first, then the file in pieces, never the whole in memory.

`Incoming` pauses between the fields and the file, so that `web.access` can check who sends the form before a byte of
the file is kept. What no browser sends is refused: no boundary, many parts, long headers, a second file, a field after
the file (reliability.md S28).
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

CONTENT_TYPE = "multipart/form-data"
MAX_PARTS = 20
MAX_FIELD_BYTES = 64 * 1024
SLICE = 64 * 1024


class Broken(Exception):
    """Not a form that a browser could have sent."""


@dataclass(frozen=True)
class _Begun:
    name: str
    file_name: str | None


class _Ended:
    pass


class Incoming:
    """One form on its way in. First `fields`, then `file_pieces`; `file_name` is None where no file was sent."""

    def __init__(self, content_type: str, stream: AsyncIterator[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != CONTENT_TYPE.encode() or not boundary:
            raise Broken
        callbacks = {
            "on_part_begin": self._part_begins,
            "on_header_field": self._header_name_comes,
            "on_header_value": self._header_value_comes,
            "on_header_end": self._header_ends,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data_comes,
            "on_part_end": lambda: self._events.append(_Ended()),
            "on_end": self._body_ends,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks, max_header_count=8, max_header_size=4096)  # type: ignore[arg-type]
        except FormParserError as error:
            raise Broken from error
        self._stream = stream
        self._waiting, self._at = b"", 0
        self._events: deque[_Begun | _Ended | bytes] = deque()
        self._parts = 0
        self._whole = False
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self.file_name: str | None = None
        self.file_field = ""

    async def fields(self) -> list[tuple[str, str]]:
        """Return the fields that stand before the file, in their order. Raises Broken."""
        found: list[tuple[str, str]] = []
        size = 0
        while (event := await self._next()) is not None:
            if not isinstance(event, _Begun):
                raise Broken
            if event.file_name is not None:
                self.file_name, self.file_field = event.file_name, event.name
                break
            value = bytearray()
            while isinstance(piece := await self._next(), bytes):
                value += piece
                size += len(piece)
                if size > MAX_FIELD_BYTES:
                    raise Broken
            found.append((event.name, _text(bytes(value))))
        return found

    async def file_pieces(self) -> AsyncIterator[bytes]:
        """Give the file, piece by piece. Raises Broken where the form ends too early or goes on after the file."""
        if self.file_name is None:
            return
        while isinstance(piece := await self._next(), bytes):
            yield piece
        if await self._next() is not None:
            raise Broken

    async def _next(self) -> _Begun | _Ended | bytes | None:
        """The next event, or None after the form's proper end."""
        while not self._events:
            if self._at >= len(self._waiting):
                try:
                    self._waiting, self._at = await anext(self._stream), 0
                except StopAsyncIteration:
                    if not self._whole:
                        raise Broken from None
                    return None
            now = self._waiting[self._at : self._at + SLICE]
            self._at += SLICE
            try:
                self._parser.write(now)
            except FormParserError as error:
                raise Broken from error
        return self._events.popleft()

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Broken
        self._disposition = b""

    def _header_name_comes(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value_comes(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_end(self) -> None:
        kind, options = parse_options_header(self._disposition)
        if kind != b"form-data" or not options.get(b"name"):
            raise Broken
        file_name = options.get(b"filename")
        shown = None if file_name is None else file_name.decode("utf-8", "replace")
        self._events.append(_Begun(_text(options[b"name"]), shown))

    def _data_comes(self, data: bytes, start: int, end: int) -> None:
        self._events.append(data[start:end])

    def _body_ends(self) -> None:
        self._whole = True


def _text(raw: bytes) -> str:
    """A field's name or value. Raises Broken for NUL and for what is not UTF-8, as `web.forms.parse` does."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken from error
    if "\0" in text:
        raise Broken
    return text
