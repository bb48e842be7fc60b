"""Everything that breaks, one generator per fault: it breaks something, says for how many seconds, and mends it.

A seed gives them their order (`plan`). No fault mends what it did not break; `Rig.heal` mends what is left.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import redis
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from crm.appointments import steps
from crm.appointments.tables import AHEAD, Appointment
from crm.dialler import refusals, switches
from crm.dialler.tables import DialAttempt, DialSubject, DialTask
from crm.errors import RecordsError
from crm.family_tables import Phone
from crm.reminders.human_list import Actor
from crm.staff import by_login
from telephony.dial_orders import DialOrder, order_headers
from tests.chaos.inside import POINT, REACHED
from tests.chaos.judging import Truth
from tests.chaos.parts import Rig
from tests.support.dialler.invariants import Ban
from tests.support.sipp import Call, SippCaller
from tests.support.wait import wait_for
from workers.dialler.sender import POINTS
from workers.queues import connect

ENDLESS = datetime.max.replace(tzinfo=UTC)
Seconds = Iterator[float]


@dataclass
class Chaos:
    """What a fault works with."""

    rig: Rig
    truth: Truth
    rng: random.Random

    # --- the exchange

    def exchange_killed(self) -> Seconds:
        """F1."""
        if not self.rig.exchange.dead:
            self.truth.deaths.append(time.time())
            self.rig.exchange.kill()
            yield self.rng.uniform(0.5, 5)
        if self.rig.exchange.dead:
            self.rig.exchange.start()

    def exchange_stopped(self) -> Seconds:
        """F2."""
        pid = self.rig.exchange.pid
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            yield self.rng.uniform(1, 14)
            os.kill(pid, signal.SIGCONT)

    def exchange_reloaded(self) -> Seconds:
        """F4."""
        if not self.rig.exchange.dead:
            for command in ("dialplan reload", "module reload res_pjsip.so"):
                self.rig.exchange.console(command)
                yield 0.2

    # --- the manager interface

    def ami_cut(self) -> Seconds:
        """F5, the other side says good-bye."""
        self.rig.ami.cut(reset=self.rng.random() < 0.5)
        yield 0

    def ami_swallows(self) -> Seconds:
        """F5, half-open."""
        self.rig.ami.blackhole = True
        yield self.rng.uniform(1, 15)
        self.rig.ami.blackhole = False

    def ami_late(self) -> Seconds:
        """F9."""
        self.rig.ami.delay = self.rng.uniform(0.05, 1.5)
        yield self.rng.uniform(2, 10)
        self.rig.ami.delay = 0.0

    def ami_refuses(self) -> Seconds:
        """Nobody answers there for a while."""
        self.rig.ami.refuse = True
        self.rig.ami.cut()
        yield self.rng.uniform(1, 8)
        self.rig.ami.refuse = False

    def orders_come_twice(self) -> Seconds:
        """A proxy says again what it once heard (M14). Not around a death of the exchange, which may cost the gate its
        last notes: there only an order's own time is left, and whoever listens to our link may use that up."""
        died = self.truth.deaths and time.time() - self.truth.deaths[-1] < 30
        with suppress(OSError, AssertionError, SQLAlchemyError):
            with self.rig.database.reading() as session:
                taken = select(DialAttempt).where(DialAttempt.told_at.is_not(None))
                rows = session.scalars(taken.order_by(DialAttempt.sending_at.desc()).limit(5)).all()
            if rows and not died and not self.rig.exchange.dead:
                tap = self.rig.exchange.tap()
                for row in rows:
                    tap.send(order_headers(DialOrder(row.id, row.number, row.not_after, row.shown_number, 5)))
                yield 1
                self.rig.exchange.close_taps()

    # --- our processes

    def worker_dies_at_a_point(self) -> Seconds:
        """F19."""
        yield from self.at_point(self.rng.choice(POINTS), "kill", 8)

    def worker_stops_after_commit(self) -> Seconds:
        """F21: long enough for the attempt to be proved unsent and for another to be made."""
        yield from self.at_point(self.rng.choice(("after_commit", "before_send")), "stop", 20)

    def at_point(self, point: str, what: str, seconds: float) -> Seconds:
        """The next worker that comes there is killed, or stopped for so long, or hangs, or has no memory."""
        order, reached = self.rig.folder / POINT, self.rig.folder / REACHED
        reached.unlink(missing_ok=True)
        made = order.with_suffix(".new")
        made.write_text(f"{point} {what}")
        made.rename(order)
        yield seconds
        order.unlink(missing_ok=True)
        if what == "stop" and reached.exists():
            pid = int(reached.read_text().split()[0])
            with suppress(ProcessLookupError, AssertionError):  # another fault has killed it, or has let it go on
                wait_for(lambda: _stands_still(pid), 2, "whoever came there to stand still")
                os.kill(pid, signal.SIGCONT)

    def killed(self) -> Seconds:
        """F10, F12, F19, F23, F33: any of ours, for a moment or for longer."""
        one = self.rng.choice(list(self.rig.ours.values()))
        one.held = True
        one.kill()
        yield self.rng.uniform(0.2, 8)
        one.held = False

    def stopped(self) -> Seconds:
        """F6, F11."""
        one = self.rng.choice(list(self.rig.ours.values()))
        one.send(signal.SIGSTOP)
        yield self.rng.uniform(1, 15)
        one.send(signal.SIGCONT)

    def power_cut(self) -> Seconds:
        """F38: everything at once."""
        for one in self.rig.ours.values():
            one.held = True
            one.kill()
        if not self.rig.exchange.dead:
            self.truth.deaths.append(time.time())
            self.rig.exchange.kill()
        self.rig.valkey.kill()
        if self.rig.postgres is not None:
            self.rig.postgres.crash()
        yield self.rng.uniform(1, 5)
        if self.rig.postgres is not None:
            self.rig.postgres.revive()
        self.rig.valkey.start()
        if self.rig.exchange.dead:
            self.rig.exchange.start()
        for one in self.rig.ours.values():
            one.held = False

    # --- Redis and the records

    def redis_killed(self) -> Seconds:
        """F16."""
        self.rig.valkey.kill()
        yield self.rng.uniform(1, 10)
        if self.rig.valkey.process is None:
            self.rig.valkey.start()

    def redis_forgets(self) -> Seconds:
        """F17."""
        for _ in range(self.rng.randint(1, 5)):
            with suppress(redis.RedisError), connect(self.rig.valkey.url, timeout_seconds=1) as client:
                client.flushall()
            yield self.rng.uniform(0.1, 1)

    def redis_stopped(self) -> Seconds:
        """F18."""
        process = self.rig.valkey.process
        if process is not None:
            process.send_signal(signal.SIGSTOP)
            yield self.rng.uniform(1, 10)
            process.send_signal(signal.SIGCONT)

    def records_away(self) -> Seconds:
        """F24, F25."""
        if self.rig.postgres is not None:
            self.rig.postgres.crash()
            yield self.rng.uniform(0.5, 4)
            self.rig.postgres.revive()
            return
        with suppress(sqlite3.OperationalError):
            lock = sqlite3.connect(self.rig.folder / "records.db", timeout=5, isolation_level=None)
            try:
                lock.execute("BEGIN IMMEDIATE")
                yield self.rng.uniform(1, 8)
            finally:
                lock.close()

    # --- people

    def red_button(self) -> Seconds:
        """Stop, and some seconds later go on."""
        pressed = self._decide(lambda session, head: switches.stop(session, head, datetime.now(UTC)))
        if pressed is None:
            return
        self.truth.bans.append(Ban(pressed, "stopped", until=ENDLESS, robots_only=True))
        yield self.rng.uniform(2, 10)
        self.go_on()

    def go_on(self) -> None:
        """Release the red button, end a pause."""
        before = datetime.now(UTC)  # from here on somebody may call again, whenever the commit was seen
        if self._decide(lambda session, head: switches.resume(session, head, datetime.now(UTC))) is not None:
            self.truth.bans[:] = [
                replace(one, until=before) if one.why == "stopped" and one.until == ENDLESS else one
                for one in self.truth.bans
            ]

    def called_off(self) -> Seconds:
        """F35: some bookings are cancelled."""
        for _ in range(self.rng.randint(1, 3)):
            tasks: list[int] = []
            place = self.rng.randrange(1000)

            def cancel(session: object, head: object, tasks: list[int] = tasks, place: int = place) -> None:
                rows = session.scalars(  # type: ignore[attr-defined]
                    select(Appointment)
                    .join(DialSubject)
                    .where(Appointment.state.in_(AHEAD))
                    .order_by(Appointment.id)
                    .distinct()
                ).all()
                if rows:
                    row = rows[place % len(rows)]
                    found = select(DialSubject.task_id).where(DialSubject.appointment_id == row.id)
                    tasks.extend(session.scalars(found))  # type: ignore[attr-defined]
                    steps.cancel(session, row.id, row.version, "family", "передумали", head, datetime.now(UTC))  # type: ignore[arg-type]

            done = self._decide(cancel)
            if done is not None and tasks:
                self.truth.bans.append(Ban(done, "cancelled", task_ids=frozenset(tasks)))
            yield self.rng.uniform(0.1, 2)

    def refused(self) -> Seconds:
        """A family wants no robot, or no calls."""
        task_id = self.rng.choice(self.rig.tasks)
        scope = self.rng.choice((refusals.ROBOT, refusals.ALL))
        numbers: list[str] = []

        def refuse(session: object, head: object) -> None:
            phone = session.get_one(Phone, session.get_one(DialTask, task_id).phone_id)  # type: ignore[attr-defined]
            numbers.append(phone.number)
            refusals.refuse(
                session,  # type: ignore[arg-type]
                phone.number,
                phone.person_id,
                scope,
                "talk",
                datetime.now(UTC),
                by=Actor.of(head),  # type: ignore[arg-type]
                employee_id=head.id,  # type: ignore[attr-defined]
            )

        done = self._decide(refuse)
        if done is not None:
            self.truth.bans.append(Ban(done, "refused", number=numbers[-1], robots_only=scope == refusals.ROBOT))
        yield 0

    def families_call(self) -> Seconds:
        """Callers from outside, for a while."""
        if self.rig.exchange.dead:
            return
        plan = self.rig.exchange.plan
        call = Call(to=plan.lines[0].did, hold_ms=6000, patience_ms=8000, media=False)
        folder = self.rig.folder / f"caller-{time.monotonic_ns()}"
        caller = SippCaller(folder, plan.trunk_bind, call, count=self.rng.randint(1, 4), rate=2)
        with caller:
            yield self.rng.uniform(3, 10)

    def clock_jumps(self) -> Seconds:
        """F27; only where our processes have a clock of their own (`Rig.faked_clock`)."""
        if self.rig.faked_clock:
            self.rig.set_clock(self.rng.choice((3600, -3600, 86400, 10, -10, 1.5)))
            yield self.rng.uniform(3, 12)
            self.rig.set_clock(0)

    def _decide(self, what: Callable[..., object]) -> datetime | None:
        """The head does something; when it stood in the records, None if they did not take it."""
        try:
            with self.rig.database.transaction() as session:
                what(session, by_login(session, "roshchina"))
        except (SQLAlchemyError, RecordsError):
            return None
        return datetime.now(UTC)


