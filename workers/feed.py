"""The feed: tells browsers that something changed. One Redis stream, ids only, nothing that cannot be read again.

The listener publishes after its transaction has committed; `web.live` subscribes once per browser and lets each person
hear only what concerns them. A notice never says *what* the card holds: the browser asks the pages for that, and the
pages check who asks. Redis may be empty or away at any time: a reader that cannot be sure to have seen everything takes
a snapshot from the database instead.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

import redis
import redis.asyncio

STREAM = "dispatch:feed"
KEPT = 4096  # about an hour of a busy day; older readers take a snapshot
TICK_MS = 1000
SOCKET_TIMEOUT_SECONDS = 3.0
GOES_ON = "goes_on"


class NoticeKind(StrEnum):
    """What changed; the browser decides which part of the screen to ask for again."""

    POP = "pop"  # your phone rings
    WITHDRAWN = "withdrawn"  # it rings no longer
    TALK = "talk"  # you are talking
    WRAPUP = "wrapup"  # the talk is over, the record is not
    CLOSED = "closed"  # the record is finished
    QUEUE = "queue"  # who waits has changed
    PRESENCE = "presence"  # somebody became ready or went on a break
    MISSED = "missed"  # the list of those to be called back has changed
    TIP = "tip"  # somebody told us of a family, or that has moved on
    TRANSFER = "transfer"  # somebody is being connected to you, or your transfer has moved on
    DIAL = "dial"  # a call of the robot has moved on, or its switches have
    BOOKING = "booking"  # a timetable or an appointment has changed
    LINK = "link"  # the exchange came or went
    PHONE = "phone"  # your phone's registration changed
    RESYNC = "resync"  # something may have been missed: ask for everything again


class FeedDown(Exception):
    """Redis does not answer; try again shortly."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One change and whom it concerns.

    With `employee_id` it is for that person only; with only `service_id` for everybody of that service; with neither
    for everybody.
    """

    kind: NoticeKind
    employee_id: int | None = None
    service_id: int | None = None
    call_id: int | None = None
    order_waits: bool = field(default=False, compare=False)
    """The clerks have something to do by it (`workers.orders`); stays in the process that wrote the row."""

    goes_on: bool = field(default=False, compare=False)
    """A call of the robot's that goes on: no line is free by it, and no ticker need look."""

    def concerns(self, employee_id: int, service_ids: frozenset[int]) -> bool:
        """Whether this person's browser may hear of it."""
        if self.employee_id is not None:
            return self.employee_id == employee_id
        return self.service_id is None or self.service_id in service_ids

    def as_fields(self) -> dict[str, str]:
        """The stream entry."""
        numbers = {"employee": self.employee_id, "service": self.service_id, "call": self.call_id}
        named = {"kind": self.kind.value} | {name: str(value) for name, value in numbers.items() if value is not None}
        return named | ({GOES_ON: "1"} if self.goes_on else {})

    @staticmethod
    def from_fields(fields: dict[str, str]) -> Notice:
        """Read a stream entry; a kind that this version does not know asks for a fresh look."""

        def number(name: str) -> int | None:
            return int(fields[name]) if name in fields else None

        known = fields.get("kind") in set(NoticeKind)
        kind = NoticeKind(fields["kind"]) if known else NoticeKind.RESYNC
        return Notice(kind, number("employee"), number("service"), number("call"))


class Feed:
    """Both ends of the feed. Holds connections, so one per process."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(
            redis_url, decode_responses=True, socket_timeout=SOCKET_TIMEOUT_SECONDS, socket_connect_timeout=1.0
        )
        self._url = redis_url

    def publish(self, notices: Iterable[Notice]) -> bool:
        """Tell the browsers; False when Redis is away (then announce a RESYNC later)."""
        entries = list(notices)
        if not entries:
            return True
        try:
            pipe = self._redis.pipeline(transaction=False)
            for notice in entries:
                pipe.xadd(STREAM, cast(dict[Any, Any], notice.as_fields()), maxlen=KEPT, approximate=True)
            pipe.execute()
        except redis.RedisError:
            return False
        return True

    async def subscribe(self, after: str | None) -> AsyncGenerator[tuple[str, Notice | None], None]:
        """Yield (stream id, notice) as they come; (last id, None) about once a second when nothing does.

        `after` is the last id the reader has seen (None: only what comes from now on). The first yield is always
        (id to go on from, None), or (id, RESYNC notice) if the reader may have missed something.

        Raises:
            FeedDown: Redis does not answer. Show what the database says and subscribe again.
        """
        client = redis.asyncio.Redis.from_url(
            self._url, decode_responses=True, socket_timeout=SOCKET_TIMEOUT_SECONDS + TICK_MS / 1000
        )
        try:
            newest, complete = await self._position(client, after)
            last = after if after is not None and complete else newest  # never hand a made-up id to Redis
            yield last, None if complete else Notice(NoticeKind.RESYNC)
            while True:
                answer = await client.xread({STREAM: last}, count=100, block=TICK_MS)
                if not answer:
                    yield last, None
                for _, entries in cast(list[tuple[str, list[tuple[str, dict[str, str]]]]], answer or []):
                    for entry_id, fields in entries:
                        last = entry_id
                        yield last, Notice.from_fields(fields)
        except redis.RedisError as error:
            raise FeedDown from error
        finally:
            await client.aclose()

    @staticmethod
    async def _position(client: redis.asyncio.Redis, after: str | None) -> tuple[str, bool]:
        """The newest id, and whether everything after `after` is still in the stream."""
        if not await client.exists(STREAM):
            return "0-0", after is None or after == "0-0"
        info = await client.xinfo_stream(STREAM)
        newest = str(info["last-generated-id"])
        if after is None:
            return newest, True
        first = info["first-entry"]
        oldest = str(first[0]) if first else newest
        complete = _order(oldest) <= _next(after) or _order(after) >= _order(newest)
        return newest, complete and _order(after) <= _order(newest)

    def close(self) -> None:
        """Give the connection back."""
        self._redis.close()


def _order(stream_id: str) -> tuple[int, int]:
    """A stream id as numbers; a made-up one (a hostile Last-Event-ID) counts as the very beginning."""
    matched = re.fullmatch(r"([0-9]{1,20})-([0-9]{1,20})", stream_id)
    return (int(matched[1]), int(matched[2])) if matched else (0, 0)


def _next(stream_id: str) -> tuple[int, int]:
    milliseconds, sequence = _order(stream_id)
    return milliseconds, sequence + 1
