"""How many FastAGI calls per second, ten commands each: panoramisk's asyncio server and ours, with the same caller.

The caller (a process of its own) keeps 1, 8 or 32 calls going and answers every command at once. Both servers say
the same ten commands: one ANSWER, then GET VARIABLE and SET VARIABLE in turn.

    .venv/bin/python tests/bench/bench_fastagi.py
"""

import asyncio
import multiprocessing
import os
import select
import socket
import sys
import threading
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from telephony.agi import AgiSession  # noqa: E402
from telephony.fastagi import FastAgiServer  # noqa: E402
from tests.bench.figure import Figure, percentile, table  # noqa: E402

CALLS = 1500
CALLERS = (1, 8, 32)
SATURATED = 32
ROUNDS = 5
PEER = "panoramisk 1.4"
SCRIPT = "inbound"
ENVIRONMENT = "".join(
    f"agi_{key}: {value}\n"
    for key, value in {
        "network": "yes",
        "network_script": "SCRIPT",
        "request": "agi://127.0.0.1/SCRIPT",
        "channel": "PJSIP/trunk-00000001",
        "language": "ru",
        "type": "PJSIP",
        "uniqueid": "1763712000.1",
        "version": "22.10.1",
        "callerid": "0000",
        "calleridname": "trunk",
        "callingpres": "0",
        "dnid": "unknown",
        "rdnis": "unknown",
        "context": "sd-agi",
        "extension": "lookup",
        "priority": "1",
        "enhanced": "0.0",
        "accountcode": "",
        "threadid": "139637976696512",
    }.items()
)


def call_in(port: int, script: str, callers: int, calls: int, pipe) -> None:  # type: ignore[no-untyped-def]
    """Make `calls` calls, `callers` at a time, in one loop over epoll; tell the seconds it took, how many commands came
    and the 99th percentile of the seconds from an answer (or the opening) to the next command.
    """
    opening = ENVIRONMENT.replace("SCRIPT", script).encode() + b"\n"
    poll = select.epoll()
    talks: dict[int, socket.socket] = {}
    answered_at: dict[int, float] = {}
    waits: list[float] = []
    commands = started = ended = 0

    def begin() -> None:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(opening)
        answered_at[connection.fileno()] = time.perf_counter()
        talks[connection.fileno()] = connection
        poll.register(connection.fileno(), select.EPOLLIN)

    begun = time.perf_counter()
    while started < min(callers, calls):
        begin()
        started += 1
    while ended < calls:
        for descriptor, _ in poll.poll():
            said = os.read(descriptor, 4096)
            if said:
                commands += 1
                waits.append(time.perf_counter() - answered_at[descriptor])
                os.write(descriptor, b"200 result=1 (value)\n" if said[0] == 71 else b"200 result=0\n")
                answered_at[descriptor] = time.perf_counter()
                continue
            poll.unregister(descriptor)
            talks.pop(descriptor).close()
            ended += 1
            if started < calls:
                begin()
                started += 1
    pipe.send((time.perf_counter() - begun, commands, percentile(waits, 0.99)))


def measure(port: int, script: str, callers: int) -> tuple[float, float]:
    """Calls per second, and the p99 of a command in milliseconds."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=call_in, args=(port, script, callers, CALLS, there))
    process.start()
    assert here.poll(60), "the caller did not come to an end"
    seconds, commands, slowest = here.recv()
    process.join()
    assert commands == CALLS * 10, f"{commands} commands instead of {CALLS * 10}"
    return CALLS / seconds, slowest * 1000


def handler(session: AgiSession) -> None:
    session.answer()
    for number in range(5):
        session.get_variable("SD_FROM")
        if number < 4:
            session.set_variable("SD_OK", "1")


def ours(callers: int) -> tuple[float, float]:
    with FastAgiServer(
        ("127.0.0.1", 0), token="secret", allowed_peers=["127.0.0.1"], handlers={SCRIPT: handler}
    ) as server:
        return measure(server.address[1], f"{SCRIPT}?t=secret", callers)


def with_panoramisk(callers: int) -> tuple[float, float]:
    from panoramisk.fast_agi import Application

    async def script(request) -> None:  # type: ignore[no-untyped-def]
        await request.send_command("ANSWER")
        for number in range(5):
            await request.send_command('GET VARIABLE "SD_FROM"')
            if number < 4:
                await request.send_command('SET VARIABLE "SD_OK" "1"')

    ready = threading.Event()
    port = 0
    loop = asyncio.new_event_loop()

    def serve() -> None:
        nonlocal port
        asyncio.set_event_loop(loop)
        application = Application(loop=loop)
        application.add_route(SCRIPT, script)
        server = loop.run_until_complete(asyncio.start_server(application.handler, "127.0.0.1", 0))
        port = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        server.close()

    thread = threading.Thread(target=serve)
    thread.start()
    ready.wait()
    try:
        return measure(port, SCRIPT, callers)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark, the medians of rounds taken in turn; it is short, so it has no shorter form."""
    return [figure for callers in CALLERS for figure in _rows(callers)]


def _rows(callers: int) -> list[Figure]:
    mine, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(with_panoramisk(callers))
        mine.append(ours(callers))
    (own, own_slowest), (peer, peer_slowest) = (
        [median(column) for column in zip(*rows, strict=True)] for rows in (mine, theirs)
    )
    name = f"FastAGI, 10 commands a call, {callers} at once"
    note = "With 32 at once both servers wait for the caller, who has one core." if callers == SATURATED else ""
    return [
        Figure(name, own, "calls/s", peer, at_most=False, peer=peer, peer_name=PEER, note=note),
        Figure(f"{name}, p99 of a command", own_slowest, "ms", peer=peer_slowest, peer_name=PEER),
    ]


if __name__ == "__main__":
    print(table(run()))
