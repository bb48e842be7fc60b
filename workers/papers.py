"""Makes what waits and takes long: dry runs of campaigns, exports, then imports, one after another; then ends.

`python -m workers.papers`, started by `workers.paper_runner` when rows wait. A process of its own, because a hundred
thousand rows keep a processor busy for seconds and a page must not wait for that; a niced one, because a call comes
first. A lock makes sure that there is one at a time; killed, it leaves rows that the next one takes again.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from crm.campaigns import trying
from crm.db import Database, open_database
from crm.papers import exporting, importing, making
from workers import process
from workers.paper_runner import PARENT
from workers.settings import ServiceSettings, load

NICENESS = 10
LOCK = "papers.lock"
RUBBISH = 100_000
"""Objects between two looks for rubbish. A file is made of millions that are freed at once anyway; looking through them
every 700, as Python does, was a quarter of an export's time."""
_PR_SET_PDEATHSIG = 1  # prctl(2)
log = logging.getLogger(__name__)


def main() -> int:
    """Do everything that waits. Exit code 0; 1 if the parent has died already."""
    if not die_with(int(os.environ.get(PARENT, "0"))):
        return 1
    process.start_logging()
    os.nice(NICENESS)
    os.umask(0o077)
    gc.freeze()
    gc.set_threshold(RUBBISH, 20, 20)
    settings = load(ServiceSettings)
    database = open_database(settings)
    try:
        with alone(settings.run_dir / LOCK) as mine:
            if mine:
                work(database, settings.data_dir, settings.mode)
    finally:
        database.dispose()
    return 0


def work(database: Database, data_dir: Path, mode: Literal["demo", "live"]) -> None:
    """Make every dry run and every export, and do every import that waits; what is asked for meanwhile is the next
    run's."""
    exports, imports = exporting.folder_of(data_dir), importing.folder_of(data_dir)
    with database.reading() as session:
        export_ids, job_ids = list(making.waiting(session)), importing.waiting(session)
        campaign_ids = trying.waiting(session)
    for campaign_id in campaign_ids:
        trying.make(database, campaign_id, datetime.now(UTC), mode=mode)
    making.clear_left(exports)
    for export_id in export_ids:
        making.make(database, export_id, exports, datetime.now(UTC))
    for job_id in job_ids:
        importing.work(database, job_id, imports, datetime.now(UTC))


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Hold the lock of the one maker of papers; False if somebody else has it. A crash frees it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def die_with(parent: int) -> bool:
    """Have the kernel kill this process when its parent ends; False if that has happened already. 0: no parent."""
    if parent:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    return parent in (0, os.getppid())


if __name__ == "__main__":
    sys.exit(main())
