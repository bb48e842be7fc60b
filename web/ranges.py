"""Reading a Range header (RFC 9110 §14): one range of bytes or none. Pure."""

from __future__ import annotations

import re

LONGEST = 60
"""Characters; two numbers of nineteen digits need fewer, ten thousand ranges need more (reliability.md B64)."""
_ONE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


class NoSuchRange(Exception):
    """Nothing of the file lies in what was asked for, or it was asked in a way that we do not answer: status 416."""


def one_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte to send of a file of `size` bytes; None without a header: the whole file.

    Raises NoSuchRange, also for several ranges at once: no player asks for them.
    """
    if not header:
        return None
    asked = _ONE.fullmatch(header.strip()) if len(header) <= LONGEST else None
    if asked is None or asked[1] == asked[2] == "":
        raise NoSuchRange
    if asked[1] == "":
        first, last = max(0, size - int(asked[2])), size - 1
    else:
        first, last = int(asked[1]), min(int(asked[2]) if asked[2] else size - 1, size - 1)
    if first > last:
        raise NoSuchRange
    return first, last
