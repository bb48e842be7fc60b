"""AGI lines, both ways, without a socket (Asterisk: res_agi.c)."""

import re
from dataclasses import dataclass
from typing import Final

from telephony.wire import UnsafeValue

COMMAND_LIMIT: Final = 2000
"""Bytes of a command; Asterisk's buffer is 2,048."""
REPLY_LIMIT: Final = 8 * 1024
ENVIRONMENT_LIMIT: Final = 8 * 1024

# The keys that follow the caller's name in Asterisk's order. The caller can forge a few of them, not the hundred
# bytes of all: an environment without them was cut short by somebody else's blank line (M7, B19).
_LAST_KEYS: Final = (
    "agi_request",
    "agi_channel",
    "agi_uniqueid",
    "agi_context",
    "agi_extension",
    "agi_priority",
    "agi_enhanced",
    "agi_accountcode",
    "agi_threadid",
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REPLY = re.compile(r"(\d{3})([ -]?)(.*)", re.DOTALL)
_RESULT = re.compile(r"result=([^\s(]*)\s*(?:\((.*)\))?\s*(?:endpos=(\d+))?", re.DOTALL)


class AgiSyntax(Exception):
    """A line that is not AGI."""


class Quoted(str):
    """An argument that is quoted already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """`200 result=<result> (<data>) endpos=<endpos>`; other codes have only `text`."""

    code: int
    result: str = ""
    data: str = ""
    endpos: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """What Asterisk says before the first command. The first of two equal keys counts; `repeated`: there were any."""

    values: dict[str, str]
    repeated: bool
    complete: bool

    def __repr__(self) -> str:
        return f"<Environment of {len(self.values)} keys>"


def quote(value: object) -> Quoted:
    r"""An argument in quotes, with `"` and `\` escaped. Raises UnsafeValue for control characters."""
    text = str(value)
    if _CONTROL.search(text):
        raise UnsafeValue("control character in an AGI argument")
    return Quoted('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


def compose_command(command: str, *args: object) -> bytes:
    """A command line. Numbers stand as they are, everything else is quoted; an empty bare argument is left out.

    Raises UnsafeValue before anything is written.
    """
    words = [command]
    for arg in args:
        if isinstance(arg, (Quoted, int, float)):
            words.append(str(arg))
        elif str(arg):
            words.append(quote(arg))
    line = " ".join(words)
    if _CONTROL.search(line):
        raise UnsafeValue("control character in an AGI command")
    try:
        data = line.encode()
    except UnicodeEncodeError:
        raise UnsafeValue("not text in an AGI command") from None
    if len(data) > COMMAND_LIMIT:
        raise UnsafeValue(f"AGI command longer than {COMMAND_LIMIT} bytes")
    return data + b"\n"


def parse_reply(line: str) -> Reply:
    """A reply line. Raises AgiSyntax."""
    match = _REPLY.fullmatch(line)
    if match is None:
        raise AgiSyntax("not a reply")
    code, _, text = int(match[1]), match[2], match[3]
    if code != 200:
        return Reply(code, text=text)
    result = _RESULT.match(text)
    if result is None:
        raise AgiSyntax("no result")
    return Reply(code, result[1], result[2] or "", int(result[3]) if result[3] else None, text)


def is_open(line: str) -> bool:
    """Whether a reply goes on in the next line, because the value it holds has a line break in it."""
    return line.startswith("200 result=1 (") and not line.endswith(")")


def parse_environment(data: bytes) -> Environment:
    """The `agi_…: value` lines of a connection's beginning, without the blank line. Raises AgiSyntax."""
    values: dict[str, str] = {}
    repeated = False
    for line in data.decode("utf-8", "replace").replace("\0", "").split("\n"):
        key, colon, value = line.partition(":")
        if not colon:
            continue
        key = key.strip()
        if not re.fullmatch(r"agi_[a-z0-9_]{1,40}", key):
            continue
        if key in values:
            repeated = True
        else:
            values[key] = value.strip()
    return Environment(values, repeated, all(key in values for key in _LAST_KEYS))
