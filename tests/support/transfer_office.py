"""A real exchange with our recorder and our clerk beside it, in one process: for tests of transfers and their like.

Lavrova sits at 101, Zayac at 102, the specialist Smirnova at 201; a townsman answers +79070009101.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import calls, presence
from crm.call_tables import CallRecord
from crm.journal_tables import JournalEntry
from crm.presence import Presence
from crm.staff import Employee, by_login
from crm.transfers import asking
from crm.transfers.tables import Transfer
from telephony.ami import AmiSession
from telephony.config.plan import LinePlan, Member, QueuePlan, TownPartyPlan
from telephony.dialplan_words import dialplan_word
from telephony.link import AmiAddress
from telephony.snapshot import Snapshot
from telephony.translate import TrunkNames, translate
from telephony.wire import Message
from tests.support.agi_stub import AgiStub
from tests.support.exchange import LiveExchange, operator
from tests.support.phone import DeskPhone
from tests.support.records import demo_records
from tests.support.wait import wait_for
from workers import transfers
from workers.feed import Notice
from workers.live_calls import live_calls
from workers.orders import Counter
from workers.recorder import Recorder, Seen

KEY = "a-key-for-tests-only-0123456789abcdef"
DID, QUEUE, TOWNSMAN, BUSY_TOWNSMAN = "+79070009001", "dispatch", "+79070009101", "+79070009102"
_SPECIALIST = re.compile(r"201@sd-hints.*State:Idle")


def exchange(folder: Path | None = None) -> LiveExchange:
    """Short times, but not too short: these phones live in the test's own process, which a busy machine lets stand
    still for a second or two, and Asterisk counts whole seconds: with 2 for a vanished phone 1.0 was enough to lose a
    talk that went on."""
    return LiveExchange(
        folder,
        staff=(operator("101"), operator("102"), operator("201", takes_calls=False)),
        queues=(
            QueuePlan(
                name=QUEUE,
                members=(Member(extension="101"), Member(extension="102", penalty=1)),
                ring_seconds=8,
                wrapup_seconds=0,
            ),
        ),
        lines=(LinePlan(did=DID, queue=QUEUE),),
        town=(TownPartyPlan(number=TOWNSMAN), TownPartyPlan(number=BUSY_TOWNSMAN, behaviour="busy")),
        rescue_seconds=30,
        return_seconds=10,
        transfer_seconds=8,
        desk_rtp_timeout=6,
    )


class Heard:
    """In the place of the feed: keeps the notices."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def publish(self, notices: Any) -> bool:
        self.notices += notices
        return True


