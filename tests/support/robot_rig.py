"""The outbound engine at work: real exchange, real network, real records, Valkey; its processes as threads of the test.

The calendar is taken out: it is always a good time to call, or a test could be run on weekdays only. Everything else is
the product's own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

import pytest
import redis
from rq.exceptions import DequeueTimeout
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import select

from callflow.call_record import Call
from callflow.dialler import window
from callflow.dialler.states import Disposition
from crm import calls
from crm.appointments.tables import Appointment
from crm.dialler import claiming, following, pacing
from crm.dialler.tables import DialAttempt, DialSubject, DialTask, LineSlot
from crm.family_tables import Person, Phone
from telephony.agi import AgiSession
from telephony.ami import AmiSession
from telephony.dialplan_words import dialplan_word
from telephony.fastagi import FastAgiServer
from telephony.link import AmiAddress
from telephony.translate import TrunkNames, translate
from telephony.variables import SD_OK, SD_ROUTE
from telephony.wire import Message
from tests.integration.crm.booking import booked
from tests.support.dialling import agrees, robot_on, task_for
from tests.support.exchange import LiveExchange
from tests.support.network import Network
from tests.support.pages import SECRET
from tests.support.records import demo_records
from tests.support.valkey import TemporaryValkey
from tests.support.wait import wait_for
from workers import followers
from workers.dialler import jobs, switch
from workers.dialler.pulse import pulses
from workers.dialler.reconciler import Reconciler
from workers.dialler.sender import Sender
from workers.dialler.ticker import Ticker
from workers.feed import Feed
from workers.queues import calls_queue, connect

DEMO_LINE = "+79070009001"
"""The first line of the demo's service A: its number is shown to whom the robot calls."""
LIMIT = 40.0
"""Seconds for anything to happen on a machine that does much else."""


class Killed(BaseException):
    """The worker died here; a BaseException, so that nothing of the product catches it."""


