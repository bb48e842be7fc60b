"""The process of the pages: `python -m web.main`. Serves until SIGTERM and says every few seconds that it lives."""

from __future__ import annotations

import ctypes
import logging
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from crm import heartbeat
from crm.db import check_schema, open_database
from crm.errors import RecordsError
from crm.settings import SettingsError, load
from web.app import create_app
from web.desk import Desk
from web.settings import WebSettings
from workers.feed import Feed

BEAT_SECONDS = 2.0
GRACE_SECONDS = 3  # uvicorn would wait for ever for an open live stream (libraries.md §4, trap 1)
M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3  # malloc.h

log = logging.getLogger("web.main")


def main() -> int:
    """Run; 2 for settings or a database that cannot be used."""
    _spare_memory()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = load(WebSettings)
        check_schema(settings.database_address())
        database = open_database(settings)
    except SettingsError as error:
        print(*error.sentences, sep="\n", file=sys.stderr)  # noqa: T201 - before there is a log
        return 2
    except RecordsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    desk = Desk(settings, database, Feed(settings.redis_address()))
    stopping = threading.Event()
    threading.Thread(target=_beat, args=(desk, stopping), name="heartbeat", daemon=True).start()
    try:
        serve(settings, desk)
    finally:
        stopping.set()
    return 0


def _spare_memory() -> None:
    """One heap for all threads, and big blocks given back at once: each argon2 check takes 19 MB in whichever thread it
    runs, and glibc would keep them all. Saves some 60 MB; another C library simply does without."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_ARENA_MAX, 1)
        libc.mallopt(M_MMAP_THRESHOLD, 256 * 1024)
    except (OSError, AttributeError) as error:
        log.info("memory settings left as they are: %s", type(error).__name__)


def serve(settings: WebSettings, desk: Desk) -> None:
    """Listen on `http_bind`. Proxy headers count only from `trusted_proxies` (reliability.md B63, S40)."""
    proxies = [address for address in settings.trusted_proxies.replace(",", " ").split() if address]
    app = create_app(settings, desk)
    config = uvicorn.Config(
        app,
        host=settings.http_address.host,
        port=settings.http_address.port,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or [],
        access_log=False,  # addresses and times are in the audit log, which knows who asked
        server_header=False,
        date_header=True,
        ws="none",
        log_level="warning",
        h11_max_incomplete_event_size=32 * 1024,
        limit_concurrency=400,
    )
    Server(config, app.state.streams.stop).run()


class Server(uvicorn.Server):
    """Tells the live streams to close when the order to stop comes, so that nothing has to be cut off."""

    def __init__(self, config: uvicorn.Config, before_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_exit = before_exit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's own signature
        """SIGTERM or SIGINT; unlike uvicorn's own, a clean end is not raised again as a signal: the status is 0."""
        self._before_exit()
        self.should_exit = True


def _beat(desk: Desk, stopping: threading.Event) -> None:
    while not stopping.wait(BEAT_SECONDS):
        try:
            with desk.database.transaction() as session:
                heartbeat.beat(session, "web", datetime.now(UTC), "Страницы открываются.")
        except SQLAlchemyError as error:
            log.warning("heartbeat not written: %s", type(error).__name__)


if __name__ == "__main__":
    sys.exit(main())
