"""The ledger of missed calls as our processes keep it: notices, deadlines that follow the calendar."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from callflow import events
from callflow.caller_id import CallerId, CallerKind
from crm.calendar.tables import ServiceHours
from crm.db import Database
from crm.missed.tables import MissedCall
from crm.staff import by_login
from tests.support.records import demo_records
from tests.support.valkey import TemporaryValkey
from workers.feed import Feed, Notice, NoticeKind
from workers.housekeeping import Housekeeping
from workers.recorder import Recorder

KEY = "a-key-for-tests-only-0123456789abcdef"
TEN = datetime(2026, 11, 12, 7, 0, tzinfo=UTC)
DID = "+79070009001"
STRANGER = CallerId(CallerKind.NUMBER, "+79070009955")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = demo_records(tmp_path / "records.db", KEY, TEN)
    yield opened
    opened.dispose()


def hear(database: Database, *told: events.CallEvent) -> list[Notice]:
    with database.transaction() as session:
        return [notice for event in told for notice in Recorder._record_one(session, event)]


def abandoned(call: str, at: datetime) -> tuple[events.CallEvent, ...]:
    return (
        events.CallArrived(call=call, at=at, did=DID, channel="PJSIP/trunk-1"),
        events.CallerIdentified(call=call, at=at, caller=STRANGER, did=DID),
        events.CallEnded(call=call, at=at + timedelta(seconds=30), cause=16),
    )


def test_the_services_lists_are_told_when_the_ledger_changes(database: Database) -> None:
    kinds = [notice.kind for notice in hear(database, *abandoned("1.1", TEN))]
    assert kinds.count(NoticeKind.MISSED) == 1
    assert NoticeKind.MISSED not in [notice.kind for notice in hear(database, *abandoned("1.1", TEN))], "twice is once"


def test_the_housekeeper_sets_the_clocks_by_the_hours_that_hold_now(
    database: Database, tmp_path: Path, valkey: TemporaryValkey
) -> None:
    hear(database, *abandoned("1.1", TEN))
    row_of_the_call = select(MissedCall).where(MissedCall.number == STRANGER.number)
    with database.transaction() as session:
        row = session.scalars(row_of_the_call).one()
        assert row.due_at == TEN + timedelta(minutes=30)
        lavrova = by_login(session, "lavrova")
        assert lavrova is not None
        session.execute(delete(ServiceHours))
        afternoon = [[[840, 1020]]] * 7
        session.add(ServiceHours(service_id=row.service_id, starts_on=date(2020, 1, 1), days=afternoon, at=TEN))
    Housekeeping(database, Feed(valkey.url), tmp_path / "anchors", tmp_path / "exports").run(TEN)
    with database.reading() as session:
        assert session.scalars(row_of_the_call).one().due_at == TEN + timedelta(hours=4, minutes=30), "14:30"