class TransferOffice:
    """Records and clerk of one test; `die()` and `live()` are our processes ending and coming back."""

    def __init__(self, running: LiveExchange, folder: Path) -> None:
        self.running = running
        self.database = demo_records(folder / "office.db", KEY)
        self.feed = Heard()
        with self.database.transaction() as session:
            for login in ("lavrova", "zayac"):
                presence.set_ready(session, self.employee(session, login).id, datetime.now(UTC))
        self.live()

    def live(self) -> None:
        """Our processes run."""
        self.recorder = Recorder(self.database, cast(Any, self.feed))
        self.recorder.start()
        address = AmiAddress(
            self.running.plan.ami.host, self.running.plan.ami.port, self.running.plan.ami_user,
            self.running.plan.ami_secret,
        )  # fmt: skip
        self.session = AmiSession(address, on_event=self._hear, on_connected=self._catch_up)
        self.session.start()
        wait_for(lambda: self.session.link.up, 5, "the link")
        self.counter = Counter(cast(Any, SimpleNamespace()), self.database, self.session, cast(Any, self.feed))

    def die(self) -> None:
        """Nobody listens any more."""
        self.session.stop()
        self.recorder.stop()

    def close(self) -> None:
        self.die()
        self.database.dispose()

    def _hear(self, message: Message) -> None:
        at = datetime.now(UTC)
        event = translate(message, trunk=TrunkNames(), at=at) or dialplan_word(message, at)
        if event is not None:
            self.recorder.event(event)

    def _catch_up(self, snapshot: Snapshot) -> None:
        self.recorder.snapshot(Seen(snapshot.at, live_calls(snapshot)))

    # --- the people

    @staticmethod
    def employee(session: Session, login: str) -> Employee:
        found = by_login(session, login)
        assert found is not None
        return found

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.database.reading() as session:
            yield session

    def call(self) -> CallRecord:
        with self.reading() as session:
            return session.scalars(select(CallRecord).order_by(CallRecord.id.desc()).limit(1)).one()

    def talks(self, login: str) -> bool:
        """Whether this person has the caller by the records."""
        with self.reading() as session:
            person = self.employee(session, login)
            call = calls.current_call(session, person.id)
            return call is not None and any(
                leg.employee_id == person.id and leg.state == "talking" for leg in call.legs
            )

    def presence(self, login: str) -> str:
        with self.reading() as session:
            row = session.get(Presence, self.employee(session, login).id)
            return row.state if row else ""

    def ask(self, kind: str, to: str | None = "smirnova", *, number: str = "", asker: str = "lavrova") -> int:
        """The operator presses the button, and the clerk does his work."""
        call_id = self.call().id
        with self.database.transaction() as session:
            row = asking.ask(
                session,
                call_id,
                self.employee(session, asker),
                kind=kind,
                to_employee_id=self.employee(session, to).id if to else None,
                to_number=number,
                packet="Спрашивает о пособии.",
                mode="demo",
                at=datetime.now(UTC),
            )
        transfers.carry_out(self.counter)
        return row.id

    def wish(self, transfer_id: int, what: asking.Wish, asker: str = "lavrova") -> None:
        with self.database.transaction() as session:
            row = session.get_one(Transfer, transfer_id)
            asking.wish(session, row.call_id, row.id, what, self.employee(session, asker), datetime.now(UTC))
        transfers.carry_out(self.counter)

    def packet(self, transfer_id: int, what: asking.Answer) -> None:
        with self.database.transaction() as session:
            asking.answer(session, transfer_id, what, self.employee(session, "smirnova"), datetime.now(UTC))
        transfers.carry_out(self.counter)

    def transfer(self, transfer_id: int) -> Transfer:
        with self.reading() as session:
            return session.get_one(Transfer, transfer_id)

    def transfers(self) -> list[Transfer]:
        """Those of the last call, waited for until there is one or a second has passed."""
        call_id, found = self.call().id, select(Transfer).order_by(Transfer.id)
        with contextlib.suppress(AssertionError):
            wait_for(lambda: self.count(found.where(Transfer.call_id == call_id)), 1)
        with self.reading() as session:
            return list(session.scalars(found.where(Transfer.call_id == call_id)))

    def count(self, statement: Any) -> int:
        with self.reading() as session:
            return len(session.scalars(statement).all())

    def wait_state(self, transfer_id: int, state: str, limit: float = 10.0) -> Transfer:
        wait_for(lambda: self.transfer(transfer_id).state == state, limit,
                 f"the transfer to be {state}: {vars(self.transfer(transfer_id))}")  # fmt: skip
        return self.transfer(transfer_id)

    def entries(self) -> list[JournalEntry]:
        """The journal rows of the last call."""
        call_id = self.call().id
        with self.reading() as session:
            return list(session.scalars(select(JournalEntry).where(JournalEntry.call_id == call_id)))


def specialist_free(running: LiveExchange) -> None:
    """Smirnova is no member of a queue: the hint tells that the exchange knows of her telephone. Until then nobody
    rings it."""
    wait_for(lambda: _SPECIALIST.search(running.console("core show hints")), 20, "201 to be free")


@pytest.fixture
def lavrova(running: LiveExchange) -> Iterator[DeskPhone]:
    with DeskPhone(running.plan.desk_bind, "101") as phone:
        running.wait_available("101")
        yield phone


@pytest.fixture
def smirnova(running: LiveExchange) -> Iterator[DeskPhone]:
    with DeskPhone(running.plan.desk_bind, "201") as phone:
        specialist_free(running)
        yield phone


@pytest.fixture
def office(running: LiveExchange, tmp_path: Path) -> Iterator[TransferOffice]:
    """Records and clerk, and the lookup of who calls; no bridge is left behind."""
    with AgiStub(running.plan.agi, tmp_path):
        opened = TransferOffice(running, tmp_path)
        yield opened
        opened.close()
    running.reset()
    assert not [line for line in running.console("bridge show all").splitlines() if line[:8].isalnum() and "-" in line]


def hears(*phones: DeskPhone, seconds: float = 5) -> None:
    """Both ways, where whom they talk with echoes what he hears: he has no sound of his own."""
    for phone in phones:
        before = phone.loud_packets
        wait_for(
            lambda phone=phone, before=before: phone.loud_packets > before + 10, seconds, f"{phone.extension} to hear"
        )


def hung_up(office: TransferOffice) -> None:
    """Every channel is gone, and the records know that the call is over."""
    wait_for(lambda: not office.running.channels(), 8, f"channels to end: {office.running.channels()}")
    wait_for(lambda: office.call().state == "ended", 5, "the call to be closed in the records")
