"""Records tests/fixtures/ami_stream.txt.gz: what Asterisk says on AMI during 600 calls, byte by byte, to benchmark.

    python -m tests.support.record_ami_stream [calls] [file]

Real calls of a fictional number through trunk, lookup, queue and ten phones; the reader is a user without filters.
Events of the classes `dialplan` and `test` (VarSet, Newexten, TestEvent: 190 of the 280 per call) are left out, as for
a user without these classes: they would make the file four times as large and no different to read.
"""

from __future__ import annotations

import contextlib
import gzip
import sys
from pathlib import Path

from telephony.config.plan import Member, QueuePlan
from tests.support.agi_stub import AgiStub
from tests.support.exchange import DID, FIREHOSE, LiveExchange, operator
from tests.support.phone import DeskPhone
from tests.support.sipp import Call, SippCaller
from tests.support.wait import wait_for

FIXTURE = Path(__file__).parents[1] / "fixtures/ami_stream.txt.gz"
_LEFT_OUT = (b"Event: VarSet\r\n", b"Event: Newexten\r\n", b"Event: TestEvent\r\n")
_PHONES = tuple(str(number) for number in range(101, 111))


def record(calls: int) -> tuple[bytes, int]:
    """The stream and the number of calls that were answered."""
    queue = QueuePlan(name="family", members=tuple(Member(extension=each) for each in _PHONES), wrapup_seconds=0)
    with contextlib.ExitStack() as stack:
        exchange = stack.enter_context(LiveExchange(staff=tuple(map(operator, _PHONES)), queues=(queue,)))
        stack.enter_context(AgiStub(exchange.plan.agi, exchange.folder))
        for extension in _PHONES:
            phone = stack.enter_context(DeskPhone(exchange.plan.desk_bind, extension, answers=True))
            phone.sends_rtp = False
            exchange.wait_available(extension)
        tap = exchange.tap(FIREHOSE)
        call = Call(to=DID, hold_ms=400, media=False, patience_ms=60_000)
        caller = SippCaller(exchange.folder / "callers", exchange.plan.trunk_bind, call, count=calls, rate=8)
        stack.enter_context(caller)
        caller.finish(600)
        wait_for(lambda: not exchange.channels(), 30)
        frames = [frame for frame in tap.raw.split(b"\r\n\r\n") if not frame.startswith(_LEFT_OUT)]
        return b"\r\n\r\n".join(frames), len(tap.events("AgentConnect"))


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else FIXTURE
    raw, answered = record(calls)
    with gzip.GzipFile(target, "wb", compresslevel=9, mtime=0) as file:
        file.write(raw)
    print(f"{calls} calls, {answered} answered, {raw.count(b'Event: ')} events, {len(raw)} bytes → {target}")


if __name__ == "__main__":
    main()
