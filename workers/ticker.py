"""The ticker: looks every second which calls the robot owes, and wakes a worker for them; asks the exchange about calls
that have gone silent; lays out the calls of the days ahead.

`python -m workers.ticker`. Any number of copies on any machines (reliability.md §3): none of them leads, for each of
their steps is harmless when another has just done it.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from crm.db import Database, open_database
from telephony.ami import AmiSession
from telephony.link import AmiError
from telephony.snapshot import Snapshot
from workers import process
from workers.dialler import prompts
from workers.dialler.planner import Planner
from workers.dialler.pulse import pulses
from workers.dialler.reconciler import EVERY_SECONDS, Reconciler
from workers.dialler.ticker import NAME, Ticker
from workers.exchange import ami_address, log_dir
from workers.settings import ServiceSettings, load

TIDY_SECONDS = 3600.0
SPEAK_EVERY_SECONDS = 5.0
log = logging.getLogger(__name__)


class Reconciling:
    """The thread that asks the exchange: at start, after every login, every five seconds."""

    def __init__(self, settings: ServiceSettings, database: Database) -> None:
        self._login = threading.Event()
        self._exchange = AmiSession(
            ami_address(settings), on_event=lambda _message: None, on_connected=self._connected, events=()
        )
        here = log_dir(settings) if settings.exchange == "embedded" else None
        self._reconciler = Reconciler(database, self._exchange, here)
        self._next_tidy = 0.0

    def run(self, stopping: threading.Event) -> None:
        """Until told to stop."""
        self._exchange.start()
        while not stopping.is_set():
            self._login.wait(EVERY_SECONDS)
            self._login.clear()
            try:
                if self._exchange.link.up:
                    self._reconciler.look()
                    self._tidy()
            except (AmiError, SQLAlchemyError, OSError) as error:
                log.warning("reconciling failed, again in five seconds: %s", type(error).__name__)
        self._exchange.stop()

    def _tidy(self) -> None:
        if time.monotonic() >= self._next_tidy:
            self._next_tidy = time.monotonic() + TIDY_SECONDS
            self._reconciler.tidy()

    def _connected(self, _snapshot: Snapshot) -> None:
        # `link` is up a moment later, on the same thread; a look that comes too early is made up for in five seconds.
        self._login.set()


class Speaking:
    """The thread that has the words of the next minutes spoken ahead, so that an order never waits for a voice."""

    def __init__(self, settings: ServiceSettings, database: Database) -> None:
        self._database = database
        self._find = prompts.finder(settings, database)

    def run(self, stopping: threading.Event) -> None:
        """Until told to stop."""
        while not stopping.wait(SPEAK_EVERY_SECONDS):
            try:
                prompts.prepare(self._database, self._find, datetime.now(UTC))
            except (SQLAlchemyError, OSError) as error:
                log.warning("words not spoken ahead: %s", type(error).__name__)


def main() -> None:
    """Run until SIGTERM."""
    process.start_logging()
    settings = load(ServiceSettings)
    stopping = process.stop_event()
    database = open_database(settings)
    ticker = Ticker(database, settings.redis_address())
    reconciling = Reconciling(settings, database)
    planner = Planner(database, settings.mode)
    speaking = Speaking(settings, database)
    for name, work in (("reconciler", reconciling.run), ("planner", planner.run), ("speaker", speaking.run)):
        threading.Thread(target=work, args=(stopping,), name=name, daemon=True).start()
    process.say_ready(settings.run_dir, NAME)
    for redis_there in pulses(settings.redis_address(), ticker.patience):
        if stopping.is_set():
            break
        ticker.tick(redis_there)
    database.dispose()


if __name__ == "__main__":
    main()
