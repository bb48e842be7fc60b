"""Every benchmark, each figure beside its peer or limit of the same run: `tests/bench/run.py [NAME…]`.

One table, and bench-results.json beside the project's README. A figure that misses its limit is told, not punished: the
exit code is 0 unless a benchmark itself could not run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sqlite3
import subprocess
import sys
import time
import traceback
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.figure import Figure, table  # noqa: E402
from tests.support.tools import Tools  # noqa: E402
from workers.provision.asterisk import find_exchange  # noqa: E402
from workers.provision.errors import ProvisionError  # noqa: E402
from workers.provision.machine import cache_folder  # noqa: E402
from workers.provision.valkey import valkey_program  # noqa: E402

RESULTS = ROOT / "bench-results.json"
BENCHES = {
    "ami": "bench_ami_reading",
    "fastagi": "bench_fastagi",
    "screen-pop": "bench_screen_pop",
    "load": "bench_inbound_load",
    "dialogues": "bench_dialogues",
    "claims": "bench_claims",
    "attempts": "bench_attempts",
    "reminders": "bench_reminders",
    "centre": "bench_centre",
    "memory": "bench_memory",
    "records": "bench_records",
    "search": "bench_search",
    "segments": "bench_segments",
    "campaigns": "bench_campaigns",
    "report": "bench_report",
    "service-report": "bench_service_report",
    "audit": "bench_audit",
    "import": "bench_import",
    "export": "bench_export",
}


def main() -> int:
    options = _options()
    try:
        facts = machine_facts()
    except ProvisionError as failure:
        say(f"{failure.sentence}\n{failure.detail}")
        return 1
    say(", ".join(f"{name} {value}" for name, value in facts.items()))
    figures: list[Figure] = []
    failed: list[str] = []
    for name in options.names or BENCHES:
        say(f"=== {name}, load average {os.getloadavg()[0]:.2f}")
        started = time.monotonic()
        try:
            bench = importlib.import_module(f"tests.bench.{BENCHES[name]}")
            figures += bench.run(calls=options.calls, seconds=options.seconds)
        except Exception:
            traceback.print_exc()
            failed.append(name)
        say(f"    {time.monotonic() - started:.0f} s")
    say("\n" + table(figures))
    write_results(facts, figures, failed)
    if failed:
        say(f"could not run: {', '.join(failed)}")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the benchmarks, each beside its peer or limit.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHES)}; all of them by default")
    parser.add_argument("--seconds", type=float, help="how long calls are made, for a short run")
    parser.add_argument("--calls", type=int, help="how many calls are made, for a short run")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return options


def machine_facts() -> dict[str, Any]:
    """What the figures were measured on."""
    valkey = subprocess.run([str(valkey_program()), "--version"], capture_output=True, text=True, check=True).stdout
    tools = Tools(progress=say)
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "Linux": platform.release(),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "Asterisk": find_exchange(cache_folder(), say).version,
        "Valkey": valkey.partition("v=")[2].split()[0],
        "SIPp": tools.sipp().version,
        "Chromium": tools.chromium().version,
    }


def _processor() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def write_results(facts: dict[str, Any], figures: list[Figure], failed: list[str]) -> None:
    rows = [{**asdict(figure), "verdict": figure.verdict} for figure in figures]
    results = {"at": datetime.now(UTC).isoformat(), "machine": facts, "figures": rows, "failed": failed}
    RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n")


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
