"""The whole service as a user starts it: `family-dispatch up` on free ports, in a data folder of its own.

Used by tests/browser and by the benches. Everything is real: Asterisk, Valkey, the database, the pages.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from telephony.config.plan import Address
from tests.support.exchange import first_rtp_port, free_tcp, free_udp
from tests.support.wait import wait_for

PROGRAM = Path(sys.executable).with_name("family-dispatch")
START_SECONDS = 120.0
_WORKS = re.compile(r"([a-z-]+): работает \(процесс (\d+)\)")


class LiveService:
    """`with LiveService() as service:`; `.url` is the address of the pages."""

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sds"))  # short: a socket's name has 107 bytes
        self.data_dir = self.folder / "d"
        self.http, self.ami, self.agi, self.websocket = (free_tcp() for _ in range(4))
        self.desk, self.trunk, self.town = (free_udp(f"127.0.0.{last}") for last in (1, 3, 2))
        first_rtp = first_rtp_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")},
            "DISPATCH_DATA_DIR": str(self.data_dir),
            "DISPATCH_HTTP_BIND": str(self.http),
            "DISPATCH_AMI_PORT": str(self.ami.port),
            "DISPATCH_AGI_BIND": str(self.agi),
            "DISPATCH_PHONE_WS_BIND": str(self.websocket),
            "DISPATCH_SIP_BIND": str(self.desk),
            "DISPATCH_TRUNK_BIND": str(self.trunk),
            "DISPATCH_TOWN_BIND": str(self.town),
            "DISPATCH_RTP_PORTS": f"{first_rtp}-{first_rtp + 199}",
            "DISPATCH_SPEECH": "espeak-ng",  # ten times quicker than RHVoice: hundreds of prompts on two busy cores
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._screen_before = 0

    @property
    def url(self) -> str:
        return f"http://{self.http}"

    @property
    def screen(self) -> Path:
        return self.folder / "screen.log"

    def __enter__(self) -> LiveService:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start everything and wait until all of it works; after `kill("supervisor")`, start it anew."""
        self._screen_before = self.screen.stat().st_size if self.screen.exists() else 0
        with self.screen.open("ab") as screen:
            self.process = subprocess.Popen(
                [str(PROGRAM), "up", "--demo"],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                start_new_session=True,
            )
        wait_for(self._works, START_SECONDS, "the service to work", pause=0.1)

    def _works(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the service ended:\n{self.screen.read_text()}")
        said = self.screen.read_bytes()[self._screen_before :].decode(errors="replace")
        return "все процессы работают" in said and self.page_answers()

    def page_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/login", timeout=2) as answer:  # noqa: S310 - our own
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> int | None:
        """Ctrl-C; the supervisor's exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
                raise
        code = self.process.returncode
        self.process = None
        self._end_orphans()
        return code

    def _end_orphans(self) -> None:
        """A test that failed with the supervisor dead leaves the guard and Asterisk, which then wait for a new one."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if str(self.data_dir).encode() in (entry / "cmdline").read_bytes():
                        os.kill(int(entry.name), signal.SIGKILL)

    def pid_of(self, name: str) -> int:
        """The process that the supervisor last called healthy under this name; its own pid for «supervisor»."""
        assert self.process is not None
        if name == "supervisor":
            return self.process.pid
        if name == "asterisk":
            return int((self.data_dir / "asterisk/run/asterisk.pid").read_text())
        text = (self.data_dir / "log/supervisor.log").read_text()
        return int([pid for found, pid in _WORKS.findall(text) if found == name][-1])

    def kill(self, name: str) -> int:
        """kill -9 of one process of ours; its former pid."""
        pid = self.pid_of(name)
        os.kill(pid, signal.SIGKILL)
        if name == "supervisor" and self.process:
            self.process.wait(5)
        return pid

    def wait_restarted(self, name: str, former: int, limit: float = 15.0) -> None:
        wait_for(lambda: self.pid_of(name) != former, limit, f"{name} to be started anew", pause=0.05)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One `family-dispatch …` beside the running service."""
        return subprocess.run(
            [str(PROGRAM), *words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def trunk_address(self) -> Address:
        return self.trunk
