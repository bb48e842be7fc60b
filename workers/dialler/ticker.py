"""What the ticker does, step by step; `workers.ticker` is its process. Any number of copies may run (F22).

Nothing here decides about a call: a task that is woken twice, or for nothing, is claimed once or not at all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import redis
from sqlalchemy.exc import SQLAlchemyError

from crm import heartbeat
from crm.db import Database
from crm.dialler import claiming, exchange_window, pacing, sweeping
from workers.dialler.clock import PAUSE, ClockGuard, pause_after_jump
from workers.queues import calls_queue, connect, enqueue_dial

NAME = "ticker"
TICK_SECONDS = 1.0
HURRY_SECONDS = 0.2
"""While calls are due that neither a line nor the rate lets begin at this instant."""
MOST_AWAKE = 8
"""Jobs that wait at the most: a worker who comes goes on by himself while there are lines (`sender.SPARE_LINES`)."""
SWEEP_SECONDS = 5.0
BEAT_SECONDS = 2.0
REDIS_AWAY = "redis"
"""Detail of the heartbeat while nobody can be woken: the pages say that the robot waits."""
log = logging.getLogger(__name__)


class Ticker:
    """Looks what is due, wakes workers, sweeps, says that it lives. One thread."""

    def __init__(
        self,
        database: Database,
        redis_url: str,
        *,
        clock: ClockGuard | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._database = database
        self._redis_url = redis_url
        self._client: redis.Redis | None = None
        self._clock = clock or ClockGuard()
        self._now = now or (lambda: datetime.now(UTC))
        self._next_sweep = 0.0
        self._next_beat = 0.0
        self._due_left = False

    def patience(self) -> float:
        """Seconds until the next look at the latest."""
        return HURRY_SECONDS if self._due_left else TICK_SECONDS

    def tick(self, redis_there: bool) -> Sequence[int]:
        """One look; the tasks for which a worker was woken. A database that does not answer is only logged."""
        try:
            if self._clock.jumped():
                self._next_sweep = time.monotonic() + PAUSE.total_seconds()  # or a day ahead would end every reminder
                pause_after_jump(self._database, NAME)
            self._beat(redis_there)
            self._sweep()
            return self._wake() if redis_there else ()
        except SQLAlchemyError as error:
            log.warning("records do not answer, again in a second: %s", type(error).__name__)
            self._due_left = False
            return ()

    def _wake(self) -> Sequence[int]:
        at = self._now()
        with self._database.reading() as session:
            room = min(pacing.room(session, at), MOST_AWAKE)
            due = claiming.due(session, at, limit=room + 1)
        self._due_left = bool(due)
        woken: Sequence[int] = ()
        try:
            client = self._client = self._client or connect(self._redis_url)
            # Whoever has been woken and has not come yet takes the most urgent ones: no need to wake for them again.
            woken = due[calls_queue(client).count : room] if due else ()
            for task_id in woken:
                enqueue_dial(client, task_id, at)
        except redis.RedisError as error:
            log.warning("Redis is away, nobody is called: %s", type(error).__name__)
            self._client = None
            return ()
        return woken

    def _sweep(self) -> None:
        if time.monotonic() < self._next_sweep:
            return
        with self._database.transaction() as session:
            swept = sweeping.sweep(session, self._now())
            exchange_window.renew_if_changed(session)
        if swept != sweeping.Swept():
            log.info("swept: %s", swept)
        self._next_sweep = time.monotonic() + SWEEP_SECONDS

    def _beat(self, redis_there: bool) -> None:
        if time.monotonic() < self._next_beat:
            return
        with self._database.transaction() as session:
            heartbeat.beat(session, NAME, self._now(), "" if redis_there else REDIS_AWAY)
        self._next_beat = time.monotonic() + BEAT_SECONDS
