"""The board of the moment, read once for all browsers that look at it (50 of them cost as much as one)."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from crm.service_report.board import ServiceNow, board
from web.desk import Desk

FRESH_SECONDS = 1.0
"""How long a board may be shown while the feed says nothing new."""
LEAST_SECONDS = 0.2
"""How long it may be shown anyway: a busy minute has a hundred notices a second."""


@dataclass(frozen=True)
class Shown:
    """What was read, and whether the feed has spoken since: then the page asks again in a moment."""

    services: Sequence[ServiceNow]
    is_stale: bool


@dataclass
class _Kept:
    services: Sequence[ServiceNow]
    read_at: float
    after: str


class Boards:
    """One per process, in `app.state.boards`; `heard` is called by the live streams of this process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, ...], _Kept] = {}
        self._locks: dict[tuple[int, ...], threading.Lock] = {}
        self._guard = threading.Lock()
        self._news = ""
        self.readings = 0
        """How often the database was asked: for tests."""

    def heard(self, stream_id: str) -> None:
        """The feed has brought something: boards read before it are old."""
        self._news = stream_id

    def show(self, desk: Desk, service_ids: Collection[int]) -> Shown:
        """The board of these services; of many who ask at once one reads, and the others get what it has read."""
        key = tuple(sorted(service_ids))
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            kept = self._kept.get(key)
            if kept is None or not self._is_good(kept):
                kept = self._read(desk, key)
        return Shown(kept.services, kept.after != self._news)

    def _is_good(self, kept: _Kept) -> bool:
        age = time.monotonic() - kept.read_at
        return age < LEAST_SECONDS or (age < FRESH_SECONDS and kept.after == self._news)

    def _read(self, desk: Desk, key: tuple[int, ...]) -> _Kept:
        # Noted before the reading: what is heard in the middle of it makes it old.
        after, begun = self._news, time.monotonic()
        with desk.database.reading() as session:
            services = board(session, key, desk.clock().at)
        self.readings += 1
        self._kept[key] = kept = _Kept(services, begun, after)
        return kept
