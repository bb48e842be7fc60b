"""One of our processes under test: `python -m tests.chaos.inside FOLDER MODULE`.

The product's own `main` runs, with some things from outside: the hours in which telephones may ring (the run must not
depend on the day on which it is made), a voice that needs no time, shorter pauses (`brisk`), a point of the order at
which the process dies or stops, and, for mutants, one defect.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import resource
import signal
import sys
import threading
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import time_machine
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar
from callflow.dialler import window
from callflow.speech.sound import RATE, wav
from crm.db import Database
from tests.chaos import brisk

HOURS = "hours.json"
POINT = "point.txt"
REACHED = "reached.txt"
AT_WORK = "at-work"
ROOM = "room.jsonl"
MUTANT = "CHAOS_MUTANT"
CLOCK = "CHAOS_CLOCK"
_WRITES = threading.RLock()
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, prctl(2)
Spans = Callable[..., tuple[window.Span, ...]]


def hours_of(folder: Path) -> Spans:
    """What stands in for `window.spans`: the stretches of the run's own file, cut by the institution's midnight."""

    def spans(calendar: ServiceCalendar, _hours: object, day: date, _family: object = None) -> tuple[window.Span, ...]:
        begins = datetime.combine(day, time(), calendar.zone).astimezone(UTC)
        ends = begins + timedelta(days=1)
        told = [
            (datetime.fromtimestamp(one, UTC), datetime.fromtimestamp(end, UTC))
            for one, end in json.loads((folder / HOURS).read_text())
        ]
        return tuple((max(one, begins), min(end, ends)) for one, end in told if one < ends and end > begins)

    return spans


class Hum:
    """A speech engine that says everything in a third of a second."""

    name = "hum:1"
    title = "гудок"

    def say(self, _text: str) -> bytes:
        """See `workers.speech.port.Speech`."""
        return wav(array("h", [4000, -4000] * (RATE // 6)))


def reached(folder: Path) -> Callable[[str], None]:
    """Looks at every point whether this process is to end or to stop here, to hang or to be without memory; the first
    that comes takes the order."""

    def look(point: str) -> None:
        order = folder / POINT
        try:
            wanted, what = order.read_text().split()
            if wanted != point:
                return
            order.rename(folder / f"taken-{os.getpid()}")
        except (OSError, ValueError):
            return
        with _WRITES if what == "stop" else contextlib.nullcontext():
            came = folder / f"came-{os.getpid()}"
            came.write_text(f"{os.getpid()} {point} {what}")
            came.rename(folder / REACHED)
            match what:
                case "hang":  # until RQ ends the job
                    threading.Event().wait(600)
                case "memory":
                    without_memory()
                case _:
                    os.kill(os.getpid(), signal.SIGKILL if what == "kill" else signal.SIGSTOP)

    return look


def say_at_work(folder: Path) -> None:
    """A file tells that this process is about to call somebody (`Rig.at_work`)."""
    from workers.dialler.sender import Sender

    real, mark = Sender.dial, folder / f"{AT_WORK}-{os.getpid()}"

    def dial(self: Sender, task_id: int) -> Any:
        mark.touch()
        try:
            return real(self, task_id)
        finally:
            mark.unlink()

    Sender.dial = dial  # type: ignore[method-assign]


def one_writes_at_a_time() -> None:
    """The threads of this process (sender, heartbeat, papers) take turns at writing, so that "stop" comes while none of
    them holds SQLite's lock: a process that kept it would be another fault than the one that is meant."""
    real = Database.transaction

    @contextlib.contextmanager
    def transaction(self: Database) -> Iterator[Session]:
        with _WRITES, real(self) as session:
            yield session

    Database.transaction = transaction  # type: ignore[method-assign]


def without_memory() -> None:
    """Ask for more than `ulimit -v` gives. Raises MemoryError, as any line may then."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 20, before[1]))
    try:
        bytearray(1 << 30)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _note_room(folder: Path) -> None:
    """Write down what the exchange had said when an order was decided (I22)."""
    from crm.dialler import gating

    real = gating.gate

    def gate(session: Any, task_id: int, owner: str, at: datetime, live: Any, **more: Any) -> gating.Gated:
        gated = real(session, task_id, owner, at, live, **more)
        if gated.attempt is not None:
            line = [gated.attempt.id, live.inbound, live.outbound, live.waiting]
            with (folder / ROOM).open("a") as file:
                file.write(json.dumps(line) + "\n")
        return gated

    gating.gate = gate  # type: ignore[assignment]


def _without_commit() -> None:
    """The mutant that dials first and writes never."""
    from crm.dialler import gating
    from telephony.dial_orders import DialOrder
    from workers.dialler.sender import Sender

    class Undone(Exception):
        pass

    def decide(self: Sender, task_id: int, owner: str, live: Any, prompts: Any) -> Any:
        gated = gating.Gated()
        with contextlib.suppress(Undone), self.database.transaction() as session:
            gated = gating.gate(session, task_id, owner, datetime.now(UTC), live, mode=self.mode, prompts=prompts)
            if gated.attempt is not None:
                session.flush()
                session.expunge(gated.attempt)
                raise Undone
        return gated.attempt

    def order(_self: Sender, attempt: Any) -> DialOrder:
        return DialOrder(attempt.id, attempt.number, attempt.not_after, attempt.shown_number, 5)

    Sender._decide = decide  # type: ignore[method-assign]
    Sender._order = order  # type: ignore[method-assign]  # the product's own finds no row, and sends nothing


def _follow_clock(file: Path) -> None:
    """Let this process believe that it is as much later as the file says; what is monotonic stays so, as when somebody
    sets a machine's clock. (libfaketime cannot be had here: under it Python's `time.sleep` fails.)"""
    true = time_machine.escape_hatch.datetime.datetime
    clock = time_machine.travel(datetime.now(UTC), tick=True).start()

    def follow() -> None:
        while True:  # by what is shown, for on a busy machine seconds pass while the clock is taken over
            error = true.now(UTC) + timedelta(seconds=float(file.read_text())) - datetime.now(UTC)
            if abs(error) > timedelta(seconds=0.1):
                clock.shift(error)
            threading.Event().wait(0.2)

    threading.Thread(target=follow, daemon=True).start()


def main() -> None:
    """Patch, then be the process that is named."""
    folder, module = Path(sys.argv[1]), sys.argv[2]
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)  # a run that was killed leaves nobody behind
    window.spans = hours_of(folder)
    if os.environ.get(brisk.VARIABLE):
        brisk.hurry()
    if CLOCK in os.environ:
        _follow_clock(Path(os.environ[CLOCK]))
    from workers.dialler import jobs
    from workers.line_upkeep import LineUpkeep
    from workers.speech import engines

    engines.present = lambda *_: Hum()  # type: ignore[assignment]
    LineUpkeep.start = LineUpkeep.stop = lambda _self: None  # type: ignore[method-assign]  # a minute of speaking for callers
    _note_room(folder)
    if os.environ.get(MUTANT) == "no_commit":
        _without_commit()
    if module == "workers.rq_worker":
        one_writes_at_a_time()
        say_at_work(folder)
    make = jobs.make_sender

    def make_sender(*arguments: Any) -> Any:
        return make(*arguments, reached=reached(folder))

    jobs.make_sender = make_sender  # type: ignore[assignment]
    importlib.import_module(module).main()


if __name__ == "__main__":
    main()
