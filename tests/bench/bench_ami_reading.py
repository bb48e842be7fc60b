"""How many AMI events per second reach a callback: stock pyst2, panoramisk and ours, on one stream, over one socket.

Every contender hands each event, in order, to a callback that reads its name, Uniqueid and Linkedid. The stream is a
recording of a real Asterisk (`tests/fixtures/ami_stream.txt.gz`) when there is one, else made of realistic calls.

    .venv/bin/python tests/bench/bench_ami_reading.py
"""

import asyncio
import gzip
import multiprocessing
import socket
import sys
import threading
import time
import warnings
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from telephony.ami import AmiAddress, AmiSession  # noqa: E402
from tests.bench.figure import Figure, table  # noqa: E402
from tests.support.wait import wait_for  # noqa: E402

RECORDING = ROOT / "tests" / "fixtures" / "ami_stream.txt.gz"
EVENTS = 30_000
PYST_EVENTS = 3_000
ROUNDS = 3
PATIENCE = 30.0
LOGIN_EVENT = b"Event: FullyBooted"


def frame(name: str, **headers: str) -> bytes:
    return f"Event: {name}\r\n".encode() + "".join(f"{k}: {v}\r\n" for k, v in headers.items()).encode() + b"\r\n"


def channel(prefix: str, name: str, uniqueid: str, linkedid: str) -> dict[str, str]:
    return {
        f"{prefix}Channel": name,
        f"{prefix}ChannelState": "6",
        f"{prefix}ChannelStateDesc": "Up",
        f"{prefix}CallerIDNum": "+79001234567",
        f"{prefix}CallerIDName": "Иванова Мария",
        f"{prefix}ConnectedLineNum": "101",
        f"{prefix}ConnectedLineName": "Диспетчер",
        f"{prefix}Language": "ru",
        f"{prefix}AccountCode": "",
        f"{prefix}Context": "from-trunk",
        f"{prefix}Exten": "4736721000",
        f"{prefix}Priority": "7",
        f"{prefix}Uniqueid": uniqueid,
        f"{prefix}Linkedid": linkedid,
    }


