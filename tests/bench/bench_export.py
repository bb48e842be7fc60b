"""The export of 100,000 journal rows, on both engines: how long, how much memory, and what a page notices of it (L11).

The file is made as in life: `workers.papers`, a niced process of its own, on a database of its own, while `web.main`
serves the journal to a head who opens it again and again.

    BENCH_EXPORT_ROWS=10000 .venv/bin/python tests/bench/bench_export.py
"""

from __future__ import annotations

import http.cookiejar
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import func, select  # noqa: E402

from crm.db import Database  # noqa: E402
from crm.journal_tables import JournalEntry  # noqa: E402
from crm.papers import exporting  # noqa: E402
from crm.papers.tables import ExportedFile  # noqa: E402
from crm.staff import by_login  # noqa: E402
from tests.bench.big_records import KEY, big_records, url_of  # noqa: E402
from tests.bench.figure import Figure, percentile, table  # noqa: E402
from tests.bench.sizes import ENGINES  # noqa: E402
from tests.support.ports import free_port  # noqa: E402
from tests.support.valkey import TemporaryValkey  # noqa: E402

ROWS = int(os.environ.get("BENCH_EXPORT_ROWS", "100000"))
FAMILIES = 1_000
QUIET_SECONDS = 8.0
LOGIN = "roshchina"
LIMIT_SECONDS, LIMIT_MB, LIMIT_SLOWER_MS = 12.0, 150.0, 50.0
_SERVE_SECONDS = 30.0


class Reader:
    """A head at the journal: signs in, then opens the page again and again and notes how long each time took."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self._opener.addheaders.append(("Origin", base))
        hidden = re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', self.open("/login"))
        form = {**dict(hidden), "login": LOGIN, "password": f"demo-{LOGIN}-2026"}
        self._opener.open(f"{base}/login", urllib.parse.urlencode(form).encode()).close()

    def open(self, path: str) -> str:
        """The page's text."""
        with self._opener.open(self._base + path) as answer:
            return str(answer.read().decode())

    def read_until(self, ending: threading.Event) -> list[float]:
        """Milliseconds of each look, twenty a second at most."""
        taken = []
        while not ending.wait(0.05):
            started = time.perf_counter()
            assert "journal-table" in self.open("/journal"), "not the journal"
            taken.append((time.perf_counter() - started) * 1000)
        return taken


def environment(database: Database, folder: Path, valkey: str, port: int) -> dict[str, str]:
    """Settings of the two processes."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    return known | {
        "DISPATCH_DATA_DIR": str(folder),
        "DISPATCH_DATABASE_URL": url_of(database),
        "DISPATCH_SECRET_KEY": KEY,
        "DISPATCH_REDIS_URL": valkey,
        "DISPATCH_HTTP_BIND": f"127.0.0.1:{port}",
    }


@contextmanager
def pages(settings: dict[str, str], port: int) -> Iterator[Reader]:
    """The pages in a process of their own, and a reader who is signed in."""
    server = subprocess.Popen([sys.executable, "-P", "-m", "web.main"], env=settings, cwd=ROOT)
    try:
        yield _reader(server, f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait()


def _reader(server: subprocess.Popen[bytes], base: str) -> Reader:
    """A reader as soon as the pages are served."""
    deadline = time.monotonic() + _SERVE_SECONDS
    while True:
        try:
            return Reader(base)
        except urllib.error.URLError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def make(settings: dict[str, str]) -> tuple[float, float]:
    """Run the maker of papers to its end: seconds, and the most memory that it held, in megabytes."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-P", "-m", "workers.papers"], env=settings, cwd=ROOT)
    most = 0
    while child.poll() is None:
        most = max(most, _peak(child.pid))
        time.sleep(0.02)
    assert child.returncode == 0, "the maker of papers failed"
    return time.perf_counter() - started, most / 1024


def _peak(pid: int) -> int:
    """Kilobytes that the process has held at most. (The kernel's ru_maxrss would begin with those of this process.)"""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    except OSError:
        return 0
    return int(found[1]) if found else 0


def measure(engine: str, database: Database, folder: Path) -> list[Figure]:
    """The figures of one engine."""
    port = free_port()
    with TemporaryValkey(folder / "valkey") as valkey:
        settings = environment(database, folder, valkey.url, port)
        _seconds, idle_mb = make(settings)
        with pages(settings, port) as reader:
            reader.open("/journal")
            ending = threading.Event()
            threading.Timer(QUIET_SECONDS, ending.set).start()
            quiet = reader.read_until(ending)
            with database.transaction() as session:
                head = by_login(session, LOGIN)
                assert head is not None
                service_id = session.scalars(
                    select(JournalEntry.service_id).group_by(JournalEntry.service_id).order_by(func.count().desc())
                ).first()
                wish: dict[str, Any] = {"service_id": service_id}
                export_id = exporting.ask(session, "journal", wish, head, datetime.now(UTC)).id
            ending = threading.Event()
            busy: list[float] = []
            looking = threading.Thread(target=lambda: busy.extend(reader.read_until(ending)))
            looking.start()
            seconds, most_mb = make(settings)
            ending.set()
            looking.join()
        with database.reading() as session:
            made = session.get_one(ExportedFile, export_id)
            assert made.state == "ready", made.error
    calm, slowed = percentile(quiet, 0.95), percentile(busy, 0.95)
    rows = f"{made.done_rows:,} journal rows, {engine}"
    return [
        Figure(f"export of {rows}", seconds, "s", LIMIT_SECONDS),
        Figure(f"memory of the export, {engine}", most_mb - idle_mb, "MB", LIMIT_MB, peer=idle_mb, peer_name="idle"),
        Figure(
            f"page slowed meanwhile, p95, {engine}", slowed - calm, "ms", LIMIT_SLOWER_MS, peer=calm, peer_name="quiet"
        ),
    ]


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark."""
    figures: list[Figure] = []
    for engine in ENGINES:
        with (
            big_records(engine, families=FAMILIES, rows=ROWS) as database,
            tempfile.TemporaryDirectory(prefix=f"sd-{secrets.token_hex(2)}") as folder,
        ):
            figures += measure(engine, database, Path(folder))
    return figures


if __name__ == "__main__":
    print(table(run()))
