"""A hundred reminder dialogues at once: what our FastAGI process takes of a core, and how soon the first word is heard.

A real Asterisk places a hundred calls to a network of ours, twenty a second; everybody presses 1 to say who he is,
hears the whole message and presses 1 to confirm, which changes booking and story in SQLite. The processor is taken from
/proc of the process that speaks, from the first order to the last end; the first word is timed from the «200 OK» to the
first RTP packet that is no silence (reliability.md L4).

    .venv/bin/python tests/bench/bench_dialogues.py
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import threading
import time
from array import array
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from callflow.dialogues.script import PIECES  # noqa: E402
from callflow.speech.sound import RATE, wav  # noqa: E402
from crm.db import Database  # noqa: E402
from crm.dialler.tables import DialAttempt  # noqa: E402
from telephony.config.dialling import DiallingPlan, WindowPlan  # noqa: E402
from telephony.config.plan import LinePlan, TrunkPlan  # noqa: E402
from telephony.dial_orders import DialOrder, order_headers  # noqa: E402
from telephony.fastagi import FastAgiServer  # noqa: E402
from tests.bench.figure import Figure, percentile, table  # noqa: E402
from tests.integration.crm.booking import booked  # noqa: E402
from tests.integration.crm.reminded import attempt_of, task_of  # noqa: E402
from tests.support.exchange import DID, LiveExchange  # noqa: E402
from tests.support.listening_network import ListeningNetwork  # noqa: E402
from tests.support.network import Arrived, Behaviour  # noqa: E402
from tests.support.records import demo_records  # noqa: E402
from tests.support.tones import sine  # noqa: E402
from tests.support.wait import wait_for  # noqa: E402
from workers.dialogue.handler import Dialogue  # noqa: E402
from workers.settings import ServiceSettings  # noqa: E402

KEY = "a-key-for-the-bench-only-0123456789abcdef"
TALKS = 100
PER_SECOND = 20
SECONDS = {"hello": 4.0, "who": 5.0, "booking": 13.0, "keys": 11.0}
OTHER_SECONDS = 2.0
CORE_PERCENT = 60.0
FIRST_WORD_SECONDS = 1.0
TICKS = os.sysconf("SC_CLK_TCK")


class Ears(ListeningNetwork):
    """Notes when each call heard its first sound; keeps none."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        super().__init__(Behaviour(ring=0.2, talk=None))

    def _listen(self) -> None:
        while self._alive:
            for call in list(self.calls):
                while call.rtp is not None and call.live:
                    try:
                        packet = call.rtp.recv(2048)
                    except OSError:
                        break
                    if call.call_id not in self.first and len(set(packet[12:])) > 8:
                        self.first[call.call_id] = time.time()
            time.sleep(0.01)


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark; `calls` at once instead of a hundred."""
    talks = calls or TALKS
    with tempfile.TemporaryDirectory() as name, Ears() as network:
        folder = Path(name)
        attempts = _attempts(folder, talks)
        now = int(time.time())
        window = WindowPlan(queue="family", spans=((now - 3600, now + 7200),))
        with LiveExchange(
            town_bind=None,
            town=(),
            trunk=TrunkPlan(peers=("127.0.0.2",), contact=network.address),
            lines=(LinePlan(did=DID, queue="family"),),
            dialling=DiallingPlan(lines=talks, trunk_lines=talks + 20, synthetic=True, windows=(window,)),
            rtp_ports=(20_000, 20_000 + 4 * talks + 199),
        ) as exchange:
            agi = exchange.plan.agi
            ours, theirs = multiprocessing.Pipe()
            speaker = multiprocessing.get_context("spawn").Process(
                target=_speak, args=(folder, (agi.host, agi.port), exchange.plan.agi_token, theirs)
            )
            speaker.start()
            try:
                assert ours.poll(60), "the speaker did not start"
                return _measured(exchange, network, speaker.pid or 0, folder, attempts)
            finally:
                ours.send("stop")
                speaker.join(20)


def _speak(folder: Path, address: tuple[str, int], token: str, pipe: Connection) -> None:
    """The process that is measured: nothing but the FastAGI server with the dialogue."""
    database = Database(f"sqlite:///{folder / 'records.db'}", KEY)
    settings = ServiceSettings(data_dir=folder, secret_key=KEY, _env_file=None)  # type: ignore[call-arg]
    dialogue = Dialogue(database, settings)
    handlers = {"dialogue": dialogue}
    with FastAgiServer(address, token=token, allowed_peers=["127.0.0.0/8"], handlers=handlers):
        dialogue.warm_up()
        pipe.send("ready")
        pipe.recv()
    dialogue.close()


def _measured(
    exchange: LiveExchange, network: Ears, speaker: int, folder: Path, attempts: list[tuple[str, str]]
) -> list[Figure]:
    tap = exchange.tap()
    presses = ThreadPoolExecutor(40)
    timers: list[threading.Timer] = []
    began, spent = time.monotonic(), _cpu(speaker)
    for attempt_id, number in attempts:
        until = datetime.now(UTC) + timedelta(seconds=30)
        tap.send(order_headers(DialOrder(attempt_id, number, until, DID, 20)))
        time.sleep(1 / PER_SECOND)
    wait_for(lambda: len(_answered(network)) == len(attempts), 60, "everybody to answer")
    for call in _answered(network):
        asked = SECONDS["hello"] + SECONDS["who"] + 1
        told = asked + SECONDS["booking"] + SECONDS["keys"] + 1
        for wait in (asked, told):
            left = max(0.0, call.answered_at + wait - time.time())
            timers.append(threading.Timer(left, presses.submit, (network.press, call, "1")))
            timers[-1].start()
    wait_for(lambda: not any(call.live for call in network.calls), 120, "all talks to end")
    share = 100 * (_cpu(speaker) - spent) / (time.monotonic() - began)
    presses.shutdown()
    confirmed = _confirmed(folder, attempts)
    waits = [network.first.get(call.call_id, float("inf")) - call.answered_at for call in network.calls]
    note = f"{confirmed} of {len(attempts)} pressed 1 twice and were confirmed in the records."
    name = f"{len(attempts)} dialogues at once"
    return [
        Figure(f"{name}, our process", share, "% of a core", CORE_PERCENT, note=note),
        Figure(f"{name}, first word after the answer, p99", percentile(waits, 0.99), "s", FIRST_WORD_SECONDS),
        Figure(f"{name}, first word after the answer, median", percentile(waits, 0.5), "s"),
    ]


def _answered(network: Ears) -> list[Arrived]:
    return [call for call in network.calls if call.answered_at]


def _cpu(pid: int) -> float:
    """Seconds of processor that a process has used, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _confirmed(folder: Path, attempts: list[tuple[str, str]]) -> int:
    database = Database(f"sqlite:///{folder / 'records.db'}", KEY)

    def ended() -> int:
        with database.reading() as session:
            rows = [session.get_one(DialAttempt, one) for one, _ in attempts]
            return sum(row.disposition == "confirmed" for row in rows) if not any(row.live for row in rows) else -1

    wait_for(lambda: ended() >= 0, 30, "every end to be written")
    found = ended()
    database.dispose()
    return found


def _attempts(folder: Path, count: int) -> list[tuple[str, str]]:
    """Bookings of the demo's family, each with a task and an attempt whose words are ready; ids and numbers."""
    database = demo_records(folder / "records.db", KEY)
    at = datetime.now(UTC)
    files = {name: _sound(folder, name) for name in (*PIECES, "booking")}
    made = []
    with database.transaction() as session:
        for place in range(count):
            row = booked(session, at=at)
            number = f"+7907000{place + 1000:04}"
            attempt = attempt_of(session, task_of(session, row, at=at, number=number), at=at, state="sending")
            attempt.prompts = {name: files[name] for name in PIECES} | {f"booking:{row.id}": files["booking"]}
            made.append((attempt.id, number))
    database.dispose()
    return made


def _sound(folder: Path, name: str) -> dict[str, object]:
    seconds = SECONDS.get(name, OTHER_SECONDS)
    path = folder / f"{name}.wav"
    path.write_bytes(wav(array("h", sine(400, int(RATE * seconds)))))
    return {"file": str(path), "sha256": "", "ms": round(seconds * 1000)}


if __name__ == "__main__":
    print(table(run()))
