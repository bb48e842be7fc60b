"""One supervisor for one data folder. The lock dies with its holder, so a crash leaves nothing to clean up."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class AlreadyRunning(Exception):
    """Another supervisor holds the folder; the text is a Russian sentence that names it."""


def take(data_dir: Path, *, name: str = "supervisor") -> int:
    """Lock the folder and write our process id beside the lock; the descriptor holds it until it is closed.

    Raises:
        AlreadyRunning: with the sentence for the screen.
    """
    run_dir = data_dir / "run"
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(run_dir / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "?"
        os.close(descriptor)
        raise AlreadyRunning(
            f"Служба на этих данных уже работает: процесс {holder}, папка {data_dir}. "
            f"Остановить её: kill {holder} (или Ctrl-C в её окне). Вторая служба нужна с другой DISPATCH_DATA_DIR."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
