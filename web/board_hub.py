"""One follower of the feed for all who watch the wallboard: it draws once and hands the same drawing to everybody.

Works only while somebody watches. A hundred notices a second are one drawing every `LEAST_SECONDS`; whoever may see the
same services gets the same drawing, and a slow browser gets the newest one, never a queue of old ones. Lives in the
event loop of the process; only the drawing and the look at who may still watch go to a thread.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass

from fastapi.concurrency import run_in_threadpool

from workers.feed import Feed, FeedDown, NoticeKind

LEAST_SECONDS = 0.14
"""From the beginning of one drawing to that of the next. More of them cost fifty browsers more than they tell."""
REDRAW_SECONDS = 5.0
"""A wait that has become too long, a call-back that is late: no notice tells of those."""
CHECK_SECONDS = 3.0
RETRY_REDIS_SECONDS = 2.0
NOT_OF_THE_BOARD = frozenset({NoticeKind.BOOKING, NoticeKind.DIAL, NoticeKind.LINK, NoticeKind.PHONE, NoticeKind.TIP})

log = logging.getLogger("web.board_hub")
Services = tuple[int, ...]
"""The ids of the services that somebody may see, in ascending order."""
Draw = Callable[[Collection[Services]], Mapping[Services, str]]


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing as the stream sends it: whole, or `same` to whom has it already. `heard`: the newest notice in it."""

    html: str
    heard: str
    whole: bytes
    same: bytes

    @staticmethod
    def of(html: str, heard: str) -> Picture:
        """Encode it once for everybody; an event without data moves the id and nothing else (HTML standard, 9.2.6)."""
        same = f"id: {heard}\n" if heard else ""
        lines = "\n".join(f"data: {line}" for line in html.splitlines())
        return Picture(html, heard, f"event: board\n{same}{lines}\n\n".encode(), f"{same}\n".encode())


class Seat:
    """One browser that watches. `ticket` is what lets it in, `is_good` whether it still does (asked in a thread)."""

    def __init__(self, services: Services, ticket: Hashable, is_good: Callable[[], bool]) -> None:
        self.services, self.ticket, self.is_good = services, ticket, is_good
        self.over = ""
        self._picture: Picture | None = None
        self._html: str | None = None
        self._news = asyncio.Event()

    def show(self, picture: Picture) -> None:
        """The newest drawing takes the place of one that was not fetched yet."""
        if self._picture is None or picture.html != self._html or picture.heard != self._picture.heard:
            self._picture = picture
            self._news.set()

    def end(self, why: str) -> None:
        """Nothing more comes: `ended` for those who may see it no longer, `away` if it cannot be drawn."""
        self.over = why
        self._news.set()

    async def event(self, seconds: float) -> bytes | None:
        """What to send next; None if nothing has come for so long, or nothing more will (`over`)."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        if self.over or not self._news.is_set() or self._picture is None:
            return None
        self._news.clear()
        known, self._html = self._html, self._picture.html
        return self._picture.same if known == self._html else self._picture.whole


class Hub:
    """One per process, in `app.state.board_hub`. `draw` returns the drawings of these groups of services."""

    def __init__(self, feed: Feed, draw: Draw) -> None:
        self._feed, self._draw = feed, draw
        self._seats: set[Seat] = set()
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._heard = ""

    @property
    def is_following(self) -> bool:
        """Whether the feed is followed now."""
        return self._task is not None and not self._task.done()

    @contextmanager
    def seat(self, services: Services, ticket: Hashable, is_good: Callable[[], bool]) -> Iterator[Seat]:
        """A place before the board, from now on."""
        seat = Seat(services, ticket, is_good)
        self._seats.add(seat)
        self._wanted.set()
        if not self.is_following:
            self._task = asyncio.create_task(self._run())
        try:
            yield seat
        finally:
            self._seats.discard(seat)
            if not self._seats and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _run(self) -> None:
        """Until the last one leaves. A failure ends every stream: the browsers ask by themselves, and come again."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._keep_drawing())
                group.create_task(self._keep_checking())
        except* Exception as failures:
            log.warning("the board cannot be drawn: %s", ", ".join(type(one).__name__ for one in failures.exceptions))
            for seat in self._seats:
                seat.end("away")

    async def _listen(self) -> None:
        while True:
            try:
                async with aclosing(self._feed.subscribe(None)) as entries:
                    # What came before the first entry was not heard: then the board is drawn in any case.
                    is_news = True
                    async for stream_id, notice in entries:
                        self._heard = stream_id
                        if is_news or (notice is not None and notice.kind not in NOT_OF_THE_BOARD):
                            self._wanted.set()
                        is_news = False
            except FeedDown:
                self._wanted.set()
                await asyncio.sleep(RETRY_REDIS_SECONDS)

    async def _keep_drawing(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(REDRAW_SECONDS):
                    await self._wanted.wait()
            # Both noted before the reading: what is heard in the middle of it wants another one.
            self._wanted.clear()
            heard, began = self._heard, time.monotonic()
            drawn = await run_in_threadpool(self._draw, {seat.services for seat in self._seats})
            pictures = {services: Picture.of(html, heard) for services, html in drawn.items()}
            for seat in self._seats:
                if seat.services in pictures:
                    seat.show(pictures[seat.services])
            await asyncio.sleep(rest_after(time.monotonic() - began))

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            tickets = {seat.ticket: seat.is_good for seat in self._seats}
            lost = await run_in_threadpool(_lost, tickets)
            for seat in self._seats:
                if seat.ticket in lost:
                    seat.end("ended")


def rest_after(took: float) -> float:
    """Seconds until the next drawing may begin after one that took so long: on a slow machine half of the time is for
    others."""
    return max(LEAST_SECONDS - took, took)


def _lost(tickets: Mapping[Hashable, Callable[[], bool]]) -> set[Hashable]:
    return {ticket for ticket, is_good in tickets.items() if not is_good()}
