"""A full house: 20 callers in the queue's announcements, 20 talking, five transfers a second for a minute.

Callers of the second service wait, for nobody there is ready. In the first, five callers come a second; each is
answered, connected with a specialist a moment later by the operator's order, and hangs up after some seconds of talk.
Fifty browsers watch the wallboard. Nobody may be lost, connected twice or left over, every change must be on the boards
in time, and our own processes must not need more than a part of one core.

    .venv/bin/python tests/bench/bench_centre.py
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import select  # noqa: E402

from callflow.call import CallState, LegState  # noqa: E402
from callflow.transfer import State  # noqa: E402
from crm.calls import CallLegRecord, CallRecord  # noqa: E402
from crm.errors import RecordsError  # noqa: E402
from crm.institution import Line  # noqa: E402
from crm.staff import Employee, by_login  # noqa: E402
from crm.transfers import asking  # noqa: E402
from crm.transfers.tables import Transfer  # noqa: E402
from tests.bench.answering_phones import AnsweringPhones  # noqa: E402
from tests.bench.board_watchers import STREAMS, Watched, Watchers  # noqa: E402
from tests.bench.callers import FROM, Callers  # noqa: E402
from tests.bench.figure import Figure, table  # noqa: E402
from tests.bench.office import Office, running_office  # noqa: E402
from tests.support.sipp import Call  # noqa: E402
from tests.support.wait import wait_for  # noqa: E402
from workers.queues import Wake, wake  # noqa: E402

RATE = 5.0
SECONDS = 60.0
TALK_MS = 4_000
"""Five a second, four seconds each: 20 are talking at any moment."""
WAITING = 20
OPERATORS, SPECIALISTS = 40, 40
FAMILIES = 10_000
OURS = ("agi", "listener", "worker", "ticker", "web")
LIMIT_SHARE = 0.6
BOARD_MS = 200


@dataclass
class Outcome:
    """What became of everybody. `shares`: of one core, while calls came in."""

    made: int
    ended_well: int = 0
    transfers: Counter[str] = field(default_factory=Counter)
    per_call: Counter[int] = field(default_factory=Counter)
    waited: int = 0
    left_over: int = 0
    shares: dict[str, float] = field(default_factory=dict)
    watched: Watched | None = None


class Operators:
    """The operators' hands: whoever has begun to talk asks for a specialist, each talk once."""

    def __init__(self, office: Office) -> None:
        self._office = office
        with office.database.reading() as session:
            self._people = {one.login: by_login(session, one.login) for one in [*office.operators, *office.specialists]}
        self._next = itertools.cycle([self._id(one.login) for one in office.specialists])
        self._asked: set[int] = set()
        self.refused: list[str] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def _id(self, login: str) -> int:
        person = self._people[login]
        assert isinstance(person, Employee)
        return person.id

    def __enter__(self) -> Operators:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(10)

    def _work(self) -> None:
        own = {self._id(one.login) for one in self._office.operators}
        while not self._ending.wait(0.05):
            with self._office.database.reading() as session:
                talks = session.execute(
                    select(CallLegRecord.call_id, CallLegRecord.employee_id).where(
                        CallLegRecord.state == LegState.TALKING.value, CallLegRecord.employee_id.in_(own)
                    )
                ).all()
            for call_id, employee_id in talks:
                if call_id not in self._asked:
                    self._asked.add(call_id)
                    self._ask(call_id, employee_id)

    def _ask(self, call_id: int, employee_id: int) -> None:
        try:
            with self._office.database.transaction() as session:
                who, at = session.get_one(Employee, employee_id), datetime.now(UTC)
                asking.ask(session, call_id, who, kind="blind", to_employee_id=next(self._next), mode="demo", at=at)
        except RecordsError as error:
            self.refused.append(type(error).__name__)
            return
        wake(self._office.settings.redis_address(), Wake.ORDER)


