"""How much the records are asked for one call: no timing, but what a full house's processor time is spent on.

The limits are a little above what is needed now. Whoever must pass one says so here, and looks at
`tests/bench/run.py centre` before and after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, select

from callflow import events
from callflow.caller_id import CallerId, CallerKind
from callflow.dialplan_word import DialplanWord, Subject
from crm import staff
from crm.calls import CallRecord
from crm.db import Database
from crm.presence import set_ready
from crm.transfers import asking
from crm.transfers.tables import Transfer
from tests.support.records import demo_records
from workers import orders
from workers.feed import Notice, NoticeKind
from workers.recorder import Item, Recorder

KEY = "a-key-for-tests-only-0123456789abcdef"
NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
CALL = "dispatch-1.1"
DID = "+79070009001"
SPECIALIST = "smirnova"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


COMING: tuple[Item, ...] = (
    events.CallArrived(call=CALL, at=at(0), did=DID, channel="PJSIP/trunk-00000001"),
    events.CallerIdentified(call=CALL, at=at(0.1), caller=CallerId(CallerKind.NUMBER, "+79070000101"), did=DID),
    events.CallerWaiting(call=CALL, at=at(0.2), queue="dispatch", position=1),
    events.OperatorRinging(call=CALL, at=at(1), leg="1.2", extension="101", queue="dispatch"),
    events.OperatorAnswered(call=CALL, at=at(5), leg="1.2", extension="101", wait_seconds=4),
)
ENDED = events.CallEnded(call=CALL, at=at(60), cause=16)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = demo_records(tmp_path / "records.db", KEY, NOON)
    with opened.transaction() as session:
        set_ready(session, staff.employee_at(session, "101").id, NOON)  # type: ignore[union-attr]
    yield opened
    opened.dispose()


class Told:
    """Records items one by one, each in a transaction of its own, as they come on a quiet day."""

    def __init__(self, database: Database) -> None:
        self.woken = 0
        self._database = database
        self._recorder = Recorder(database, SimpleNamespace(publish=lambda _notices: True), self._wake)  # type: ignore[arg-type]

    def _wake(self) -> None:
        self.woken += 1

    def record(self, *items: Item) -> int:
        """How many statements they took."""
        with counted(self._database) as statements:
            for item in items:
                self._recorder._tell(self._recorder._record([item]))
        return len(statements)

    def ask(self, kind: str) -> None:
        """She asks for the specialist, and the clerk has told the exchange."""
        with self._database.transaction() as session:
            call = session.scalars(select(CallRecord)).one()
            own, to = staff.by_login(session, "lavrova"), staff.by_login(session, SPECIALIST)
            assert own is not None
            assert to is not None
            row = asking.ask(session, call.id, own, kind=kind, to_employee_id=to.id, mode="demo", at=at(8))
            row.state, row.sent_at = "sent", at(8)

    def transfer(self) -> Transfer:
        with self._database.reading() as session:
            return session.scalars(select(Transfer)).one()

    def word(self, state: str, seconds: float) -> DialplanWord:
        row = self.transfer()
        return DialplanWord(
            subject=Subject.TRANSFER, call=CALL, at=at(seconds), order=str(row.id), state=state,
            detail=row.to_extension if state == "ringing" else "", uniqueid="1.9",
        )  # fmt: skip


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def heard(_connection: Any, _cursor: Any, text: str, *_: object) -> None:
        statements.append(text)

    event.listen(database.engine, "before_cursor_execute", heard)
    yield statements
    event.remove(database.engine, "before_cursor_execute", heard)


@pytest.fixture
def told(database: Database) -> Told:
    return Told(database)


def test_a_call_that_comes_and_is_answered_asks_no_more_than_it_must(told: Told) -> None:
    assert told.record(*COMING) <= 33


def test_a_transfer_asks_no_more_than_it_must(told: Told) -> None:
    told.record(*COMING)
    told.ask("blind")
    words = told.word("ringing", 9), told.word("answered", 11), told.word("gone", 60)
    assert told.record(*words) <= 29
    assert told.transfer().state == "completed"


def test_the_end_of_a_call_asks_no_more_than_it_must(told: Told) -> None:
    told.record(*COMING)
    assert told.record(ENDED) <= 15


def test_events_of_one_call_in_one_transaction_read_its_row_once(database: Database) -> None:
    recorder = Recorder(database, SimpleNamespace(publish=lambda _notices: True))  # type: ignore[arg-type]
    recorder._record(COMING[:2])
    with counted(database) as statements:
        recorder._record([*COMING[2:], ENDED])
    assert sum("FROM call_record" in text for text in statements) == 1
    assert sum("FROM call_leg_record" in text for text in statements) == 1
    assert not [text for text in statements if "person.surname" in text or "family.name" in text]


@pytest.mark.parametrize(("kind", "woken"), [("blind", 0), ("conference", 1)])
def test_the_clerks_are_woken_by_words_that_leave_an_order_and_by_no_other(told: Told, kind: str, woken: int) -> None:
    told.record(*COMING)
    told.ask(kind)
    told.record(told.word("ringing", 9))
    assert told.woken == 0
    told.record(told.word("answered", 11))
    assert told.woken == woken, "three shall talk: the clerk joins them at once"


def test_a_hint_of_an_order_is_one_question_and_wakes_only_whom_it_concerns(database: Database, told: Told) -> None:
    clerks: Sequence[orders.Clerk] = tuple(orders.ORDERS)
    counter: Any = SimpleNamespace(database=database)
    with counted(database) as statements:
        first = orders._with_orders(counter, clerks)
    assert len(statements) == 1
    told.record(*COMING)
    told.ask("blind")
    with database.transaction() as session:
        session.scalars(select(Transfer)).one().state = "requested"
    found = orders._with_orders(counter, clerks)
    assert set(found) - set(first) == {orders.transfers.carry_out}


def test_a_notice_of_an_order_says_nothing_of_it_to_the_browsers() -> None:
    notice = Notice(NoticeKind.TRANSFER, employee_id=1, call_id=2, order_waits=True)
    assert notice.as_fields() == {"kind": "transfer", "employee": "1", "call": "2"}
