"""A day of the whole service with nobody at a screen: desk telephones, SIPp callers, the town's parties, our processes.

What the calls are is the test's script; here is how each is made, and how one waits for its end without a clock.
"""

from __future__ import annotations

import contextlib
import threading
import wave
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum, auto
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from callflow.call import LegState
from callflow.outgoing import OrderState
from callflow.transfer import State
from crm import demo, keys, presence, staff
from crm.call_tables import CallLegRecord, CallRecord
from crm.db import Database, open_database
from crm.lines.tables import ServiceVoice
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact
from crm.outgoing import asking as outgoing
from crm.outgoing.tables import OutgoingCall
from crm.presence import Presence, PresenceState
from crm.schema import upgrade
from crm.transfers import asking as transfers
from crm.transfers.tables import Transfer
from tests.support.phone import DeskPhone
from tests.support.service import LiveService
from tests.support.sipp import Call, SippCaller
from tests.support.supervised import running
from tests.support.wait import wait_for
from workers import prompts
from workers.exchange_voice import prompts_dir
from workers.provision.machine import cache_folder
from workers.queues import Wake, wake
from workers.settings import ServiceSettings
from workers.speech import engines

OURS = ("valkey", "agi", "listener", "worker", "ticker", "web", "exchange")
PATIENT = 60.0
"""Seconds within which whatever is waited for has happened, on a machine that does other things too."""
HEARD = 25
"""Packets of sound, half a second, after which a talk has been one."""
OPERATORS = {"lavrova": "101", "zayac": "102"}


class Does(StrEnum):
    """What a caller does, or what is done with him."""

    TALK = auto()
    TRANSFER = auto()
    BLIND = auto()
    RETURNED = auto()
    ABANDON = auto()
    SHORT = auto()
    LONG_WAIT = auto()
    KEY_1 = auto()
    BREAK = auto()
    BREAK_KEY_1 = auto()
    CLOSED = auto()
    CLOSED_KEY_1 = auto()
    CLOSED_TYPED = auto()
    CLOSED_VOICE = auto()
    CALLED = auto()
    CALLED_BUSY = auto()


TYPED = "89070000101"
"""What a caller who hides his number types when he is asked for it."""


@dataclass(frozen=True)
class Story:
    """The time that a caller pretends, his keys, and after how many milliseconds he hangs up (None: he waits)."""

    hours: str = "open"
    keys: tuple[tuple[int, str], ...] = ()
    hold_ms: int | None = None


STORIES = {
    Does.ABANDON: Story(hold_ms=6500),
    Does.SHORT: Story(hold_ms=1200),
    Does.LONG_WAIT: Story(hold_ms=9000),
    Does.KEY_1: Story(keys=((2500, "1"),)),
    Does.BREAK: Story("break", hold_ms=1500),
    Does.BREAK_KEY_1: Story("break", ((900, "1"),)),
    Does.CLOSED: Story("closed", hold_ms=1500),
    Does.CLOSED_KEY_1: Story("closed", ((900, "1"),)),
    Does.CLOSED_TYPED: Story("closed", ((900, "1"), (1500, TYPED[0]), *((150, digit) for digit in TYPED[1:]))),
    Does.CLOSED_VOICE: Story("closed", ((900, "2"),), 4000),
}
"""Whoever is not here waits in an open queue for somebody to talk with."""


class Desk:
    """An operator's telephone that is put down as soon as both have been heard, unless its caller is `held`."""

    def __init__(self, phone: DeskPhone, held: Collection[str]) -> None:
        self.phone, self._held = phone, held
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ending.set()
        self._thread.join()

    def _work(self) -> None:
        talk, before = None, 0
        while not self._ending.wait(0.05):
            if self.phone.state != "talking":
                talk = None
            elif talk is not self.phone.invites[-1]:
                talk, before = self.phone.invites[-1], self.phone.loud_packets
            elif self.phone.loud_packets >= before + HEARD and not self._is_held(talk.headers["from"]):
                with contextlib.suppress(AssertionError):  # the other side was quicker
                    self.phone.hang_up()

    def _is_held(self, sender: str) -> bool:
        return any(number in sender for number in list(self._held))


