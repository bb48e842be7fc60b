"""LibreOffice as a judge: what an institution without Excel sees when it opens our files."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

from tests.support.tools import Tool, Tools

_SECONDS = 60.0
_RESTART = 81  # the first start with a new profile ends so: it has set itself up and wants to be started again
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"  # comma, quotes, UTF-8, formulas' results


class LibreOffice:
    """Converts files; its profile lives in `folder`, nothing of the person's own is read or written."""

    def __init__(self, folder: Path, tool: Tool | None = None) -> None:
        self._folder = folder
        self._tool = tool or Tools().libreoffice()

    def convert(self, path: Path, to: str) -> Path:
        """Open `path` and save it as `to` («pdf», «xlsx», …). AssertionError with what LibreOffice said if it fails."""
        target = self._folder / "converted"
        command = [
            *self._tool.command,
            "--headless",
            "--norestore",
            "--nolockcheck",
            f"-env:UserInstallation=file://{self._folder}/profile",
            "--convert-to",
            to,
            "--outdir",
            str(target),
            str(path),
        ]
        environment = {**self._tool.environment(), "HOME": str(self._folder)}
        for _ in range(2):
            done = subprocess.run(
                command, capture_output=True, text=True, env=environment, timeout=_SECONDS, check=False
            )
            if done.returncode != _RESTART:
                break
        made = target / f"{path.stem}.{to.partition(':')[0]}"
        assert made.exists(), f"{done.returncode}: {done.stdout}{done.stderr[:2000]}"
        return made

    def rows(self, path: Path) -> list[list[str]]:
        """The first sheet as LibreOffice shows it, formulas worked out."""
        with self.convert(path, _CSV).open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))
