"""The live stream: tells a browser that something changed, so that it asks for the parts of its page again.

One stream per browser (its tabs share it). Only ids and kinds pass here, and only what concerns this person. The stream
starts with a snapshot order, replays from Last-Event-ID, stays open while Redis is away, and closes within five seconds
after the session ends or the role changes. It does not keep a session awake: a page left open is nobody at work.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Hashable

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy.exc import SQLAlchemyError

from web import workplace
from web.access import EVERYBODY, Visitor, allow, visitor_of
from web.desk import Desk, desk_of
from workers.feed import FeedDown, Notice, NoticeKind

STREAMS_PER_PERSON = 5
CHECK_SECONDS = 3.0
BEAT_SECONDS = 15.0
RETRY_REDIS_SECONDS = 2.0

router = APIRouter()


class Streams:
    """How many streams of a kind each owner (a person, a monitor) has open in this process."""

    def __init__(self) -> None:
        self._open: Counter[Hashable] = Counter()
        self.stopping = False

    def enter(self, owner: Hashable) -> bool:
        """Count one more, unless there are enough (reliability.md B66)."""
        if self._open[owner] >= STREAMS_PER_PERSON:
            return False
        self._open[owner] += 1
        return True

    def leave(self, owner: Hashable) -> None:
        """One has closed."""
        self._open[owner] -= 1
        if not self._open[owner]:
            del self._open[owner]

    def stop(self) -> None:
        """The server is about to end: every stream closes at its next tick; the browsers come back to the next one."""
        self.stopping = True


def _services(desk: Desk, visitor: Visitor) -> frozenset[int]:
    with desk.database.reading() as session:
        return frozenset(workplace.watched_services(session, visitor))


def still_the_same(desk: Desk, request: Request, visitor: Visitor) -> bool:
    """Whether the session lives and the person may see what she saw; a database that is away ends nothing."""
    try:
        now = visitor_of(desk, request, activity=False)
    except SQLAlchemyError:
        return True
    return now is not None and now.role is visitor.role and now.service_ids == visitor.service_ids


@router.get("/live", response_class=EventSourceResponse)
async def live(
    request: Request, visitor: Visitor = allow(*EVERYBODY, activity=False)
) -> AsyncIterator[ServerSentEvent]:
    """The stream of one browser."""
    desk = desk_of(request)
    streams: Streams = request.app.state.streams
    if not streams.enter(visitor.id):
        # A word instead of a refusal: an EventSource that is refused would come back by itself every few seconds.
        yield ServerSentEvent(event="goodbye", raw_data="too-many")
        return
    try:
        services = await run_in_threadpool(_services, desk, visitor)
        async for event in events(desk, request, visitor, services):
            yield event
    finally:
        streams.leave(visitor.id)


async def events(
    desk: Desk, request: Request, visitor: Visitor, services: frozenset[int]
) -> AsyncIterator[ServerSentEvent]:
    """Notices that concern this person, until the session ends."""
    after = request.headers.get("last-event-id") or None
    resumed = after is not None
    checked = beaten = time.monotonic()
    yield ServerSentEvent(event="beat", raw_data="", retry=2000)
    while True:
        try:
            async for stream_id, notice in desk.feed.subscribe(after):
                if not resumed or (notice is not None and notice.kind is NoticeKind.RESYNC):
                    resumed = True
                    yield ServerSentEvent(event="snapshot", raw_data="", id=stream_id)
                elif notice is not None and notice.concerns(visitor.id, services):
                    yield _as_event(stream_id, notice)
                after = stream_id
                if request.app.state.streams.stopping:
                    return
                now = time.monotonic()
                if now - checked >= CHECK_SECONDS:
                    checked = now
                    if not await run_in_threadpool(still_the_same, desk, request, visitor):
                        yield ServerSentEvent(event="goodbye", raw_data="ended")
                        return
                if now - beaten >= BEAT_SECONDS:
                    beaten = now
                    yield ServerSentEvent(event="beat", raw_data="", id=after)
        except FeedDown:
            # The stream stays open: the page looks by itself twice a minute, and again at once when Redis is back.
            resumed, after = False, None
            yield ServerSentEvent(event="snapshot", raw_data="")
            await asyncio.sleep(RETRY_REDIS_SECONDS)
            if request.app.state.streams.stopping:
                return
            if not await run_in_threadpool(still_the_same, desk, request, visitor):
                yield ServerSentEvent(event="goodbye", raw_data="ended")
                return


def _as_event(stream_id: str, notice: Notice) -> ServerSentEvent:
    return ServerSentEvent(event="notice", id=stream_id, data={"kind": notice.kind.value, "call": notice.call_id})