def synthetic(count: int) -> list[bytes]:
    """Events of made-up calls, twelve to a call, in the order Asterisk says them."""
    frames: list[bytes] = []
    for call in range(count // 12 + 1):
        first, second = f"1763712{call:03d}.{call * 2}", f"1763712{call:03d}.{call * 2 + 1}"
        head = {"Privilege": "call,all", "Timestamp": f"17637120{call % 100:02d}.123456"}
        caller = channel("", f"PJSIP/trunk-{call:08x}", first, first)
        agent = channel("", f"Local/101@sd-operator-{call:08x};1", second, first)
        dest = channel("Dest", f"Local/101@sd-operator-{call:08x};1", second, first)
        queue = {"Queue": "family", "Interface": "Local/101@sd-operator/n", "MemberName": "101"}
        frames += [
            frame("Newchannel", **head, **caller),
            frame("Newstate", **head, **caller),
            frame("QueueCallerJoin", **head, **caller, Queue="family", Position="1", Count="1"),
            frame("Newchannel", **head, **agent),
            frame("AgentCalled", **head, **caller, **dest, **queue),
            frame("DialBegin", **head, **caller, **dest, DialString="101"),
            frame("AgentConnect", **head, **caller, **dest, **queue, RingTime="3", HoldTime="3"),
            frame("BridgeEnter", **head, BridgeUniqueid="b-1", BridgeType="basic", BridgeNumChannels="2", **caller),
            frame("BridgeLeave", **head, BridgeUniqueid="b-1", BridgeType="basic", BridgeNumChannels="1", **caller),
            frame("AgentComplete", **head, **caller, **dest, **queue, HoldTime="3", TalkTime="60", Reason="caller"),
            frame("Hangup", **head, **agent, Cause="16", **{"Cause-txt": "Normal Clearing"}),
            frame("Hangup", **head, **caller, Cause="16", **{"Cause-txt": "Normal Clearing"}),
        ]
    return frames[:count]


def load(count: int) -> tuple[list[bytes], str]:
    """The recorded events repeated up to `count`, or synthetic ones."""
    if not RECORDING.exists():
        return synthetic(count), "synthetic"
    text = gzip.decompress(RECORDING.read_bytes())
    frames = [part + b"\r\n\r\n" for part in text.split(b"\r\n\r\n") if part.startswith(b"Event: ")]
    frames = [one for one in frames if not one.startswith(LOGIN_EVENT)]  # the other side says its own
    return (frames * (count // len(frames) + 1))[:count], "recorded"


def serve(listener: socket.socket, frames: list[bytes]) -> None:
    """The other side, a process of its own: log in whoever comes, wait for the go (a second action), pour."""
    connection, _ = listener.accept()
    connection.sendall(b"Asterisk Call Manager/9.0.0\r\n")
    reading = connection.makefile("rb")
    poured = False
    request: dict[str, str] = {}
    for raw in reading:
        line = raw.decode().strip()
        if line:
            name, _, value = line.partition(": ")
            request[name.lower()] = value
            continue
        action_id = request.get("actionid", "")
        connection.sendall(f"Response: Success\r\nActionID: {action_id}\r\nMessage: ok\r\n\r\n".encode())
        if request["action"].lower() == "login":
            connection.sendall(b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n")
        elif request["action"].lower() == "corestatus" and not poured:
            poured = True
            threading.Thread(target=connection.sendall, args=(b"".join(frames),), daemon=True).start()
        request = {}


class Tally:
    """The callback's own work, the same for all."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.seen = 0
        self.calls: set[str] = set()
        self.done = threading.Event()
        self.began = self.ended = 0.0

    def add(self, name: str, uniqueid: str, linkedid: str) -> None:
        if not name or name == "FullyBooted":
            return
        if uniqueid and linkedid:
            self.calls.add(linkedid)
        self.seen += 1
        if self.seen == self.expected:
            self.ended = time.perf_counter()
            self.done.set()

    @property
    def rate(self) -> float:
        assert self.done.wait(PATIENCE), f"only {self.seen} of {self.expected}"
        return self.expected / (self.ended - self.began)


def with_peer(frames: list[bytes], contender) -> float:  # type: ignore[no-untyped-def]
    listener = socket.create_server(("127.0.0.1", 0))
    process = multiprocessing.get_context("fork").Process(target=serve, args=(listener, frames), daemon=True)
    process.start()
    port = listener.getsockname()[1]
    listener.close()
    try:
        return float(contender(port, Tally(len(frames))))
    finally:
        process.kill()
        process.join()


def ours(port: int, tally: Tally) -> float:
    session = AmiSession(
        AmiAddress("127.0.0.1", port, "u", "s"),
        on_event=lambda message: tally.add(message.event, message.get("Uniqueid"), message.get("Linkedid")),
        queue_limit=1_000_000,
    )
    session.start()
    wait_for(lambda: session.link.up, PATIENCE, "the link")
    tally.began = time.perf_counter()
    session.send([("Action", "CoreStatus")])
    try:
        return tally.rate
    finally:
        session.stop()


def with_panoramisk(port: int, tally: Tally) -> float:
    from panoramisk import Manager

    async def talk() -> None:
        manager = Manager(host="127.0.0.1", port=port, username="u", secret="s", encoding="utf-8", ping_delay=0)
        manager.register_event("*", lambda _, m: tally.add(m.event, m.uniqueid, m.linkedid))
        await manager.connect()
        await asyncio.sleep(0.3)
        tally.began = time.perf_counter()
        manager.send_action({"Action": "CoreStatus"})
        end = time.monotonic() + PATIENCE
        while not tally.done.is_set() and time.monotonic() < end:
            await asyncio.sleep(0.005)
        manager.close()

    asyncio.run(talk())
    return tally.rate


def with_pyst2(port: int, tally: Tally) -> float:
    warnings.simplefilter("ignore", DeprecationWarning)
    from asterisk.manager import Manager

    manager = Manager()
    manager.connect("127.0.0.1", port)
    manager.login("u", "s")
    manager.register_event(
        "*", lambda event, _: tally.add(event.name, event.get_header("Uniqueid", ""), event.get_header("Linkedid", ""))
    )
    tally.began = time.perf_counter()
    manager.send_action({"Action": "CoreStatus"})
    return tally.rate


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark; ours is measured between the rounds of the peer, the medians are compared. It is short, so
    it has no shorter form.
    """
    frames, kind = load(EVENTS)
    mine, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(with_peer(frames, with_panoramisk))
        mine.append(with_peer(frames, ours))
    pyst2 = with_peer(frames[:PYST_EVENTS], with_pyst2)
    own, name = median(mine), f"AMI reading, {kind} stream"
    note = f"{EVENTS:,} events over a socket of this machine; pyst2 reads the first {PYST_EVENTS:,}"
    return [
        Figure(name, own, "events/s", times * peer, at_most=False, peer=peer, peer_name=who, note=note)
        for who, peer, times in (("panoramisk 1.4", median(theirs), 3), ("pyst2 0.5.1", pyst2, 30))
    ]


if __name__ == "__main__":
    print(table(run()))