WEIGHTS = {
    "exchange_killed": 3,
    "exchange_stopped": 2,
    "exchange_reloaded": 1,
    "ami_cut": 4,
    "ami_swallows": 2,
    "ami_late": 2,
    "ami_refuses": 1,
    "orders_come_twice": 2,
    "worker_dies_at_a_point": 8,
    "worker_stops_after_commit": 3,
    "killed": 6,
    "stopped": 4,
    "power_cut": 1,
    "redis_killed": 2,
    "redis_forgets": 3,
    "redis_stopped": 1,
    "records_away": 2,
    "red_button": 2,
    "called_off": 3,
    "refused": 2,
    "families_call": 2,
    "clock_jumps": 3,
}
MUTANTS_OWN = {"orders_come_twice": 3, "worker_stops_after_commit": 1}
"""What a defect needs to be seen."""


def _stands_still(pid: int) -> bool:
    """Whether a process is stopped (proc_pid_stat(5)). Raises ProcessLookupError if there is none."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        raise ProcessLookupError from None
    return told.rpartition(")")[2].split()[0] == "T"


def plan(rng: random.Random, seconds: float, weights: dict[str, int]) -> list[tuple[float, str]]:
    """When what breaks: one fault every three seconds, none in the last quarter."""
    count = max(1, int(seconds / 3))
    names = rng.choices(list(weights), list(weights.values()), k=count)
    return sorted(zip((rng.uniform(1, seconds * 0.75) for _ in range(count)), names, strict=True))
