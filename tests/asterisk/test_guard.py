"""The guard with a real Asterisk: calls live through the death of the whole service, and none of it is left behind."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from telephony.config.files import write
from telephony.config.render import render
from tests.support.exchange import LiveExchange
from tests.support.supervised import Service, running
from tests.support.wait import wait_for


class Guarded:
    """A supervisor, its guard and a real Asterisk rendered for the test."""

    def __init__(self, folder: Path, grace: float) -> None:
        self.live = LiveExchange()  # for its plan, console and taps; the guard starts the process
        plan = self.live.plan
        for path in plan.folders:
            path.mkdir(parents=True, exist_ok=True)
        write(render(plan), plan.config_dir)
        asterisk = [*self.live.program.command, "-C", str(plan.config_dir / "asterisk.conf")]
        self.ready = folder / "data/run/exchange.ready"
        spec = folder / "guard.json"
        spec.write_text(
            json.dumps(
                {
                    "data_dir": str(folder / "data"),
                    "command": [*asterisk, "-f"],
                    "console": asterisk,
                    "control_socket": str(plan.control_socket),
                    "ready_file": str(self.ready),
                    "env": self.live.program.env,
                    "grace": grace,
                }
            )
        )
        self.service = Service(
            folder,
            [
                {
                    "name": "exchange",
                    "command": [sys.executable, "-m", "workers.supervisor.guard", str(spec)],
                    "ready": {"kind": "file", "address": str(self.ready), "timeout": 60},
                    "stop_timeout": 25,
                    "hurry_signal": "SIGQUIT",
                    "death_signal": "",
                }
            ],
        )

    def start(self) -> int:
        times = self.service.text().count("все процессы работают") + 1
        self.service.start()
        self.service.says("все процессы работают", times=times)
        return int(self.ready.read_text())

    def given_a_call(self, hold: str) -> list[str]:
        """A townsman who waits in the queue."""
        self.live.town_call(self.live.tap(), hold=hold)
        return sorted(
            wait_for(lambda: len(self.live.channels()) >= 2 and self.live.channels(), what="channels of the call")
        )

    def given_a_talk(self, seconds: int) -> None:
        """A talk with a townsman that ends by itself: a draining Asterisk takes neither console nor AMI commands."""
        channel = "Local/answers@sd-town-party/n"
        order = [("Action", "Originate"), ("Channel", channel), ("Application", "Wait"), ("Data", str(seconds))]
        self.live.tap().send([*order, ("Async", "true")])
        wait_for(self.live.channels, what="channels of the talk")

    def kill_the_supervisor(self) -> None:
        os.kill(self.service.pid, signal.SIGKILL)
        self.service.wait()
        self.live.close_taps()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[object]:
    made: list[Guarded] = []

    def make(grace: float) -> Guarded:
        made.append(Guarded(tmp_path, grace))
        return made[-1]

    yield make
    for one in made:
        one.service.close()
        for name in ("guard.lock", "exchange.pid"):
            file = tmp_path / "data/run" / name
            if file.exists() and running(pid := int(file.read_text().split()[0])):
                os.kill(pid, signal.SIGKILL)
        one.live.stop()


def test_a_call_lives_through_kill_nine_of_the_supervisor_and_is_adopted(guarded) -> None:
    one = guarded(grace=600)
    pid = one.start()
    channels = one.given_a_call(hold="60")
    one.kill_the_supervisor()
    assert set(channels) <= set(one.live.channels())
    assert one.start() == pid
    assert set(channels) <= set(one.live.channels())
    one.service.send(signal.SIGINT)
    assert one.service.wait(30) == 0
    assert not running(pid)


def test_left_alone_it_finishes_the_call_and_ends(guarded) -> None:
    one = guarded(grace=0.3)
    pid = one.start()
    one.given_a_talk(seconds=6)
    one.kill_the_supervisor()
    wait_for(lambda: "останавливается" in one.service.log("guard"))
    wait_for(lambda: "during shutdown" in one.live.console("core show channels"), what="Asterisk is shutting down")
    assert running(pid), "the call goes on, so does the exchange"
    wait_for(lambda: not running(pid), what="the exchange ended after the last call", limit=60)
    wait_for(lambda: not running(int((one.service.data_dir / "run/guard.lock").read_text())))


def test_a_successor_calls_off_the_shutdown_and_calls_are_taken_again(guarded) -> None:
    one = guarded(grace=0.3)
    pid = one.start()
    channels = one.given_a_call(hold="60")
    one.kill_the_supervisor()
    wait_for(lambda: "останавливается" in one.service.log("guard"))
    assert one.start() == pid
    one.live.console("channel request hangup all")
    wait_for(lambda: not one.live.channels())
    assert running(pid)
    assert set(one.given_a_call(hold="60")) != set(channels), "a new call was accepted"


def test_a_killed_asterisk_is_there_again(guarded) -> None:
    one = guarded(grace=600)
    first = one.start()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: one.ready.exists() and (text := one.ready.read_text()) and int(text) != first, limit=30)
    wait_for(lambda: "fully booted" in one.live.console("core waitfullybooted"), limit=30)
