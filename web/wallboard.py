"""The drawing of the wallboard, and the live stream that brings it to a browser as soon as something has changed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Collection, Hashable, Mapping

from fastapi import Request
from fastapi.responses import StreamingResponse

from callflow.service_level import level_light, lost_light
from crm.service_report import wording
from crm.service_report.board import board
from web.board_hub import Hub, Services
from web.desk import Desk
from web.live import BEAT_SECONDS, Streams

TICK_SECONDS = 1.0
RETRY_MS = 2000
BEAT = b"event: beat\ndata:\n\n"


def drawn(desk: Desk, groups: Collection[Services]) -> Mapping[Services, str]:
    """The board of each group of services, out of one reading. The same for all who may see the same services: it
    holds no name of a family, no number, and nothing of who looks at it."""
    clock = desk.clock()
    with desk.database.reading() as session:
        known = {one.id: one for one in board(session, {one for group in groups for one in group}, clock.at)}
    return {
        group: desk.render(
            "parts/board.html",
            services=[known[one] for one in group if one in known],
            clock=clock,
            wording=wording,
            lights={"level": level_light, "lost": lost_light},
        )
        for group in groups
    }


def stream(
    request: Request, services: Services, *, owner: Hashable, ticket: Hashable, is_good: Callable[[], bool]
) -> StreamingResponse:
    """The stream of one browser. `owner` may have a few at a time; `ticket` and `is_good` as `web.board_hub.Seat`."""

    async def events() -> AsyncIterator[bytes]:
        streams: Streams = request.app.state.streams
        if not streams.enter(owner):
            # A word instead of a refusal, as in `web.live`.
            yield _goodbye("too-many")
            return
        try:
            yield f"retry: {RETRY_MS}\n".encode() + BEAT
            hub: Hub = request.app.state.board_hub
            with hub.seat(services, ticket, is_good) as seat:
                spoken = time.monotonic()
                while not streams.stopping:
                    event = await seat.event(TICK_SECONDS)
                    if seat.over:
                        yield _goodbye(seat.over)
                        return
                    now = time.monotonic()
                    if event is None and now - spoken >= BEAT_SECONDS:
                        event = BEAT
                    if event is not None:
                        spoken = now
                        yield event
        finally:
            streams.leave(owner)

    # Plain bytes, encoded once for everybody: fifty browsers would otherwise cost fifty encodings of the same board.
    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _goodbye(why: str) -> bytes:
    return f"event: goodbye\ndata: {why}\n\n".encode()
