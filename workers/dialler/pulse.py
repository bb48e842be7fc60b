"""The ticker's rhythm: at once when a call of the robot is over, and after a while in any case.

A line that has become free is used in milliseconds that way. Without Redis the rhythm alone remains, and the ticker
knows that nobody hears it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import cast

import redis

from workers.feed import GOES_ON, STREAM, NoticeKind
from workers.queues import connect

_LONGEST_BLOCK = 1.0
_TAKEN = "dispatch:look:"
_TAKEN_MILLISECONDS = 2000
_Answer = list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]


def pulses(redis_url: str, patience: Callable[[], float]) -> Iterator[bool]:
    """Yield whether Redis is there: at every notice that a call of the robot's is over or its switches have moved, and
    every `patience()` seconds at least.

    Never ends and never raises for a dead Redis.
    """
    client: redis.Redis | None = None
    last = "0"
    while True:
        until = time.monotonic() + patience()
        try:
            if client is None:
                client = connect(redis_url, timeout_seconds=_LONGEST_BLOCK + 3)
                last = _newest(client)
            last = _wait(client, last, until)
        except redis.RedisError:
            client = None
            time.sleep(max(0.0, until - time.monotonic()))
            yield False
            continue
        yield True


def _newest(client: redis.Redis) -> str:
    """The id of the last notice so far. «$» would mean another one at every question, and lose what came between."""
    entries = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrevrange(STREAM, count=1))
    return entries[0][0].decode() if entries else "0"


def _wait(client: redis.Redis, last: str, until: float) -> str:
    """Wait for a notice or the time; return how far the stream was read."""
    while (left := until - time.monotonic()) > 0:
        block = max(1, int(min(left, _LONGEST_BLOCK) * 1000))
        answer = cast(_Answer, client.xread({STREAM: last}, count=200, block=block))
        entries = answer[0][1] if answer else []
        if entries:
            last = entries[-1][0].decode()
        if any(_is_worth_a_look(fields) for _, fields in entries) and _is_first(client, last):
            return last
    return last


def _is_first(client: redis.Redis, last: str) -> bool:
    """Whether no other copy has taken this notice: one look is enough for all. Where the one who looks dies, the others
    look when their patience is over."""
    return bool(client.set(f"{_TAKEN}{last}", "", nx=True, px=_TAKEN_MILLISECONDS))


def _is_worth_a_look(fields: dict[bytes, bytes]) -> bool:
    return fields.get(b"kind") == NoticeKind.DIAL.value.encode() and GOES_ON.encode() not in fields
