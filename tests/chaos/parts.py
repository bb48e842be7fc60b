"""Everything real that a chaos run is made of, and what can be done to each part."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from sqlalchemy import text

from callflow.dialler import window
from crm import demo, exchange_state, schema
from crm.db import Database
from crm.dialler.tables import REMINDER, DialTask
from crm.family_tables import Phone
from telephony.config.plan import ExchangePlan, TrunkPlan
from telephony.config.render import render
from tests.chaos import brisk, desks
from tests.chaos.inside import AT_WORK, CLOCK, HOURS, MUTANT, hours_of
from tests.chaos.people import LISTENS, People, family, fill, number_of, owe
from tests.support import exchange as exchange_support
from tests.support.exchange import LiveExchange, free_tcp
from tests.support.network import Behaviour
from tests.support.postgres import TemporaryPostgres
from tests.support.proxy import Proxy
from tests.support.records import demo_records
from tests.support.valkey import TemporaryValkey
from tests.support.wait import wait_for
from workers.derived_keys import agi_token, ami_secret
from workers.exchange import build_plan
from workers.settings import ServiceSettings

KEY = "a-key-for-tests-only-0123456789abcdef"
MODULES = {
    "listener": "workers.listener",
    "agi": "workers.agi_server",
    "ticker": "workers.ticker",
    "worker": "workers.rq_worker",
}
PROCESSES = ("listener", "agi", "ticker-0", "ticker-1", "worker-0", "worker-1")
MORE_TICKERS = ("ticker-2", "ticker-3", "ticker-4")
OF_THE_PLAN = ("lines", "queues", "voices", "staff", "hours", "dialling", "speech")
"""What the exchange is told by the records, as in the product."""


@dataclass
class Ours:
    """One of our processes. `held`: a fault wants it dead; else it is started again, as the supervisor does."""

    name: str
    folder: Path
    environment: dict[str, str]
    held: bool = False
    starts: int = 0
    popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """In a process group of its own, its words in a log."""
        self.starts += 1
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.inside", str(self.folder), MODULES[self.name.partition("-")[0]]],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def dead(self) -> bool:
        return self.popen is None or self.popen.poll() is not None

    def send(self, number: int) -> None:
        """A signal, if there is somebody to take it."""
        if self.popen is not None and self.popen.poll() is None:
            self.popen.send_signal(number)

    def kill(self) -> None:
        """As a power cut would."""
        self.send(signal.SIGKILL)
        if self.popen is not None:
            self.popen.wait(10)


@dataclass
class Rig:
    """A context manager. `reminders`: so many families the robot calls; `mixed`: about other things than bookings too,
    while people call (`desks`). `window`: seconds from now in which telephones may ring."""

    seed: int
    engine: str = "sqlite"
    reminders: int = 50
    mixed: bool = False
    settings: dict[str, int] = field(default_factory=dict)
    window: float = 7200.0
    mutant: str = ""
    faked_clock: bool = False
    brisk: bool = False
    processes: tuple[str, ...] = PROCESSES

    def __enter__(self) -> Rig:
        self._stack = contextlib.ExitStack()
        try:
            self._enter()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _enter(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chaos"))
        self.began = time.time()
        (self.folder / HOURS).write_text(json.dumps([[self.began - 3600, self.began + self.window]]))
        (self.folder / "v").mkdir()
        self.clock_file = self.folder / "clock"
        self.set_clock(0)
        self.people = self._stack.enter_context(People(self.seed, self.reminders, mixed=self.mixed))
        self.valkey = self._stack.enter_context(TemporaryValkey(self.folder / "v"))
        self.postgres: TemporaryPostgres | None = None
        self._open_records()
        self._stack.callback(self.database.dispose)
        self.agi = free_tcp()
        self.exchange = self._stack.enter_context(self._make_exchange())
        self.ami = self._stack.enter_context(Proxy(self.exchange.plan.ami.port))
        self.ours = {name: Ours(name, self.folder, self._environment()) for name in self.processes}
        self._stack.callback(self._end_ours)
        for one in self.ours.values():
            one.start()

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    # --- making

    def _open_records(self) -> None:
        now = datetime.now(UTC)
        if self.engine == "postgresql":
            self.postgres = self._stack.enter_context(TemporaryPostgres())
            self.url = self.postgres.url
            schema.upgrade(self.url)
            self.database = Database(self.url, KEY)
            with self.database.transaction() as session:  # tests' servers may lose what they have said is written
                session.execute(text("ALTER DATABASE postgres SET synchronous_commit = on"))
            self.database.dispose()
            with self.database.transaction() as session:
                demo.load(session, KEY, now)
        else:
            self.database = demo_records(self.folder / "records.db", KEY)
            self.url = f"sqlite:///{self.folder / 'records.db'}"
        with self.database.transaction() as session:
            values = {"lines": 3, "trunk_lines": 6, "per_second": 5, "ring_seconds": 5, **self.settings}
            self.tasks = fill(session, self.reminders, now, mixed=self.mixed, **values)
            self.bans = desks.fill(session, self.reminders, now) if self.mixed else []
            wanted = exchange_state.touch(session)
            exchange_state.note_applied(session, wanted, datetime.now(UTC))

    def _make_exchange(self) -> LiveExchange:
        folder = self.folder / "asterisk"
        exchange = LiveExchange(folder)
        settings = ServiceSettings(
            data_dir=self.folder, secret_key=KEY, database_url=self.url, mode="demo", agi_bind=str(self.agi)
        )
        with self.database.reading() as session, mock.patch.object(window, "spans", hours_of(self.folder)):
            told = build_plan(session, settings, exchange.program, datetime.now(UTC))
        changes = {name: getattr(told, name) for name in OF_THE_PLAN}
        network = self.people.network.address
        if self.mutant == "no_gate":
            self._stack.enter_context(mock.patch.object(exchange_support, "render", without_gate))
        return LiveExchange(
            folder,
            **changes,
            ami_secret=ami_secret(KEY),
            agi=self.agi,
            agi_token=agi_token(KEY),
            town_bind=None,
            town=(),
            trunk=TrunkPlan(peers=(network.host,), contact=network),
        )

    def _environment(self) -> dict[str, str]:
        values = {
            "DISPATCH_DATA_DIR": str(self.folder),
            "DISPATCH_DATABASE_URL": self.url,
            "DISPATCH_SECRET_KEY": KEY,
            "DISPATCH_MODE": "demo",
            "DISPATCH_REDIS_URL": self.valkey.url,
            "DISPATCH_AMI_PORT": str(self.ami.port),
            "DISPATCH_AGI_BIND": str(self.agi),
            MUTANT: self.mutant,
            brisk.VARIABLE: "1" if self.brisk else "",
        }
        if self.faked_clock:
            values[CLOCK] = str(self.clock_file)
        return values

    def at_work(self) -> bool:
        """Whether a worker has a task in its hands, though that may be over for everybody else."""
        return any(
            not one.dead and one.popen is not None and (self.folder / f"{AT_WORK}-{one.popen.pid}").exists()
            for one in self.ours.values()
        )

    # --- what is done to it

    def owe(self, count: int, behaves: Behaviour = LISTENS) -> list[int]:
        """So many more families are to be reminded now, and their telephones do this; the tasks."""
        first = len(self.tasks)
        for place in range(first, first + count):
            self.people.network.numbers[number_of(place)] = behaves
        with self.database.transaction() as session:
            at = datetime.now(UTC)
            made = [owe(session, family(session, one, at), REMINDER, at) for one in range(first, first + count)]
        self.tasks += made
        return made

    def owe_again(self, task_id: int) -> int:
        """The family of this task is to be reminded once more; the new task."""
        with self.database.transaction() as session:
            phone = session.get_one(Phone, session.get_one(DialTask, task_id).phone_id)
            return owe(session, phone, REMINDER, datetime.now(UTC), later=1)

    def fill_disk(self, full: bool) -> None:
        """The kernel takes not a byte more from our processes, neither for records nor for logs; or does again."""
        for one in self.ours.values():
            if not one.dead and one.popen is not None:
                hard = resource.prlimit(one.popen.pid, resource.RLIMIT_FSIZE)[1]
                resource.prlimit(one.popen.pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))

    def add_tickers(self) -> None:
        """Three more of them."""
        for name in MORE_TICKERS:
            self.ours[name] = Ours(name, self.folder, self._environment())
            self.ours[name].start()

    def drop_tickers(self) -> None:
        """Only the two of the beginning."""
        for name in MORE_TICKERS:
            self.ours.pop(name).kill()

    def set_clock(self, seconds: float) -> None:
        """Our processes believe that it is so much later (`faked_clock`)."""
        made = self.clock_file.with_suffix(".new")
        made.write_text(str(seconds))
        made.rename(self.clock_file)

    def revive(self) -> None:
        """Start again what has died and is not wanted dead."""
        for one in self.ours.values():
            if one.dead and not one.held:
                one.start()

    def heal(self) -> None:
        """Everything works again."""
        self.set_clock(0)
        self.ami.blackhole = self.ami.refuse = False
        self.ami.delay = 0.0
        self.ami.mangle = None
        self.fill_disk(False)
        if self.valkey.process is None:
            self.valkey.start()
        self.valkey.process.send_signal(signal.SIGCONT)
        if self.postgres is not None:
            self.postgres.revive()
        if self.exchange.dead:
            self.exchange.start()
        os.kill(self.exchange.pid, signal.SIGCONT)
        for one in self.ours.values():
            one.held = False
            one.send(signal.SIGCONT)
        self.revive()

    def _end_ours(self) -> None:
        for one in self.ours.values():
            one.send(signal.SIGCONT)
            one.send(signal.SIGTERM)
        for one in self.ours.values():
            if one.popen is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    one.popen.wait(3)
                one.kill()

    def wait(self, condition: Callable[[], object], what: str, limit: float = 60.0) -> None:
        """As `wait_for`; what has died is started again meanwhile."""
        wait_for(lambda: self.revive() or condition(), limit, what, pause=0.1)


def without_gate(plan: ExchangePlan) -> dict[str, str]:
    """The mutant's dialplan: it obeys every order."""
    files = dict(render(plan))
    kept = [line for line in files["sd-dial.conf"].splitlines() if "?deny)" not in line]
    files["sd-dial.conf"] = "\n".join(kept) + "\n"
    return files
