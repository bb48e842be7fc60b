"""Hands things to callbacks, one after another, on a thread of its own.

The queue is bounded by the number of events. One that is full is not shortened in the middle: the whole connection is
given up instead, because a listener with a hole in its story is worse off than one that asks again for the whole state.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from telephony.link import Counters

log = logging.getLogger(__name__)

Step = Callable[[], None]


Item = TypeVar("Item")


class Dispatcher(Generic[Item]):
    """Calls `deliver` for every item in order, and runs steps at their place between items.

    An exception of a callback is logged by its type (its text may hold a number) and counted; the stream goes on.
    """

    def __init__(self, deliver: Callable[[Item], object], counters: Counters, limit: int = 10_000) -> None:
        self._deliver = deliver
        self._counters = counters
        self._limit = limit
        self._batches: deque[list[Item] | Step] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ami-dispatcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, items: list[Item]) -> bool:
        """Queue items; False, and nothing queued, when they do not fit."""
        with self._changed:
            if self._waiting + len(items) > self._limit:
                return False
            self._waiting += len(items)
            self._batches.append(items)
            self._changed.notify()
        return True

    def put_steps(self, steps: Iterable[Step]) -> None:
        """Queue steps, limit or no limit."""
        with self._changed:
            self._batches.extend(steps)
            self._changed.notify()

    def clear(self) -> int:
        """Throw away the items that wait, keep the steps; how many were thrown away."""
        with self._changed:
            thrown, self._waiting = self._waiting, 0
            self._batches = deque(batch for batch in self._batches if callable(batch))
        return thrown

    def stop(self) -> None:
        """Let the current callback end, forget the rest, end the thread (unless it is the caller)."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._batches and not self._stopping:
                    self._changed.wait()
                if self._stopping:
                    return
                batch = self._batches.popleft()
            if callable(batch):
                self._guard(batch)
            else:
                self._deliver_all(batch)
                with self._changed:
                    self._waiting = max(0, self._waiting - len(batch))

    def _deliver_all(self, batch: list[Item]) -> None:
        deliver = self._deliver
        for item in batch:
            if self._stopping:
                return
            try:
                deliver(item)
            except Exception as error:
                self._failed(error)
        self._counters.events += len(batch)

    def _guard(self, step: Step) -> None:
        try:
            step()
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._counters.callback_errors += 1
        log.error("a callback of the AMI session failed: %s", type(error).__name__)
