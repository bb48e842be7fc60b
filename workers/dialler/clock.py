"""Guards against a clock that jumps: hours, gaps and limits are judged by it (reliability.md F27).

The monotonic clock does not jump with it. Whoever sees the two part by more than five seconds pauses the robot for a
minute, in which people and the time service may put things right; every process that orders calls looks before every
order, so that none is placed between the jump and the pause.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from crm.audit import Actor
from crm.db import Database
from crm.dialler import switches

TOLERANCE_SECONDS: Final = 5.0
PAUSE: Final = timedelta(seconds=60)
REASON: Final = "Часы компьютера перескочили. Проверьте, что время верно: обзвон продолжится через минуту."
log = logging.getLogger(__name__)


class ClockGuard:
    """Compares the two clocks with how they stood at its last look. One thread at a time."""

    def __init__(
        self, *, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._offset = wall() - monotonic()

    def drift(self) -> float:
        """Seconds by which the clock has jumped since the last jump, or since the beginning."""
        return self._wall() - self._monotonic() - self._offset

    def jumped(self) -> bool:
        """Whether it has jumped since the last look; the new time counts from here on."""
        drift = self.drift()
        if abs(drift) <= TOLERANCE_SECONDS:
            return False
        self._offset += drift
        log.error("the clock has jumped by %.0f s: the robot is paused", drift)
        return True


def pause_after_jump(database: Database, actor: str) -> None:
    """Pause the robot for a minute, by the new time."""
    at = datetime.now(UTC)
    with database.transaction() as session:
        switches.pause(session, at + PAUSE, REASON, at, by=Actor(None, actor), employee_id=None)
