"""20 calls a second for a minute, through the lookup leg and the queue, to operators' phones that answer at once.

SIPp calls the DID from another family's number each time, talks for a second and hangs up; every call must be answered
and have its row, ended, with the caller's number. The operators' wrap-ups are saved twice a second, as by their forms.

    .venv/bin/python tests/bench/bench_inbound_load.py
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import select  # noqa: E402

from callflow.call import CallState  # noqa: E402
from crm.calls import CallRecord  # noqa: E402
from telephony.config.plan import Address  # noqa: E402
from tests.bench.ami_clock import AmiClock  # noqa: E402
from tests.bench.answering_phones import AnsweringPhones  # noqa: E402
from tests.bench.callers import FROM, Callers  # noqa: E402
from tests.bench.figure import Figure, percentile, table  # noqa: E402
from tests.bench.office import Office, running_office  # noqa: E402
from tests.support.sipp import Call  # noqa: E402
from tests.support.wait import wait_for  # noqa: E402
from workers.exchange import ami_address  # noqa: E402

RATE = 20.0
SECONDS = 60.0
TALK_MS = 1000
# A talk of 1 s, app_queue's own 3 s after it and the saving of the form: 5 s an operator and call, and a tenth more.
OPERATORS = 110
FAMILIES = 10_000
PROCESSES = ("asterisk", "agi", "listener", "valkey", "web")
LOOKUP_P99_MS = 50


@dataclass(frozen=True)
class Outcome:
    """What became of the calls; `lookups` are milliseconds from the caller's channel to his place in the queue.

    `answered`: SIPp was answered, talked and hung up. `recorded`: ended with the times and the caller's number.
    """

    made: int
    answered: int
    recorded: int
    lookups: list[float]
    complaints: str
    shares: dict[str, float]
    """How much of one core each process used while calls came in."""


def load(office: Office, seconds: float) -> Outcome:
    """Put a running office under this load."""
    count = int(RATE * seconds)
    address = ami_address(office.settings)
    clock = AmiClock(Address(host=address.host, port=address.port), address.user, address.secret)
    call = Call(to=office.did, from_header=FROM, hold_ms=TALK_MS, patience_ms=30_000, media=False)
    with (
        tempfile.TemporaryDirectory() as folder,
        AnsweringPhones(office.service.desk, office.operators),
        office.saving_wrapups(),
        Callers(Path(folder), office.service.trunk, call, count=count, rate=RATE) as callers,
    ):
        before, began = _cpu(office), time.monotonic()
        code = callers.finish(seconds + 90)
        after, took = _cpu(office), time.monotonic() - began
        wait_for(lambda: not _unended(office), 20, "every call's row to be ended")
        numbers = set(callers.numbers)
        answered = callers.succeeded()
        complaints = callers.errors() if code else ""
    clock.close()
    with office.database.reading() as session:
        records = [record for record in session.scalars(select(CallRecord)) if record.caller_number in numbers]
    complete = [one for one in records if one.state == CallState.ENDED.value and one.answered_at and one.ended_at]
    return Outcome(
        count,
        answered,
        len(complete),
        _lookups(clock),
        complaints,
        {name: (after[name] - before[name]) / took for name in PROCESSES},
    )


def _cpu(office: Office) -> dict[str, float]:
    """Seconds of processor time so far (proc(5), utime and stime)."""
    times = {}
    for name in PROCESSES:
        stat = Path(f"/proc/{office.service.pid_of(name)}/stat").read_text().rpartition(")")[2].split()
        times[name] = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
    return times


def _unended(office: Office) -> bool:
    with office.database.reading() as session:
        return session.scalars(select(CallRecord.id).where(CallRecord.ended_at.is_(None)).limit(1)).first() is not None


def _lookups(clock: AmiClock) -> list[float]:
    """By Asterisk's own time of the two events."""
    began: dict[str, float] = {}
    took: list[float] = []
    for _, event in clock.stamped:
        if event["Event"] == "Newchannel" and event.get("Channel", "").startswith("PJSIP/trunk-"):
            began[event["Uniqueid"]] = float(event["Timestamp"])
        elif event["Event"] == "QueueCallerJoin" and event["Uniqueid"] in began:
            took.append((float(event["Timestamp"]) - began.pop(event["Uniqueid"])) * 1000)
    return took


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark."""
    duration = calls / RATE if calls else seconds or SECONDS
    with running_office(operators=OPERATORS, families=FAMILIES) as office:
        outcome = load(office, duration)
    note = (
        f"{RATE:g} calls a second for {duration:g} s, {OPERATORS} operators; neither phones nor callers send sound."
        " Lookup leg: from the caller's channel to his place in the queue, by Asterisk's stamps."
        f" Of one core: {', '.join(f'{name} {share:.0%}' for name, share in outcome.shares.items())}."
    )
    if outcome.complaints:
        print(outcome.complaints, file=sys.stderr)
    made = outcome.made
    return [
        Figure("inbound load: answered and talked", outcome.answered, "calls", made, at_most=False, note=note),
        Figure(
            "inbound load: on record, ended, with the number", outcome.recorded, "calls", made, at_most=False, note=note
        ),
        Figure("inbound load: lookup leg, p50", percentile(outcome.lookups, 0.5), "ms", note=note),
        Figure("inbound load: lookup leg, p99", percentile(outcome.lookups, 0.99), "ms", LOOKUP_P99_MS, note=note),
    ]


if __name__ == "__main__":
    print(table(run()))