class Day:
    """The running service, its telephones, and the callers of a script."""

    def __init__(self, service: LiveService, settings: ServiceSettings, database: Database, folder: Path) -> None:
        self.service, self.settings, self.database, self._folder = service, settings, database, folder
        self.held: set[str] = set()
        """Numbers whose talks nobody ends yet."""
        self.desks: dict[str, Desk] = {}
        self.specialist: DeskPhone
        self._one_specialist, self._one_dials = threading.Lock(), threading.Lock()
        self._pool = ThreadPoolExecutor(16)
        self._made = 0

    # --- who is there

    def at_the_desks(self, answers: bool) -> None:
        """The operators take their telephones up, or let them ring."""
        for desk in self.desks.values():
            desk.phone.answers = True if answers else None

    def telephone(self, extension: str, **details: Any) -> DeskPhone:
        with self.database.reading() as session:
            row = session.scalars(select(staff.Extension).where(staff.Extension.number == extension)).one()
            secret = staff.desk_secret(row, keys.derive(self.settings.key(), "desk-phone"))
        return DeskPhone(self.service.desk, extension, secret=secret, **details)

    # --- the calls

    def begin(self, number: str | None, line: str, does: Does) -> Future[None]:
        """One call; the future is done when it is over on the wire."""
        self._made += 1
        made = self._ours if does in (Does.CALLED, Does.CALLED_BUSY) else self._from_town
        return self._pool.submit(made, self._made, number, line, does)

    def finish(self, calls: Collection[Future[None]], *, recorded: bool = True) -> None:
        """Wait for these, and for the records to have them all and the operators to be free. Raises what went wrong."""
        wait_for(lambda: all(one.done() for one in calls), PATIENT, "the callers to hang up", pause=0.1)
        for one in calls:
            one.result()
        if recorded:
            wait_for(self._settled, PATIENT, f"the records to be complete: {self._made} calls", pause=0.1)

    def _from_town(self, place: int, number: str | None, line: str, does: Does) -> None:
        told = STORIES.get(does, Story())
        host = "127.0.0.2" if number else "anonymous.invalid"
        story = Call(
            to=line,
            from_header=f"<sip:{number or 'anonymous'}@{host}>",
            headers=(f"SD-Pretend: {told.hours}",),
            keys=told.keys,
            hold_ms=told.hold_ms,
            media=False,
            echo=True,
            patience_ms=90_000,
        )
        connected = does in (Does.TRANSFER, Does.BLIND, Does.RETURNED)
        if connected:
            assert number
            self.held.add(number)
        with self._calling(place, story) as calling:
            if connected and number:
                self._connect(number, does)
            assert calling.finish(90) == 0, f"call {place}, {does}: {calling.errors()}"

    @contextmanager
    def _calling(self, place: int, story: Call) -> Iterator[SippCaller]:
        """A caller who has dialled. One at a time: SIPp binds its port a moment after we have found it free; whoever
        lost it to another program dials again."""
        for attempt in range(5):
            folder = self._folder / f"call{place}-{attempt}"
            with contextlib.ExitStack() as stack:
                with self._one_dials:
                    calling = stack.enter_context(SippCaller(folder, self.service.trunk, story))
                    wait_for(lambda one=calling: _has_dialled(one), PATIENT, f"call {place} to be dialled")
                if "Unable to bind" not in calling.errors():
                    yield calling
                    return
        raise AssertionError(f"call {place}: no port to be had")

    def _connect(self, number: str, does: Does) -> None:
        """The operator who has this caller hands him to the lawyer, who takes him, or is busy."""
        with self._one_specialist:
            self.specialist.answers = does is not Does.RETURNED
            before = self.specialist.loud_packets
            transfer = self._ask_transfer(number, "blind" if does is Does.BLIND else "attended")
            if does is Does.TRANSFER:
                self._wait_transfer(transfer, State.CONSULTING)
                self.held.discard(number)
            self._wait_transfer(transfer, State.RETURNED if does is Does.RETURNED else State.COMPLETED)
            self.held.discard(number)
            if does is not Does.RETURNED:
                phone = self.specialist
                wait_for(lambda: phone.loud_packets > before + HEARD, PATIENT, "the specialist to hear the caller")
                phone.hang_up()

    def _ask_transfer(self, number: str, kind: str) -> int:
        call_id, employee_id = wait_for(lambda: self.talk_of(number), PATIENT, f"the talk with {number}", pause=0.1)
        with self.database.transaction() as session:
            lawyer = staff.by_login(session, "smirnova")
            operator = session.get_one(staff.Employee, employee_id)
            assert lawyer
            row = transfers.ask(
                session, call_id, operator, kind=kind, to_employee_id=lawyer.id, mode="demo", at=datetime.now(UTC)
            )
            transfer_id = row.id
        wake(self.settings.redis_address(), Wake.ORDER)
        return transfer_id

    def _wait_transfer(self, transfer_id: int, state: State) -> None:
        def state_now() -> str:
            with self.database.reading() as session:
                return session.get_one(Transfer, transfer_id).state

        wait_for(lambda: state_now() == state, PATIENT, f"the transfer to be {state}", pause=0.1)

    def talk_of(self, number: str) -> tuple[int, int] | None:
        """The call that this number talks in now, and with whom, by the records."""
        talks = (
            select(CallRecord.id, CallLegRecord.employee_id)
            .join(CallLegRecord, CallLegRecord.call_id == CallRecord.id)
            .where(CallRecord.caller_number == number, CallRecord.ended_at.is_(None))
            .where(CallLegRecord.state == LegState.TALKING.value)
        )
        with self.database.reading() as session:
            found = session.execute(talks).first()
            return (found[0], found[1]) if found else None

    def _ours(self, _place: int, number: str | None, line: str, does: Does) -> None:
        """From the row of «Перезвонить»: Lavrova reaches somebody, Zayac finds a number busy. `line` is shown."""
        assert number
        self.held.add(number)
        login = "lavrova" if does is Does.CALLED else "zayac"
        with self.database.transaction() as session:
            operator = staff.by_login(session, login)
            owed = select(MissedCall.id).where(MissedCall.number == number, MissedCall.closed_at.is_(None))
            assert operator
            order = outgoing.ask(
                session, operator, number=number, missed_id=session.scalars(owed).one(), reason="Просили перезвонить.",
                at=datetime.now(UTC),
            )  # fmt: skip
            order_id = order.id
        wake(self.settings.redis_address(), Wake.ORDER)

        def order_now() -> OutgoingCall:
            with self.database.reading() as session:
                return session.get_one(OutgoingCall, order_id)

        if does is Does.CALLED:
            wait_for(lambda: order_now().state == OrderState.TALKING, PATIENT, f"{number} to answer us", pause=0.1)
        else:
            wait_for(lambda: order_now().state == OrderState.ENDED, PATIENT, f"{number} to be busy", pause=0.1)
        self.held.discard(number)
        wait_for(lambda: order_now().state == OrderState.ENDED, PATIENT, f"our call to {number} to end", pause=0.1)
        assert order_now().result == ("answered" if does is Does.CALLED else "busy")
        assert order_now().shown_number == line

    def _settled(self) -> bool:
        with self.database.reading() as session:
            known = session.scalar(select(func.count(CallRecord.id)))
            going_on = session.scalar(select(func.count(CallRecord.id)).where(CallRecord.ended_at.is_(None)))
            writing = select(func.count()).select_from(Presence).where(Presence.state == PresenceState.WRAPUP.value)
            return known == self._made and not going_on and not session.scalar(writing)

    # --- our own death

    def kill_everything_of_ours(self) -> None:
        """kill -9 of the supervisor, and with it of all our processes; the exchange lives on."""
        pids = {name: self.service.pid_of(name) for name in OURS if name != "exchange"}
        exchange = self.service.pid_of("asterisk")
        self.service.kill("supervisor")
        for name, pid in pids.items():
            wait_for(lambda pid=pid: not running(pid), PATIENT, f"{name} to be dead")
        assert running(exchange)

    # --- what the operators do meanwhile

    @contextmanager
    def saving_wrapups(self) -> Iterator[None]:
        """Write every talk up at once, in the background."""
        ending = threading.Event()

        def work() -> None:
            while not ending.wait(0.3):
                with self.database.transaction() as session:
                    busy = select(Presence.employee_id).where(Presence.state == PresenceState.WRAPUP.value)
                    freed = list(session.scalars(busy))
                    for employee_id in freed:
                        presence.end_wrapup(session, employee_id, datetime.now(UTC))
                if freed:
                    wake(self.settings.redis_address(), Wake.PRESENCE)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        for desk in self.desks.values():
            desk.end()


