"""What every long-running process of ours does alike: logging, stopping on SIGTERM, saying «I am ready» and «I live».

Logs go to standard error, one line an entry; the supervisor adds the process name and writes the files. No log line
may hold personal data: ids, types and counts only.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from crm import heartbeat
from crm.db import Database

BEAT_SECONDS = 2.0
log = logging.getLogger(__name__)


def start_logging() -> None:
    """One line an entry, UTC is left to the supervisor's files."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")


def stop_event() -> threading.Event:
    """An event that SIGTERM and SIGINT set. Main thread only."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


def say_ready(run_dir: Path, name: str) -> None:
    """Leave the file that the supervisor waits for before it starts the next process."""
    run_dir.mkdir(parents=True, exist_ok=True)
    (run_dir / f"{name}.ready").write_text("ready\n")


def beat_until(stopping: threading.Event, database: Database, name: str) -> threading.Thread:
    """Write this process's heartbeat now and every two seconds until told to stop; a dead database is only logged."""

    def beat() -> None:
        try:
            with database.transaction() as session:
                heartbeat.beat(session, name, datetime.now(UTC))
        except SQLAlchemyError as error:
            log.warning("heartbeat not written: %s", type(error).__name__)

    def keep_beating() -> None:
        while not stopping.wait(BEAT_SECONDS):
            beat()

    beat()  # before the process is called ready: who asks right then must not hear that it never started
    thread = threading.Thread(target=keep_beating, name="heartbeat", daemon=True)
    thread.start()
    return thread
