"""Lines of the talks' stories: noted at once, written by one thread for all talks, a second later at the most.

So a family never waits for the disk between two words, and a hundred talks cost one transaction a second. A fault of
the database keeps the lines here until it is over; a talk's own last transaction takes along what is still unwritten.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Lock, Thread

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from crm.db import Database
from crm.dialler import following

EVERY_SECONDS = 1.0
MOST_KEPT = 20_000
"""Lines kept while the database is away; older ones go first."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Note:
    """One line: `what` and `detail` as `crm.dialler.following.step` takes them, `at` UTC."""

    attempt_id: str
    what: str
    detail: str
    at: datetime


class Notebook:
    """One for all talks of a process; started with the first talk."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._notes: list[Note] = []
        self._later: list[Callable[[], bool]] = []
        self._closing = Event()
        self._thread: Thread | None = None

    def note(self, attempt_id: str, what: str, detail: str, at: datetime) -> None:
        """Keep one line."""
        with self._lock:
            self._notes.append(Note(attempt_id, what, detail, at))
            del self._notes[:-MOST_KEPT]
            self._start()

    def later(self, work: Callable[[], bool]) -> None:
        """Have this done every second until it returns True: an end of a talk that the database did not take."""
        with self._lock:
            self._later.append(work)
            self._start()

    def take(self, attempt_id: str) -> list[Note]:
        """The unwritten lines of one talk, which its caller writes now."""
        with self._lock:
            mine = [note for note in self._notes if note.attempt_id == attempt_id]
            self._notes = [note for note in self._notes if note.attempt_id != attempt_id]
        return mine

    def put_back(self, notes: Sequence[Note]) -> None:
        """They could not be written."""
        with self._lock:
            self._notes = [*notes, *self._notes][-MOST_KEPT:]

    def flush(self) -> bool:
        """Write everything; False where the database did not take it."""
        with self._lock:
            notes, self._notes = self._notes, []
        if not notes:
            return True
        try:
            with self._database.transaction() as session:
                write(session, notes)
        except SQLAlchemyError as error:
            log.warning("%d lines of talks wait: %s", len(notes), type(error).__name__)
            self.put_back(notes)
            return False
        return True

    def close(self) -> None:
        """Write what is left, and end the thread."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(EVERY_SECONDS * 5)
        self._round()

    def _start(self) -> None:
        if self._thread is None and not self._closing.is_set():
            self._thread = Thread(target=self._run, name="talk-notes", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._closing.wait(EVERY_SECONDS):
            self._round()

    def _round(self) -> None:
        self.flush()
        with self._lock:
            waiting, self._later = self._later, []
        undone = [work for work in waiting if not work()]
        with self._lock:
            self._later = [*undone, *self._later]


def write(session: Session, notes: Sequence[Note]) -> None:
    """Write these lines in the caller's transaction."""
    for note in notes:
        following.step(session, note.attempt_id, note.what, note.detail, note.at)
