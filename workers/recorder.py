"""Events from the exchange become rows, then notices: one transaction for what came in together, browsers told after.

Called by the listener's recording thread only. An event is never lost to a passing fault of the database: the batch is
tried again until it is in. An event that cannot be recorded at all (a defect of ours) is set aside alone, so that it
does not hold up the calls behind it.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from callflow.events import CallEvent
from callflow.live import LiveCall
from crm import calls
from crm.db import Database
from workers import followers
from workers.feed import Feed, Notice, NoticeKind
from workers.notices import notices_of


@dataclass(frozen=True, slots=True)
class Seen:
    """What a snapshot of the exchange showed, when (UTC), and what its files say happened before."""

    at: datetime
    calls: tuple[LiveCall, ...]
    missed: tuple[CallEvent | DialplanWord, ...] = ()


Item = CallEvent | DialplanWord | Seen

BATCH = 8
"""Events of one transaction. The pages wait for the same write lock: a hundred events, which is what piles up behind a
stall, held it for more than a second (measured at 20 calls a second)."""
TURN_SECONDS = 0.003
"""A pause between full batches: SQLite's lock has no queue, and who asks again at once gets it again."""
RETRY_SECONDS = 0.2
IDLE_SECONDS = 0.5
log = logging.getLogger(__name__)


class Recorder:
    """The queue between the wire and the records, and the thread that empties it."""

    def __init__(self, database: Database, feed: Feed, wake_clerks: Callable[[], object] = lambda: None) -> None:
        """`wake_clerks` is called after what may have left an order to be carried out (`workers.orders`)."""
        self._database = database
        self._feed = feed
        self._wake_clerks = wake_clerks
        self._waiting: queue.Queue[Item] = queue.Queue(maxsize=20_000)
        self._missed_notices = True  # browsers may have seen another life of this process
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin to record."""
        self._thread.start()

    def stop(self) -> None:
        """Record what is waiting, then end."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def event(self, event: CallEvent | DialplanWord) -> None:
        """Take one event; blocks when far behind, so that the wire's own bounded queue notices."""
        self._waiting.put(event)

    def snapshot(self, seen: Seen) -> None:
        """Take what is going on after a login; kept in order with the events around it."""
        self._waiting.put(seen)

    def _run(self) -> None:
        while not (self._stopping.is_set() and self._waiting.empty()):
            batch = self._next_batch()
            if batch:
                self._record_until_done(batch)
                if len(batch) == BATCH:
                    time.sleep(TURN_SECONDS)
            elif self._missed_notices:
                self._missed_notices = not self._feed.publish([Notice(NoticeKind.RESYNC)])

    def _next_batch(self) -> list[Item]:
        try:
            batch = [self._waiting.get(timeout=IDLE_SECONDS)]
        except queue.Empty:
            return []
        while len(batch) < BATCH:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _record_until_done(self, batch: Sequence[Item]) -> None:
        while True:
            try:
                self._tell(self._record(batch))
            except OperationalError as error:  # locked, restarting, disk full: the row comes before everything else
                log.warning("records are not writable: %s", type(error).__name__)
                time.sleep(RETRY_SECONDS)
            except Exception as error:
                if len(batch) == 1:
                    log.exception("cannot record %s: %s", type(batch[0]).__name__, type(error).__name__, exc_info=False)
                    return
                for item in batch:
                    self._record_until_done([item])
                return
            else:
                return

    def _record(self, batch: Sequence[Item]) -> list[Notice]:
        with self._database.transaction() as session:
            return [notice for item in batch for notice in self._record_one(session, item)]

    @staticmethod
    def _record_one(session: Session, item: Item) -> list[Notice]:
        if isinstance(item, Seen):
            told: list[Notice] = []
            for missed in item.missed:
                if isinstance(missed, DialplanWord):
                    told += followers.follow(session, missed)
                else:
                    told += notices_of(session, calls.record(session, missed, evidence="cdr"))
            for change in calls.reconcile(session, item.calls, item.at):
                told += notices_of(session, change)
            return [*told, Notice(NoticeKind.RESYNC)]
        if isinstance(item, DialplanWord):
            return list(followers.follow(session, item))
        return notices_of(session, calls.record(session, item))

    def _tell(self, notices: Sequence[Notice]) -> None:
        # A specialist who has answered is to be joined with the caller at once, not when the clerk looks next.
        if any(notice.order_waits for notice in notices):
            self._wake_clerks()
        if not self._feed.publish(notices):
            self._missed_notices = True
