"""Fifty browsers that watch the wallboard, in a process of their own: when each notice of the feed has reached them.

A notice has reached a browser with the first board whose id is not before the notice's own; how late that was is told
by the time in the notice's id, which the feed's server gave it. So a notice that waits for others to be drawn together
counts with all of its waiting, and one that a browser never got is counted as missing.

    .venv/bin/python tests/bench/board_watchers.py HOST:PORT REDIS_URL < cookies
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import redis.asyncio  # noqa: E402

from crm import sign_in  # noqa: E402
from tests.bench.figure import percentile  # noqa: E402
from tests.bench.office import PASSWORD, Office  # noqa: E402
from web.board_hub import NOT_OF_THE_BOARD  # noqa: E402
from workers.feed import STREAM, Notice  # noqa: E402

LOGINS, STREAMS = 10, 5
READY_SECONDS, LAST_SECONDS = 30.0, 2.0
Id = tuple[int, int]


@dataclass(frozen=True)
class Watched:
    """What the browsers saw. Milliseconds from a notice to its board in a browser, over all notices and browsers."""

    browsers: int
    notices: int
    updates: int
    missing: int
    p50: float
    p99: float
    longest: float


class Watchers:
    """`with Watchers(office) as watchers:` … and `watchers.result()` at the end."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def __enter__(self) -> Self:
        office = self._office
        cookies = []
        with office.database.transaction() as session:
            for one in office.operators[:LOGINS]:
                result = sign_in.sign_in(session, one.login, PASSWORD, "127.0.0.1", "bench", datetime.now(UTC))
                assert isinstance(result, sign_in.SignedIn), result
                cookies.append(result.token)
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(office.service.http), office.settings.redis_address()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(cookies) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ready\n", "the browsers did not get their boards"
        return self

    def result(self) -> Watched:
        """End the watching."""
        answer, _ = self._process.communicate("\n", timeout=60)
        return Watched(**json.loads(answer))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Browser:
    """One stream: when each id came."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, Id]] = []
        self.boards = 0
        self.ready = asyncio.Event()

    async def watch(self, address: str, cookie: str) -> None:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
        request = f"GET /wallboard/live HTTP/1.1\r\nHost: {address}\r\nCookie: dispatch={cookie}\r\n\r\n"
        writer.write(request.encode())
        status = await reader.readline()
        assert b" 200 " in status, status
        rest = b""
        while data := await reader.read(1 << 18):
            now = time.time() * 1000
            # A chunk's size stands on a line of its own, and every event is one chunk: our lines stay whole.
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"id: "):
                    self.seen.append((now, _id(line[4:].decode().strip())))
                    self.ready.set()
                elif line.startswith(b"event: board"):
                    self.boards += 1
        raise ConnectionError("the stream was closed")

    def delays(self, notices: list[Id]) -> list[float]:
        """How late each notice was here, of those that came."""
        found: list[float] = []
        place = 0
        for notice in notices:
            while place < len(self.seen) and self.seen[place][1] < notice:
                place += 1
            if place == len(self.seen):
                break
            found.append(self.seen[place][0] - notice[0])
        return found


async def _notices(url: str, found: list[Id]) -> None:
    client = redis.asyncio.Redis.from_url(url, decode_responses=True)
    last = "$"
    while True:
        answer = cast(Any, await client.xread({STREAM: last}, count=1000, block=1000))
        for _, entries in answer or []:
            for last, fields in entries:
                if Notice.from_fields(fields).kind not in NOT_OF_THE_BOARD:
                    found.append(_id(last))


async def _main(address: str, redis_url: str) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    cookies = (await lines.readline()).decode().split()
    browsers = [Browser() for _ in range(len(cookies) * STREAMS)]
    notices: list[Id] = []
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one.watch(address, cookies[place // STREAMS])) for place, one in enumerate(browsers)]
        async with asyncio.timeout(READY_SECONDS):
            await asyncio.gather(*(one.ready.wait() for one in browsers))
        tasks.append(group.create_task(_notices(redis_url, notices)))
        print("ready", flush=True)
        await lines.readline()
        told = list(notices)
        await asyncio.sleep(LAST_SECONDS)
        for task in tasks:
            task.cancel()
    delays = [delay for one in browsers for delay in one.delays(told)]
    watched = Watched(
        browsers=len(browsers), notices=len(told), updates=sum(one.boards for one in browsers),
        missing=len(told) * len(browsers) - len(delays), p50=percentile(delays, 0.5), p99=percentile(delays, 0.99),
        longest=max(delays),
    )  # fmt: skip
    print(json.dumps(watched.__dict__))


def _id(text: str) -> Id:
    milliseconds, _, sequence = text.partition("-")
    return int(milliseconds), int(sequence)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2]))