@dataclass
class Rig:
    """`killed_at` is the point of `workers.dialler.sender.POINTS` at which the next order's worker dies."""

    exchange: LiveExchange
    network: Network
    folder: Path
    lines: int = 3
    per_second: int = 50
    killed_at: str = ""
    says: Callable[[AgiSession], None] | None = None
    """What the dialogue does after it has begun; by default it is heard to its end at once."""
    hears: bool = True
    """Whether the listener follows the words of the dialplan."""
    dialogues: list[str] = field(default_factory=list)
    calls_heard: list[Call] = field(default_factory=list)

    def __enter__(self) -> Rig:
        self.database = demo_records(self.folder / "records.db", SECRET)
        self.valkey = TemporaryValkey(self.folder / "v").start()
        self.feed = Feed(self.valkey.url)
        self._stopping = threading.Event()
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(window, "spans", _always)
        self.session = AmiSession(self._address(), on_event=self._hear)
        self.session.start()
        self.sender = Sender(self.database, self.session, "demo", lambda *_: {}, self._reached)
        jobs.install(self.sender)
        plan = self.exchange.plan
        self.agi = FastAgiServer(
            (plan.agi.host, plan.agi.port),
            token=plan.agi_token,
            allowed_peers=("127.0.0.1",),
            handlers={"dialogue": self._talk, "inbound": lambda agi: agi.set_variable(SD_OK, "1")},
        )
        self.agi.start()
        wait_for(lambda: self.session.link.up, LIMIT, "the link")
        with self.database.transaction() as session:
            at = datetime.now(UTC)
            values = {"lines": self.lines, "trunk_lines": 20, "per_second": self.per_second, "ring_seconds": 5}
            caps = {"per_day": 900, "per_week": 900, "per_month": 900, "per_service_day": 9000, "attempts": 3}
            robot_on(session, 1, at, **values, **caps)
            self.appointment_id = booked(session, at=at).id
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)
        jobs.install(None)
        self.session.stop()
        with suppress(OSError):  # a test has ended it already
            self.agi.stop()
        self.feed.close()
        self.valkey.kill()
        self._patch.undo()
        self.database.dispose()

    _threads: list[threading.Thread] = field(default_factory=list)

    def _address(self) -> AmiAddress:
        plan = self.exchange.plan
        return AmiAddress(plan.ami.host, plan.ami.port, plan.ami_user, plan.ami_secret)

    # --- the processes

    def start_ticker(self, copies: int = 1) -> None:
        """`workers.ticker` without its planner and its reconciler."""
        for _ in range(copies):
            self._thread(self._tick)

    def start_worker(self) -> None:
        """The RQ worker: pops ids and runs the job by its name."""
        self._thread(self._work)

    def reconcile(self, ahead: float = 0.0) -> dict[str, Any]:
        """One look of the reconciler, as of so many seconds ahead."""
        look = Reconciler(
            self.database,
            self.session,
            self.exchange.plan.log_dir,
            lambda: datetime.now(UTC) + timedelta(seconds=ahead),
        )
        return dict(look.look())

    def clerk(self) -> None:
        """One look of the clerk of the red button."""
        counter: Any = SimpleNamespace(database=self.database, exchange=self.session, feed=self.feed)
        switch.carry_out(counter)

    def _thread(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _tick(self) -> None:
        ticker = Ticker(self.database, self.valkey.url)
        for redis_there in pulses(self.valkey.url, ticker.patience):
            if self._stopping.is_set():
                return
            ticker.tick(redis_there)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self.valkey.url) as client:
                    queue = calls_queue(client)
                    found = queue.dequeue_any([queue], 1, connection=client, serializer=JSONSerializer)
                    if found is not None:
                        self._perform(found[0])
            except DequeueTimeout:
                continue
            except redis.RedisError:
                time.sleep(0.1)

    def _perform(self, job: Job) -> None:
        with suppress(Killed):
            job.perform()
        job.delete()

    def _reached(self, point: str) -> None:
        if point == self.killed_at:
            self.killed_at = ""
            raise Killed(point)

    def _hear(self, message: Message) -> None:
        if not self.hears:
            return
        word = dialplan_word(message)
        event = translate(message, trunk=TrunkNames())
        with self.database.transaction() as session:
            if word is not None:
                notices = list(followers.follow(session, word))
            elif event is not None:
                calls.record(session, event)
                notices = []
            else:
                return
        self.feed.publish(notices)

    def _talk(self, agi: AgiSession) -> None:
        agi.command("SET AUTOHANGUP", 60)
        attempt_id = agi.parameters["att"]
        self.dialogues.append(attempt_id)
        with self.database.transaction() as session:
            if not following.answered(session, attempt_id, datetime.now(UTC)):
                agi.command("HANGUP")
                return
        if self.says is not None:
            self.says(agi)
            return
        self.settle(attempt_id, Disposition.DELIVERED)
        agi.set_variable(SD_OK, "1")

    def settle(self, attempt_id: str, disposition: Disposition) -> None:
        """What the dialogue writes at its end."""
        with self.database.transaction() as session:
            following.settle(session, attempt_id, disposition, datetime.now(UTC), "agi")

    def asks_for_a_person(self, agi: AgiSession) -> None:
        """Key 0."""
        self.settle(agi.parameters["att"], Disposition.HUMAN)
        agi.set_variable(SD_ROUTE, "human")
        agi.set_variable(SD_OK, "1")

    # --- records

    def owe(self, number: str, *, in_seconds: float = 0.0) -> int:
        """A call to this number is due."""
        at = datetime.now(UTC) + timedelta(seconds=in_seconds)
        with self.database.transaction() as session:
            appointment = session.get_one(Appointment, self.appointment_id)
            family_id = appointment.family_id
            person = Person(
                family_id=family_id,
                surname=f"Учебный-{number[-4:]}",
                search_key=number,
                birth_date=at.date().replace(year=1990),
            )
            person.phones.append(Phone(number=number, robot_allowed=True))
            session.add(person)
            session.flush()
            agrees(session, person, at)
            task = task_for(session, appointment, at) if not self._tasks else None
            if task is None:
                task = self._another(session, number, at)
            task.person_id, task.phone_id, task.number = person.id, person.phones[0].id, number
            task.deadline = at + timedelta(hours=20)
            self._tasks.append(task.id)
            return task.id

    _tasks: list[int] = field(default_factory=list)

    def _another(self, session: Any, number: str, at: datetime) -> DialTask:
        task = DialTask(
            service_id=1,
            channel="robot",
            state="due",
            state_at=at,
            due_at=at,
            deadline=at + timedelta(hours=20),
            planned_at=at,
        )
        session.add(task)
        session.flush()
        session.add(DialSubject(task_id=task.id, appointment_id=self.appointment_id, occasion=f"for {number}"))
        session.flush()
        return task

    def task(self, task_id: int) -> DialTask:
        with self.database.reading() as session:
            return session.get_one(DialTask, task_id, populate_existing=True)

    def attempts(self, task_id: int) -> list[DialAttempt]:
        with self.database.reading() as session:
            return list(
                session.scalars(select(DialAttempt).where(DialAttempt.task_id == task_id).order_by(DialAttempt.n))
            )

    def lines_taken(self) -> int:
        with self.database.reading() as session:
            return len(session.scalars(select(LineSlot).where(LineSlot.attempt_id.is_not(None))).all())

    def room(self) -> int:
        with self.database.reading() as session:
            return pacing.room(session, datetime.now(UTC))

    def due(self) -> list[int]:
        with self.database.reading() as session:
            return claiming.due(session, datetime.now(UTC))

    def wait_state(self, task_id: int, *states: str) -> DialTask:
        """The task once it is in one of these states."""
        try:
            wait_for(lambda: self.task(task_id).state in states, LIMIT)
        except AssertionError:
            task = self.task(task_id)
            attempts = [(one.state, one.disposition, one.detail) for one in self.attempts(task_id)]
            raise AssertionError(
                f"{states}: {task.state} {task.rule} {task.channel} {task.due_at} {attempts}"
            ) from None
        return self.task(task_id)

    def wait_free(self) -> None:
        """Until no line is taken and no channel lives."""
        wait_for(lambda: not self.lines_taken(), LIMIT, "the lines to be free")
        wait_for(lambda: not self.exchange.channels(), LIMIT, "the channels to end")


def _always(_calendar: object, _hours: object, day: Any, _family: object = None) -> tuple[window.Span, ...]:
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    return ((begins, begins + timedelta(days=3)),)
