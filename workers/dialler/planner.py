"""Lays out once a minute whom the robot and people are to call in the days ahead (`crm.reminders.planning`).

In small transactions, for the pages wait for the same writer; another copy that does the same at the same time finds
nothing left to promise.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from crm.campaigns import planning as campaigns
from crm.campaigns import running, settling
from crm.db import Database
from crm.ratings import by_phone
from crm.ratings import planning as ratings
from crm.reminders import planning

EVERY_SECONDS = 60.0
BATCH = 50
MOST_BATCHES = 200
log = logging.getLogger(__name__)


class Planner:
    """The thread. `mode` decides which numbers may be called at all."""

    def __init__(self, database: Database, mode: Literal["demo", "live"]) -> None:
        self._database = database
        self._mode = mode

    def run(self, stopping: threading.Event) -> None:
        """Until told to stop."""
        while not stopping.is_set():
            try:
                self.plan(stopping)
            except SQLAlchemyError as error:
                log.warning("planning failed, again in a minute: %s", type(error).__name__)
            stopping.wait(EVERY_SECONDS)

    def plan(self, stopping: threading.Event) -> int:
        """Promise all that is not promised yet; how many bookings."""
        promised = 0
        for _ in range(MOST_BATCHES):
            with self._database.transaction() as session:
                batch = planning.plan(session, datetime.now(UTC), mode=self._mode, limit=BATCH)
            promised += batch
            if batch < BATCH or stopping.is_set():
                break
        if promised:
            log.info("%d bookings were promised a call", promised)
        self._ratings(stopping)
        self._campaigns(stopping)
        return promised

    def _ratings(self, stopping: threading.Event) -> None:
        """What unanswered calls come to first: a case that is over is not promised another."""
        for _ in range(MOST_BATCHES):
            with self._database.transaction() as session:
                at = datetime.now(UTC)
                done = by_phone.settle(session, at) + ratings.plan(session, at, mode=self._mode, limit=BATCH)
            if not done or stopping.is_set():
                break

    def _campaigns(self, stopping: threading.Event) -> None:
        """What became of whom, which campaigns are over, who has become due for a standing one, who is called today."""
        with self._database.transaction() as session:
            running.end_over(session, datetime.now(UTC))
            campaigns.recount(session, datetime.now(UTC), mode=self._mode)
        for _ in range(MOST_BATCHES):
            with self._database.transaction() as session:
                at = datetime.now(UTC)
                done = settling.settle(session, at, limit=BATCH)
                done += campaigns.plan(session, at, mode=self._mode, limit=BATCH)
            if not done or stopping.is_set():
                break
