"""A supervisor under test, and small processes for it to keep."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.wait import wait_for

QUICK = [sys.executable, "-I", "-S"]  # a Python without site-packages starts in 20 ms
PATIENCE = 20.0

LIVES = "import time\nwhile True: time.sleep(60)"
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('hears nothing', flush=True)\n" + LIVES
)


def python(code: str, *arguments: str) -> list[str]:
    return [*QUICK, "-u", "-c", code, *arguments]


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Service:
    """`python -m workers.supervisor` on a plan, with its screen in a file."""

    def __init__(self, folder: Path, processes: list[dict[str, Any]], **plan: Any) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.screen = folder / "screen.txt"
        self.plan = folder / "plan.json"
        self.plan.write_text(json.dumps({"data_dir": str(self.data_dir), "processes": processes, **plan}))
        self.popen: subprocess.Popen[bytes] | None = None

    def start(self) -> Service:
        with self.screen.open("ab") as screen:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "workers.supervisor", str(self.plan)],
                stdout=screen,
                stderr=screen,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self

    @property
    def pid(self) -> int:
        assert self.popen is not None
        return self.popen.pid

    def text(self) -> str:
        return self.screen.read_text(encoding="utf-8") if self.screen.exists() else ""

    def says(self, words: str, times: int = 1) -> None:
        wait_for(
            lambda: self.text().count(words) >= times,
            what=f"«{words}» ×{times} on the screen, which is:\n{self.text()}",
        )

    def children(self) -> list[int]:
        """The processes whose parent is the supervisor."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    after_name = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(after_name[1]) == self.pid and after_name[0] not in "ZX":
                    found.append(int(entry.name))
        return found

    def log(self, name: str) -> str:
        path = self.data_dir / "log" / f"{name}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, patience: float = PATIENCE) -> int:
        assert self.popen is not None
        return self.popen.wait(patience)

    def close(self) -> None:
        if self.popen is not None and self.popen.poll() is None:
            self.send(signal.SIGTERM)
            try:
                self.wait(15)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
