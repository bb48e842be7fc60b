"""A transaction for which a family waits on the telephone: a few seconds, then it is given up and changes nothing.

The family is told «не сохранено» only where that is true: who gives up and who commits are decided under one lock, and
a commit that has begun is waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from threading import Lock
from typing import TypeVar

from sqlalchemy.orm import Session

from crm.db import Database

SECONDS = 4.0
"""Longer silence after a key sounds like a broken line."""
COMMIT_SECONDS = 12.0
"""A commit that was begun is waited for: longer than the database waits for a lock."""
THREADS = 8

T = TypeVar("T")


class GivenUp(Exception):
    """It took too long, and nothing was changed."""


class _Order:
    """Whether one transaction may still be committed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._given_up = self._committing = False

    def give_up(self) -> bool:
        """Nobody waits any more; False where the commit has begun."""
        with self._lock:
            self._given_up = not self._committing
            return self._given_up

    def begin(self) -> None:
        """Somebody still waits for it. Raises GivenUp."""
        with self._lock:
            if self._given_up:
                raise GivenUp

    def commit(self) -> None:
        """The work is done, the commit comes next. Raises GivenUp."""
        with self._lock:
            if self._given_up:
                raise GivenUp
            self._committing = True


class Patience:
    """Runs transactions of talks in threads of their own."""

    def __init__(self, database: Database, seconds: float = SECONDS) -> None:
        self._database = database
        self.seconds = seconds
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="talk")

    def run(self, work: Callable[[Session], T], seconds: float = 0.0) -> T:
        """What `work` returns, once it is committed. `seconds` 0: as long as any. Raises GivenUp, and whatever the work
        or the database raises."""
        order = _Order()
        future: Future[T] = self._pool.submit(self._transaction, order, work)
        try:
            return future.result(seconds or self.seconds)
        except TooSlow:
            if order.give_up():
                raise GivenUp from None
            return future.result(COMMIT_SECONDS)

    def close(self) -> None:
        """End the threads; what waits is not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _transaction(self, order: _Order, work: Callable[[Session], T]) -> T:
        order.begin()
        with self._database.transaction() as session:
            result = work(session)
            order.commit()
        return result
