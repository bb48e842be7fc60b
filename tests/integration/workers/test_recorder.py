"""Events become rows and notices: in order, once, whatever the database and Valkey do meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from callflow import events
from callflow.call import CallState
from callflow.caller_id import CallerId, CallerKind
from callflow.dialplan_word import DialplanWord, Subject
from callflow.live import LiveCall
from crm import calls, staff
from crm.calls import CallRecord
from crm.db import Database
from tests.support.records import demo_records
from tests.support.valkey import TemporaryValkey
from tests.support.wait import wait_for
from workers import recorder as module
from workers.feed import STREAM, Feed, Notice, NoticeKind
from workers.recorder import Recorder, Seen

KEY = "a-key-for-tests-only-0123456789abcdef"
NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
CALL = "dispatch-1.1"
DID = "+79070009001"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


ARRIVED = events.CallArrived(call=CALL, at=at(0), did=DID, channel="PJSIP/trunk-00000001")
IDENTIFIED = events.CallerIdentified(call=CALL, at=at(0.1), caller=CallerId(CallerKind.NUMBER, "+79070000101"), did=DID)
WAITING = events.CallerWaiting(call=CALL, at=at(0.2), queue="dispatch", position=1)
RINGING = events.OperatorRinging(call=CALL, at=at(1), leg="1.2", extension="101", queue="dispatch")
ANSWERED = events.OperatorAnswered(call=CALL, at=at(5), leg="1.2", extension="101", wait_seconds=4)
ENDED = events.CallEnded(call=CALL, at=at(60), cause=16)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = demo_records(tmp_path / "records.db", KEY, NOON)
    yield opened
    opened.dispose()


@pytest.fixture
def recorder(database: Database, valkey: TemporaryValkey) -> Iterator[Recorder]:
    running = Recorder(database, Feed(valkey.url))
    running.start()
    yield running
    running.stop()


def stored(database: Database) -> CallRecord | None:
    with database.reading() as session:
        return session.scalars(select(CallRecord).where(CallRecord.linkedid == CALL)).one_or_none()


def told(valkey: TemporaryValkey) -> list[dict[str, str]]:
    return [fields for _, fields in redis.Redis.from_url(valkey.url, decode_responses=True).xrange(STREAM)]


def lavrova(database: Database) -> str:
    with database.reading() as session:
        employee = staff.employee_at(session, "101")
        assert employee is not None
        return str(employee.id)


def test_a_ring_is_on_record_before_anybody_is_told_and_only_she_is_told(
    database: Database, recorder: Recorder, valkey: TemporaryValkey
) -> None:
    for event in (ARRIVED, IDENTIFIED, WAITING, RINGING):
        recorder.event(event)
    wait_for(lambda: any(notice["kind"] == "pop" for notice in told(valkey)))
    row = stored(database)
    assert row is not None
    assert (row.state, row.did, row.caller_number) == (CallState.RINGING, DID, "+79070000101")
    pops = [notice for notice in told(valkey) if notice["kind"] == "pop"]
    assert pops == [{"kind": "pop", "employee": lavrova(database), "call": str(row.id)}]
    everything = " ".join(value for notice in told(valkey) for value in notice.values())
    assert "7907" not in everything, "ids only"


def test_the_ring_the_talk_and_the_end_reach_her_screen_in_this_order(
    database: Database, recorder: Recorder, valkey: TemporaryValkey
) -> None:
    for event in (ARRIVED, WAITING, RINGING, ANSWERED, ENDED):
        recorder.event(event)
    own = lavrova(database)
    wait_for(lambda: any(notice["kind"] == "wrapup" for notice in told(valkey)))
    kinds = [notice["kind"] for notice in told(valkey) if notice.get("employee") == own]
    assert kinds == ["pop", "talk", "wrapup"]


def test_nothing_is_lost_while_the_database_refuses_to_write(
    database: Database, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([True, True, True])
    record = calls.record

    def sulking(*arguments: object) -> object:
        if next(refusals, False):
            raise OperationalError("INSERT", {}, Exception("database is locked"))
        return record(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module.calls, "record", sulking)
    recorder.event(ARRIVED)
    recorder.event(ENDED)
    wait_for(lambda: (row := stored(database)) is not None and row.ended_at == at(60))


def test_one_event_that_cannot_be_recorded_does_not_hold_up_the_others(
    database: Database, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    record = calls.record

    def stumbling(session: object, event: events.CallEvent) -> object:
        if isinstance(event, events.CallerIdentified):
            raise ZeroDivisionError("+79070000101")
        return record(session, event)  # type: ignore[arg-type]

    monkeypatch.setattr(module.calls, "record", stumbling)
    for event in (ARRIVED, IDENTIFIED, WAITING):
        recorder.event(event)
    wait_for(lambda: (row := stored(database)) is not None and row.state == CallState.WAITING)
    wait_for(lambda: "CallerIdentified" in caplog.text)
    assert "7907" not in caplog.text, "the type, not the number"


def test_events_are_recorded_while_valkey_is_dead_and_browsers_are_told_to_look_afresh_later(
    database: Database, recorder: Recorder, valkey: TemporaryValkey
) -> None:
    recorder.event(ARRIVED)
    wait_for(lambda: stored(database) is not None)
    valkey.kill()
    recorder.event(ENDED)
    wait_for(lambda: (row := stored(database)) is not None and row.ended_at is not None)
    valkey.start()
    redis.Redis.from_url(valkey.url).flushall()
    wait_for(lambda: {"kind": "resync"} in told(valkey), 10)


def test_a_snapshot_closes_what_is_gone_and_opens_what_is_there(
    database: Database, recorder: Recorder, valkey: TemporaryValkey
) -> None:
    recorder.event(ARRIVED)
    other = LiveCall("dispatch-2.1", DID, at(10), CallState.TALKING, talking="101", queue="dispatch")
    recorder.snapshot(Seen(at(30), (other,)))
    wait_for(lambda: (row := stored(database)) is not None and row.end_evidence == "snapshot")
    with database.reading() as session:
        found = session.scalars(select(CallRecord).where(CallRecord.linkedid == "dispatch-2.1")).one()
    assert (found.state, found.arrived_at) == (CallState.TALKING, at(10))
    wait_for(lambda: {"kind": "resync"} in told(valkey))


def test_what_the_exchanges_files_say_goes_before_what_the_snapshot_shows(
    database: Database, recorder: Recorder
) -> None:
    recorder.event(ARRIVED)
    recorder.snapshot(Seen(at(90), (), missed=(WAITING, ANSWERED, ENDED)))
    wait_for(lambda: (row := stored(database)) is not None and row.ended_at is not None)
    row = stored(database)
    assert row is not None
    assert (row.answered_at, row.ended_at, row.end_evidence) == (at(5), at(60), "cdr")


def test_stopping_records_what_is_still_waiting(database: Database, valkey: TemporaryValkey) -> None:
    recorder = Recorder(database, Feed(valkey.url))
    for event in (ARRIVED, WAITING, RINGING, ANSWERED, ENDED):
        recorder.event(event)
    recorder.start()
    recorder.stop()
    row = stored(database)
    assert row is not None
    assert row.ended_at == at(60)


def test_the_clerks_are_woken_by_what_may_be_theirs_and_by_nothing_else(
    database: Database, valkey: TemporaryValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    told = {"wished": Notice(NoticeKind.TRANSFER, order_waits=True), "moved": Notice(NoticeKind.TRANSFER)}
    monkeypatch.setattr(module.followers, "follow", lambda _session, word: [told[word.state]])
    running = Recorder(database, Feed(valkey.url), lambda: woken.append(1))
    running.start()
    for state in ("moved", "wished"):
        running.event(DialplanWord(subject=Subject.TRANSFER, call=CALL, at=at(0), order="1", state=state, uniqueid="1"))
    running.stop()
    assert woken == [1]
