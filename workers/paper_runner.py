"""Starts `workers.papers` when papers wait: a thread of the RQ worker, for as long as that process lives.

It looks every few seconds, and at once when the job `workers.jobs.make_papers` wakes it. Redis may be away: then a
paper begins some seconds later. One child at a time; if it dies, the rows it left are looked at again after a pause.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from crm.db import Database
from crm.papers.waiting import anything_waits

LOOK_SECONDS = 3.0
PARENT = "DISPATCH_PAPERS_PARENT"
"""Environment of the child: the process that it must not outlive."""
LONGEST_PAUSE = 60.0
COMMAND = (sys.executable, "-P", "-m", "workers.papers")
log = logging.getLogger(__name__)
_woken = threading.Event()


def wake() -> None:
    """Have the runner of this process look at once; nothing happens where none runs."""
    _woken.set()


class PaperRunner:
    """The thread. `start` once, `stop` ends it and its child; the child's rows are then taken again later."""

    def __init__(self, database: Database, command: Sequence[str] = COMMAND, environment: dict[str, str] | None = None):
        self._database = database
        self._command = list(command)
        self._environment = environment or {}
        self._stopping = threading.Event()
        self._failures = 0
        # The kernel ends a child with the thread that started it (prctl(2), PR_SET_PDEATHSIG): hence one for good.
        self._thread = threading.Thread(target=self._run, name="papers", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End the child, if one is at work, and the thread."""
        self._stopping.set()
        wake()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._papers_wait():
                self._failures = 0 if self._run_child() == 0 else self._failures + 1
            _woken.wait(min(LOOK_SECONDS * 2**self._failures, LONGEST_PAUSE))
            _woken.clear()

    def _papers_wait(self) -> bool:
        try:
            with self._database.reading() as session:
                return anything_waits(session)
        except SQLAlchemyError as error:
            log.warning("papers not looked for: %s", type(error).__name__)
            return False

    def _run_child(self) -> int:
        """Run one child to its end; its exit code, negative if a signal ended it."""
        environment = {**os.environ, **self._environment, PARENT: str(os.getpid())}
        try:
            child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, env=environment)
        except OSError as error:
            log.warning("papers not started: %s", error.strerror)
            return 1
        while True:
            try:
                code = child.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                if self._stopping.is_set():
                    child.kill()
                continue
            if code:
                log.warning("papers ended with code %s", code)
            return code
