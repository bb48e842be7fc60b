"""A private PostgreSQL cluster for tests: made in a folder of its own, spoken to by a unix socket, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from tests.support.tools import Postgres, Tools

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_NOBODY = 65534
# A crash of the machine may lose a test's data; nothing else may differ from production.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "GMT",
    "log_timezone": "GMT",
}


class TemporaryPostgres:
    """A running cluster, used as a context manager or by `start` and `stop`.

    As root it runs as `nobody`: PostgreSQL refuses root. No TCP port is opened, so any number may run side by side.
    """

    def __init__(self, program: Postgres | None = None) -> None:
        self.program = program or Tools().postgres()
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The database `postgres` of this cluster, for SQLAlchemy with psycopg 3."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The URL of another database of this cluster; it need not exist yet."""
        return f"postgresql+psycopg://dispatch@/{database}?host={quote(str(self._folder / 'run'))}"

    def start(self) -> TemporaryPostgres:
        """Make the cluster and wait until it takes connections; RuntimeError with its log if it does not."""
        # Not in pytest's folder: a socket's path has 107 bytes at most, and `nobody` may not enter root's folders.
        self._folder = Path(tempfile.mkdtemp(prefix="dispatch-pg-"))
        try:
            self._initialise()
            self._launch()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server ("fast": open connections are cut) and remove the folder."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(_STOP_SECONDS)
        self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def crash(self) -> None:
        """End it at once, as `pg_ctl stop -m immediate` does: every connection breaks, nothing is tidied up."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_STOP_SECONDS)

    def revive(self) -> None:
        """Start it again if it does not run; it recovers by itself."""
        if self._process is not None and self._process.poll() is not None:
            self._launch()

    def __enter__(self) -> TemporaryPostgres:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _initialise(self) -> None:
        for name in ("data", "run"):
            (self._folder / name).mkdir(mode=0o700)
        self._bin_dir, self._env = self._reachable_program()
        if os.geteuid() == 0:
            for path in (self._folder, self._folder / "data", self._folder / "run"):
                os.chown(path, _NOBODY, _NOBODY)
        command = [str(self._bin_dir / "initdb"), "-D", str(self._folder / "data"), "-U", "dispatch", "-A", "trust"]
        options = ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        done = self._run([*command, *options])
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stdout}{done.stderr}")

    def _launch(self) -> None:
        command = [str(self._bin_dir / "postgres"), "-D", str(self._folder / "data"), "-k", str(self._folder / "run")]
        for name, value in _SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        log = self._folder / "server.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                env=self._env,
                cwd="/",
                user=_owner(),
                group=_owner(),
                extra_groups=_groups(),
            )
        deadline = time.monotonic() + _START_SECONDS
        # The eighth line of postmaster.pid says "ready" once connections are taken (src/include/utils/pidfile.h).
        while not _ready(self._folder / "data/postmaster.pid"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}")
            time.sleep(0.02)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=self._env,
            cwd="/",
            check=False,
            user=_owner(),
            group=_owner(),
            extra_groups=_groups(),
        )

    def _reachable_program(self) -> tuple[Path, dict[str, str]]:
        """The folder of the programs and the environment; a private tree that `nobody` cannot enter (root's cache) is
        copied into our folder, by hard links where both lie on one file system."""
        tree = self.program.tree_root
        environment = self.program.environment()
        if tree is None or os.geteuid() != 0 or _everybody_may_enter(tree):
            return self.program.bin_dir, environment
        copy = self._folder / "tree"
        for part in ("usr/lib", "usr/share/postgresql", "lib"):
            if (tree / part).is_dir():
                shutil.copytree(tree / part, copy / part, symlinks=True, copy_function=_link_or_copy)
        environment["LD_LIBRARY_PATH"] = environment["LD_LIBRARY_PATH"].replace(str(tree), str(copy))
        return copy / self.program.bin_dir.relative_to(tree), environment


def _owner() -> int | None:
    """The user that the server runs as: None is ourselves."""
    return _NOBODY if os.geteuid() == 0 else None


def _groups() -> list[int] | None:
    return [] if os.geteuid() == 0 else None


def _everybody_may_enter(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in [folder, *folder.parents])


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _ready(pid_file: Path) -> bool:
    try:
        lines = pid_file.read_text().splitlines()
    except (FileNotFoundError, PermissionError):
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"