def _has_dialled(calling: SippCaller) -> bool:
    try:
        return calling.seen(r"\tS\t") > 0
    except AssertionError:
        return calling.finish_within(0) is not None


@contextmanager
def running_day(folder: Path) -> Iterator[Day]:
    """The demo's records with an empty ledger, both dispatchers ready at their desks, the lawyer at hers."""
    service = LiveService()
    values: dict[str, Any] = {"_env_file": None}
    settings = ServiceSettings(data_dir=service.data_dir, ami_port=service.ami.port, **values)
    upgrade(settings.database_address())
    database = open_database(settings)
    try:
        with database.transaction() as session:
            _furnish(session, settings)
        with service, contextlib.ExitStack() as stack:
            day = Day(service, settings, database, folder)
            for extension in OPERATORS.values():
                phone = stack.enter_context(day.telephone(extension, answers=True))
                day.desks[extension] = Desk(phone, day.held)
            day.specialist = stack.enter_context(day.telephone("201", answers=True))
            stack.callback(day.close)
            stack.enter_context(day.saving_wrapups())
            yield day
    finally:
        database.dispose()


def _furnish(session: Session, settings: ServiceSettings) -> None:
    now = datetime.now(UTC)
    demo.load(session, settings.key(), now)
    for table in (MissedAttempt, MissedContact, MissedCall):
        session.execute(delete(table))
    for login in OPERATORS:
        employee = staff.by_login(session, login)
        assert employee
        presence.set_ready(session, employee.id, now)
    # While it says somebody's place in line, app_queue rings for nobody and swallows keys (asterisk/asterisk#543).
    session.execute(update(ServiceVoice).values(position_on=False))
    # Half a minute of speech would be most of the test: every text is a short tone, with its place in the manifest.
    voice = engines.fetch("espeak-ng", cache_folder(), print).speech.name  # as `LiveService` has it
    for want in prompts.wanted(session, now):
        prompts.update(prompts_dir(settings, want.queue), want, _tone, None, mark=lambda _text: voice)


def _tone(_text: str) -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(8000)
        target.writeframes(b"".join(int(8000 * (index // 8 % 2)).to_bytes(2, "little") for index in range(800)))
    return out.getvalue()
