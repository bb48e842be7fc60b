"""The exchange outlives everything of ours, and is never left behind for ever."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import fake_exchange
from tests.support.supervised import QUICK, Service, running
from tests.support.wait import wait_for

FAKE = [*QUICK, fake_exchange.__file__]


class Exchange:
    """A supervised guard with a fake exchange."""

    def __init__(self, service: Any, folder: Path, **spec: Any) -> None:
        self.folder = folder
        self.socket, self.journal, self.call = folder / "ctl", folder / "journal", folder / "call"
        data_dir = folder / "data"
        self.ready = data_dir / "run" / "exchange.ready"
        self.spec = folder / "guard.json"
        self.spec.write_text(
            json.dumps(
                {
                    "data_dir": str(data_dir),
                    "command": [*FAKE, "run", str(self.socket), str(self.journal), str(self.call)],
                    "console": [*FAKE, "console", str(self.socket)],
                    "control_socket": str(self.socket),
                    "ready_file": str(self.ready),
                    "grace": 0.5,
                    "stop_timeout": 2.0,
                    **spec,
                }
            )
        )
        self.service: Service = service(
            [
                {
                    "name": "exchange",
                    "command": [sys.executable, "-m", "workers.supervisor.guard", str(self.spec)],
                    "ready": {"kind": "file", "address": str(self.ready)},
                    "stop_timeout": 20,
                    "hurry_signal": "SIGQUIT",
                    "death_signal": "",
                }
            ]
        )

    def start(self) -> int:
        """Start the supervisor (again); return the exchange's process id."""
        before = self.service.text().count("все процессы работают")
        self.service.start()
        self.service.says("все процессы работают", times=before + 1)
        return self.pid()

    def pid(self) -> int:
        return int(self.ready.read_text())

    def guard(self) -> int:
        return int((self.folder / "data/run/guard.lock").read_text())

    def told(self, command: str) -> bool:
        return self.journal.exists() and command in self.journal.read_text().splitlines()


@pytest.fixture
def exchange(service, tmp_path: Path) -> Iterator[Any]:
    made: list[Exchange] = []

    def make(**spec: Any) -> Exchange:
        made.append(Exchange(service, tmp_path, **spec))
        return made[-1]

    yield make
    for one in made:
        one.service.close()
        for name in ("data/run/guard.lock", "data/run/exchange.pid"):
            path = tmp_path / name
            if path.exists() and running(pid := int(path.read_text().split()[0])):
                os.kill(pid, signal.SIGKILL)


def test_a_clean_stop_ends_the_exchange_too(exchange) -> None:
    one = exchange()
    pid, guard = one.start(), one.guard()
    one.service.send(signal.SIGINT)
    assert one.service.wait() == 0
    assert one.told("core stop now")
    assert not running(pid)
    assert not running(guard)


def test_an_exchange_that_ends_is_started_anew(exchange) -> None:
    one = exchange()
    first = one.start()
    os.kill(first, signal.SIGKILL)
    second = wait_for(lambda: one.ready.exists() and one.ready.read_text() and one.pid() != first and one.pid())
    assert running(second)
    one.service.says("АТС завершилась")


def test_a_killed_guard_leaves_the_exchange_alive_and_the_next_one_adopts_it(exchange) -> None:
    one = exchange(adopted=["dialplan reload"])
    pid, guard = one.start(), one.guard()
    assert not one.told("dialplan reload")
    os.kill(guard, signal.SIGKILL)
    one.service.says("АТС уже работает", times=1)
    wait_for(lambda: one.guard() != guard)
    assert running(pid)
    assert one.pid() == pid
    assert one.told("core abort shutdown")
    assert one.told("dialplan reload"), "what was rendered meanwhile is read"


def test_the_exchange_survives_its_supervisor_and_is_adopted_by_the_next(exchange) -> None:
    one = exchange(grace=600)
    pid, guard = one.start(), one.guard()
    os.kill(one.service.pid, signal.SIGKILL)
    one.service.wait()
    assert one.start() == pid
    assert running(pid)
    wait_for(lambda: not running(guard), what="the old guard handed over and ended")
    assert not one.told("core stop when convenient")


