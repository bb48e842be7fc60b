"""Ctrl-C stops everything in reverse order; even kill -9 of the supervisor leaves no process behind."""

from __future__ import annotations

import os
import re
import signal
import time

import pytest

from tests.support.supervised import LIVES, STUBBORN, python, running
from tests.support.wait import patient, wait_for

NAMES = ("valkey", "agi", "web")
PROCESSES = [{"name": name, "command": python(LIVES)} for name in NAMES]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_all_in_reverse_order(service, number: int) -> None:
    supervised = service(PROCESSES).start()
    supervised.says("все процессы работают")
    children = supervised.children()
    supervised.send(number)
    assert supervised.wait() == 0
    assert re.findall(r"(\w+): остановлен", supervised.text()) == ["web", "agi", "valkey"]
    assert not any(map(running, children))


def test_the_words_of_a_farewell_are_not_lost(service) -> None:
    code = """
import signal, sys, time
def bye(*_): print("goodbye", flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print("hello", flush=True)
while True: time.sleep(60)
"""
    supervised = service([{"name": "polite", "command": python(code)}]).start()
    supervised.says("hello")
    supervised.send(signal.SIGINT)
    assert supervised.wait() == 0
    assert "goodbye" in supervised.log("polite")


def test_a_deaf_process_is_killed_when_its_time_is_over(service) -> None:
    supervised = service([{"name": "deaf", "command": python(STUBBORN), "stop_timeout": 0.3}]).start()
    supervised.says("hears nothing")
    (child,) = supervised.children()
    supervised.send(signal.SIGINT)
    assert supervised.wait() == 0
    assert "deaf: не остановился за 0.3 с" in supervised.text()
    assert not running(child)


def test_a_second_ctrl_c_hurries(service) -> None:
    supervised = service([{"name": "deaf", "command": python(STUBBORN), "stop_timeout": 600}]).start()
    supervised.says("hears nothing")
    supervised.send(signal.SIGINT)
    supervised.says("останавливается")
    started = time.monotonic()
    supervised.send(signal.SIGINT)
    assert supervised.wait() == 0
    assert time.monotonic() - started < patient(10)


def test_ctrl_c_while_starting_stops_what_has_started(service) -> None:
    never = {"kind": "file", "address": "/nonexistent/ready"}
    supervised = service([{"name": "slow", "command": python(LIVES), "ready": never}, *PROCESSES]).start()
    (child,) = wait_for(supervised.children)
    supervised.send(signal.SIGINT)
    assert supervised.wait() == 0
    assert not running(child)


def test_kill_nine_of_the_supervisor_leaves_no_orphan(service) -> None:
    supervised = service([*PROCESSES, {"name": "deaf", "command": python(STUBBORN)}]).start()
    supervised.says("все процессы работают")
    children = supervised.children()
    assert len(children) == 4
    os.kill(supervised.pid, signal.SIGKILL)
    wait_for(lambda: not any(map(running, children)), what="all children ended", limit=5)


def test_kill_nine_while_starting_leaves_no_orphan_either(service) -> None:
    never = {"kind": "file", "address": "/nonexistent/ready"}
    supervised = service([{"name": "slow", "command": python(LIVES), "ready": never}]).start()
    children = wait_for(supervised.children)
    os.kill(supervised.pid, signal.SIGKILL)
    wait_for(lambda: not any(map(running, children)), what="the child ended", limit=5)


def test_a_child_is_not_in_the_terminals_process_group(service) -> None:
    supervised = service(PROCESSES).start()
    supervised.says("все процессы работают")
    for child in supervised.children():
        assert os.getsid(child) == child
        assert os.getpgid(child) == child