def load(office: Office, seconds: float) -> Outcome:
    """Put a running office under this load."""
    count = int(RATE * seconds)
    outcome = Outcome(count)
    with office.database.reading() as session:
        other_line = session.scalars(select(Line.did).where(Line.did != office.did).order_by(Line.id)).first()
    assert other_line is not None
    talking = Call(to=office.did, from_header=FROM, hold_ms=TALK_MS, patience_ms=30_000, media=False)
    waiting = Call(to=other_line, from_header=FROM, hold_ms=int(seconds * 1000) + 40_000, media=False)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(AnsweringPhones(office.service.desk, [*office.operators, *office.specialists]))
        stack.enter_context(office.saving_wrapups())
        stack.enter_context(Operators(office))
        patient = Callers(folder / "waiting", office.service.trunk, waiting, count=WAITING, rate=10, first=5_000)
        stack.enter_context(patient)
        wait_for(lambda: _waiting(office) == WAITING, 30, "the patient callers to wait")
        watchers = stack.enter_context(Watchers(office))
        callers = stack.enter_context(Callers(folder / "calls", office.service.trunk, talking, count=count, rate=RATE))
        before, began = _cpu(office), time.monotonic()
        outcome.waited = WAITING
        while callers.finish_within(1.0) is None:
            outcome.waited = min(outcome.waited, _waiting(office))
        after, took = _cpu(office), time.monotonic() - began
        outcome.watched = watchers.result()
        outcome.ended_well = callers.succeeded()
        patient.finish(90)
        wait_for(lambda: not _unended(office), 30, "every call's row to be ended")
        outcome.shares = {name: (after[name] - before[name]) / took for name in after}
        numbers = set(callers.numbers)
    with office.database.reading() as session:
        calls = [one for one in session.scalars(select(CallRecord)) if one.caller_number in numbers]
        transfers = session.scalars(select(Transfer)).all()
    outcome.transfers = Counter(one.state for one in transfers)
    outcome.per_call = Counter(Counter(one.call_id for one in transfers).values())
    outcome.left_over = sum(one.state != CallState.ENDED.value or one.answered_at is None for one in calls)
    return outcome


def _waiting(office: Office) -> int:
    with office.database.reading() as session:
        rows = select(CallRecord.id).where(
            CallRecord.state == CallState.WAITING.value, CallRecord.answered_at.is_(None)
        )
        return len(session.scalars(rows).all())


def _unended(office: Office) -> bool:
    with office.database.reading() as session:
        return session.scalars(select(CallRecord.id).where(CallRecord.ended_at.is_(None)).limit(1)).first() is not None


def _cpu(office: Office) -> dict[str, float]:
    """Seconds of processor time so far (proc(5), utime and stime)."""
    times = {}
    for name in (*OURS, "asterisk"):
        stat = Path(f"/proc/{office.service.pid_of(name)}/stat").read_text().rpartition(")")[2].split()
        times[name] = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
    return times


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark."""
    duration = calls / RATE if calls else seconds or SECONDS
    with running_office(operators=OPERATORS, specialists=SPECIALISTS, families=FAMILIES) as office:
        outcome = load(office, duration)
    note = (
        f"{RATE:g} calls a second for {duration:g} s, each answered, then connected with a specialist,"
        f" {TALK_MS / 1000:g} s in all; {WAITING} callers wait in the other service's queue meanwhile. No sound."
        f" Of one core: {', '.join(f'{name} {share:.0%}' for name, share in outcome.shares.items())}."
        f" Transfers: {dict(outcome.transfers)}; per call: {dict(outcome.per_call)}."
    )
    made, watched = outcome.made, outcome.watched
    assert watched is not None
    board = (
        f"{watched.browsers} browsers of {watched.browsers // STREAMS} sessions, {watched.notices} notices; from the"
        f" time that Redis gave the notice to the board in the browser, for every notice and browser; {watched.updates}"
        f" boards sent, the longest way {watched.longest:.0f} ms."
    )
    ours = sum(share for name, share in outcome.shares.items() if name in OURS)
    return [
        Figure(
            "full house: callers served to their own end", outcome.ended_well, "calls", made, at_most=False, note=note
        ),
        Figure(
            "full house: transfers completed",
            outcome.transfers[State.COMPLETED.value],
            "",
            made,
            at_most=False,
            note=note,
        ),
        Figure("full house: connected twice", made - outcome.per_call[1], "calls", 0, note=note),
        Figure("full house: calls left over or never answered", outcome.left_over, "calls", 0, note=note),
        Figure("full house: least waiting at a time", outcome.waited, "callers", WAITING, at_most=False, note=note),
        Figure("full house: our processes, of one core", ours * 100, "%", LIMIT_SHARE * 100, note=note),
        Figure("full house: notice → wallboard in the browser, p50", watched.p50, "ms", note=board),
        Figure("full house: notice → wallboard in the browser, p99", watched.p99, "ms", BOARD_MS, note=board),
        Figure("full house: changes that never reached a wallboard", watched.missing, "", 0, note=board),
    ]


if __name__ == "__main__":
    print(table(run()))