def test_without_a_successor_the_exchange_ends_by_itself(exchange) -> None:
    one = exchange(grace=0.3)
    pid, guard = one.start(), one.guard()
    os.kill(one.service.pid, signal.SIGKILL)
    wait_for(lambda: not running(pid) and not running(guard), what="neither exchange nor guard is left")
    assert one.told("core stop when convenient")


def test_talks_in_progress_are_finished_before_the_exchange_ends(exchange) -> None:
    one = exchange(grace=0.1)
    pid, guard = one.start(), one.guard()
    one.call.touch()
    os.kill(one.service.pid, signal.SIGKILL)
    wait_for(lambda: one.told("core stop when convenient"))
    assert running(pid)
    one.call.unlink()
    wait_for(lambda: not running(pid) and not running(guard))


def test_a_talk_that_never_ends_is_ended_at_last(exchange) -> None:
    one = exchange(grace=0.1, drain_limit=0.4)
    pid, guard = one.start(), one.guard()
    one.call.touch()
    os.kill(one.service.pid, signal.SIGKILL)
    wait_for(lambda: not running(pid) and not running(guard))
    assert one.told("core stop now")


def test_a_successor_calls_off_a_shutdown_that_has_begun(exchange) -> None:
    one = exchange(grace=0.1)
    pid = one.start()
    one.call.touch()
    os.kill(one.service.pid, signal.SIGKILL)
    one.service.wait()
    wait_for(lambda: one.told("core stop when convenient"))
    assert one.start() == pid
    one.call.unlink()
    assert one.told("core abort shutdown")
    one.service.says("все процессы работают", times=2)
    assert running(pid)


def test_ctrl_c_ends_an_exchange_whose_console_is_deaf(exchange) -> None:
    one = exchange(stop_timeout=0.3)
    pid = one.start()
    Path(f"{one.call}.deaf").touch()
    one.service.send(signal.SIGINT)
    assert one.service.wait() == 0
    assert not running(pid)


def test_a_second_ctrl_c_ends_the_exchange_at_once(exchange) -> None:
    one = exchange(stop_timeout=60)
    pid = one.start()
    Path(f"{one.call}.deaf").touch()
    os.kill(pid, signal.SIGSTOP)
    one.service.send(signal.SIGINT)
    one.service.says("останавливается")
    one.service.send(signal.SIGINT)
    assert one.service.wait() == 0
    assert not running(pid)


def test_an_exchange_that_cannot_start_says_why(exchange) -> None:
    one = exchange()
    Path(f"{one.call}.refuse").touch()
    one.service.start()
    one.service.says("ERROR: cannot bind", times=2)
    one.service.says("exchange: завершился (код 1)")


def test_a_taken_sip_address_is_told_when_the_exchange_must_be_started(exchange) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        one = exchange(listens=[{"address": address, "protocol": "udp", "what": "телефонов"}])
        one.service.start()
        one.service.says(f"Адрес {address} (UDP) нужен для телефонов, но его занимает процесс {os.getpid()}")


def test_a_stranger_with_the_old_guards_number_is_left_alone(exchange, tmp_path: Path) -> None:
    (tmp_path / "data/run").mkdir(parents=True)
    with subprocess.Popen([*QUICK, "-c", "import time; time.sleep(600)"]) as stranger:
        (tmp_path / "data/run/guard.lock").write_text(f"{stranger.pid}\n")
        (tmp_path / "data/run/exchange.pid").write_text(f"{stranger.pid} 12345\n")
        one = exchange()
        assert one.start() != stranger.pid
        one.service.send(signal.SIGINT)
        one.service.wait()
        assert stranger.poll() is None
        stranger.kill()


def test_the_guard_is_small(exchange) -> None:
    one = exchange()
    one.start()
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{one.guard()}/status").read_text())[1])
    print(f"guard: {resident} kB resident")
    assert resident <= 20 * 1024
