"""Whatever ends is started again, more and more patiently."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from tests.support.supervised import LIVES, python, running
from tests.support.wait import wait_for


def test_a_killed_process_comes_back_alone(service) -> None:
    supervised = service([{"name": name, "command": python(LIVES)} for name in ("agi", "listener")]).start()
    supervised.says("все процессы работают")
    before = set(supervised.children())
    victim = int(re.search(r"agi: работает \(процесс (\d+)\)", supervised.text())[1])
    os.kill(victim, signal.SIGKILL)
    supervised.says("agi: завершился (сигнал SIGKILL); новый запуск через 0.25 с")
    after = set(wait_for(lambda: len(supervised.children()) == 2 and supervised.children()))
    assert victim not in after
    assert len(before & after) == 1


def test_the_pauses_double_and_stop_growing(service) -> None:
    supervised = service(
        [{"name": "crash", "command": python("raise SystemExit(1)")}], backoff_first=0.05, backoff_longest=0.2
    ).start()
    supervised.says("crash: завершился", times=5)
    pauses = re.findall(r"новый запуск через ([\d.]+) с", supervised.text())[:5]
    assert pauses == ["0.05", "0.1", "0.2", "0.2", "0.2"]


def test_long_health_resets_the_pause(service, tmp_path) -> None:
    once = tmp_path / "once"
    code = f"""
import pathlib, time
path = pathlib.Path({str(once)!r}); lives = len(path.read_text()) if path.exists() else 0
path.write_text("x" * (lives + 1))
time.sleep(60 if lives == 2 else 0)
"""
    supervised = service([{"name": "crash", "command": python(code)}], backoff_first=0.05, healthy_after=0.3).start()
    wait_for(lambda: once.exists() and len(once.read_text()) == 3)
    (survivor,) = wait_for(supervised.children)
    supervised.says("работает", times=3)
    wait_for(lambda: _age(survivor) > 0.6, what="the process lived longer than healthy_after")
    os.kill(survivor, signal.SIGKILL)
    supervised.says("сигнал SIGKILL); новый запуск через 0.05 с")


def _age(pid: int) -> float:
    ticks = os.sysconf("SC_CLK_TCK")
    born = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]) / ticks
    return float(Path("/proc/uptime").read_text().split()[0]) - born


def test_what_a_dead_process_left_in_its_session_is_ended_with_it(service) -> None:
    code = """
import os, subprocess, sys, time
helper = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
print("helper", helper.pid, flush=True)
time.sleep(600)
"""
    supervised = service([{"name": "parent", "command": python(code)}]).start()
    supervised.says("helper ")
    helper = int(re.search(r"helper (\d+)", supervised.text())[1])
    assert running(helper)
    (parent,) = supervised.children()
    os.kill(parent, signal.SIGKILL)
    wait_for(lambda: not running(helper), what="the helper ended")


@pytest.mark.parametrize("seconds", [0.3])
def test_an_idle_supervisor_uses_no_processor_time(service, seconds: float) -> None:
    supervised = service([{"name": "one", "command": python(LIVES)}]).start()
    supervised.says("все процессы работают")
    start = _used(supervised.pid)
    wait_for(lambda: _age(supervised.pid) > 2.5)
    assert _used(supervised.pid) - start < seconds


def _used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
