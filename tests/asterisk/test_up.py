"""`family-dispatch up --demo` with all of its real parts: everything healthy, doctor content, Ctrl-C leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.exchange import free_tcp, free_udp
from tests.support.supervised import running
from tests.support.wait import wait_for

MAIN = [sys.executable, "-c", "from workers.cli import main; main()"]


class Up:
    """One installation on free ports; its folder is short, for a unix socket's name ends at 107 bytes."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "d"
        self.screen = folder / "screen.txt"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
        self.environment = clean | {
            "DISPATCH_DATA_DIR": str(self.data_dir),
            "DISPATCH_HTTP_BIND": str(free_tcp()),
            "DISPATCH_AGI_BIND": str(free_tcp()),
            "DISPATCH_AMI_PORT": str(free_tcp().port),
            "DISPATCH_SPEECH": "espeak-ng",
            "DISPATCH_PHONE_WS_BIND": str(free_tcp()),
            "DISPATCH_SIP_BIND": str(free_udp("127.0.0.1")),
            "DISPATCH_TRUNK_BIND": str(free_udp("127.0.0.3")),
            "DISPATCH_TOWN_BIND": str(free_udp("127.0.0.2")),
        }
        self.cwd = folder
        self.popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.screen.open("ab") as screen:
            self.popen = subprocess.Popen(
                [*MAIN, "up", "--demo"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                cwd=self.cwd,
                start_new_session=True,
            )

    def says(self, words: str, times: int = 1) -> None:
        assert self.popen is not None
        wait_for(
            lambda: self.screen.read_text().count(words) >= times or self.popen.poll() is not None,
            what=f"«{words}», the screen is:\n{self.screen.read_text()}",
            limit=100,
        )
        assert self.screen.read_text().count(words) >= times, self.screen.read_text()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*MAIN, *arguments],
            env=self.environment,
            cwd=self.cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    def processes(self) -> dict[int, str]:
        """Whatever runs on this data folder, by its command line or its environment."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and int(entry.name) != os.getpid() and running(int(entry.name)):
                try:
                    words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                except OSError:
                    continue
                if str(self.data_dir).encode() in words:
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")[:120]
        return found


@pytest.fixture
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    one = Up(tmp_path_factory.mktemp("up"))
    yield one
    for pid in one.processes():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.timeout(300)
def test_everything_starts_is_found_healthy_and_stops(up: Up) -> None:
    up.start()
    up.says("все процессы работают")
    screen = up.screen.read_text()
    assert f"Откройте в браузере: http://{up.environment['DISPATCH_HTTP_BIND']}" in screen
    assert "demo-" in screen, "the demo passwords are printed"
    assert "family-dispatch call-in --from +79070000101" in screen
    assert up.popen is not None
    supervisor = Path(f"/proc/{up.popen.pid}")
    assert b"workers.supervisor" in (supervisor / "cmdline").read_bytes(), "the start became the supervisor"
    assert int(re.search(r"VmRSS:\s+(\d+)", (supervisor / "status").read_text())[1]) <= 20 * 1024

    doctor = up.command("doctor")
    assert doctor.returncode == 0, doctor.stdout

    second = up.command("up")
    assert second.returncode == 2
    assert f"процесс {up.popen.pid}" in second.stderr

    os.kill(up.popen.pid, signal.SIGINT)
    assert up.popen.wait(60) == 0
    assert up.processes() == {}


@pytest.mark.timeout(300)
def test_kill_nine_leaves_the_exchange_alone_and_the_next_start_adopts_it(up: Up) -> None:
    up.start()
    up.says("все процессы работают")
    exchange = (up.data_dir / "run/exchange.ready").read_text()
    assert up.popen is not None
    os.kill(up.popen.pid, signal.SIGKILL)
    up.popen.wait()
    wait_for(lambda: len(up.processes()) == 2, what="only the exchange and its guard are left")
    assert any("workers.supervisor.guard" in command for command in up.processes().values())
    up.start()
    up.says("все процессы работают", times=2)
    assert (up.data_dir / "run/exchange.ready").read_text() == exchange
    os.kill(up.popen.pid, signal.SIGINT)
    assert up.popen.wait(60) == 0
    assert up.processes() == {}


def test_a_taken_address_is_told_before_anything_starts(up: Up) -> None:
    host, _, port = up.environment["DISPATCH_SIP_BIND"].partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((host, int(port)))
        done = up.command("up", "--demo")
    assert done.returncode == 2
    assert "настольных телефонов (SIP)" in done.stderr
    assert f"процесс {os.getpid()} (" in done.stderr
    assert "DISPATCH_SIP_BIND" in done.stderr
