"""Resident memory of our processes after calls have passed and pages were shown, without Asterisk and the browser.

RSS counts a shared page in every process that maps it; PSS (proc(5), smaps_rollup) shares it out, so that the sum is
what the machine really gives. Both are printed; the limit is held against RSS, the larger.

    .venv/bin/python tests/bench/bench_memory.py
"""

from __future__ import annotations

import http.cookiejar
import re
import sys
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench import bench_inbound_load  # noqa: E402
from tests.bench.figure import Figure, table  # noqa: E402
from tests.bench.office import PASSWORD, Office, running_office  # noqa: E402

PROCESSES = ("supervisor", "exchange", "valkey", "agi", "listener", "worker", "ticker", "web")
SHOWN = {"exchange": "exchange guard"}
LIMIT_MB = 350
SECONDS = 15.0
PAGES = 100


def resident(pid: int) -> tuple[float, float]:
    """RSS and PSS in megabytes of 1,048,576 bytes."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    rss, pss = (re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE) for name in ("Rss", "Pss"))
    assert rss is not None
    assert pss is not None
    return int(rss[1]) / 1024, int(pss[1]) / 1024


def show_pages(office: Office, count: int) -> None:
    """Sign an operator in and have the parts of the workplace drawn `count` times, as a page does."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    base = office.service.url
    with opener.open(f"{base}/login") as answer:
        hidden = re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', answer.read().decode())
    form = {**dict(hidden), "login": office.operators[0].login, "password": PASSWORD}
    opener.addheaders.append(("Origin", base))
    opener.open(f"{base}/login", urllib.parse.urlencode(form).encode()).close()
    for path in ["/workplace", "/journal", "/families", *["/parts?at=workplace"] * count]:
        with opener.open(base + path) as answer:
            assert "/login" not in answer.url, "not signed in"
            answer.read()


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark."""
    duration = calls / bench_inbound_load.RATE if calls else min(seconds or SECONDS, SECONDS)
    with running_office(operators=bench_inbound_load.OPERATORS, families=bench_inbound_load.FAMILIES) as office:
        bench_inbound_load.load(office, duration)
        show_pages(office, PAGES)
        found = {name: resident(office.service.pid_of(name)) for name in PROCESSES}
    note = f"after {duration:g} s of 20 calls a second and {PAGES} refreshes of a workplace"
    rows = [
        Figure(f"memory: {SHOWN.get(name, name)}", rss, "MB RSS", peer=pss, peer_name="MB PSS", note=note)
        for name, (rss, pss) in found.items()
    ]
    rss, pss = (sum(one[place] for one in found.values()) for place in (0, 1))
    return [
        *rows,
        Figure("memory: all of ours together", rss, "MB RSS", LIMIT_MB, peer=pss, peer_name="MB PSS", note=note),
    ]


if __name__ == "__main__":
    print(table(run()))
