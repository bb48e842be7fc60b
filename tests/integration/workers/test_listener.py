"""The listener between a scripted exchange and a real database: what it hears, what it orders, what it settles."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from crm import exchange_state, presence, staff, training
from crm.calls import CallRecord
from crm.db import Database
from crm.training import TrainingCall
from tests.support.records import demo_records
from tests.support.scripted_ami import Headers, ScriptedAmi, channel_event
from tests.support.valkey import TemporaryValkey
from tests.support.wait import wait_for
from workers import queues
from workers.feed import Feed
from workers.listener import Listener
from workers.queues import Wake
from workers.settings import ServiceSettings

SECRET = "a-secret-of-the-scripted-exchange-0123456789"
KEY = "a-key-for-tests-only-0123456789abcdef"
NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)


@pytest.fixture
def exchange() -> Iterator[ScriptedAmi]:
    with ScriptedAmi(secret=SECRET) as peer:
        yield peer


@pytest.fixture
def settings(tmp_path: Path, valkey: TemporaryValkey, exchange: ScriptedAmi) -> ServiceSettings:
    return ServiceSettings(
        data_dir=tmp_path,
        secret_key=KEY,
        redis_url=valkey.url,
        exchange="external",  # nothing to render for a scripted one
        ami_port=exchange.port,
        ami_secret=SECRET,
    )


@pytest.fixture
def database(settings: ServiceSettings) -> Iterator[Database]:
    opened = demo_records(settings.data_dir / "records.db", KEY, NOON)
    yield opened
    opened.dispose()


@pytest.fixture
def listener(settings: ServiceSettings, database: Database, valkey: TemporaryValkey) -> Iterator[Listener]:
    running = Listener(settings, database, Feed(valkey.url))
    stopping = threading.Event()
    keeper = threading.Thread(target=running.keep, args=(stopping,))
    running.start()
    keeper.start()
    wait_for(lambda: link(database) == "up")
    yield running
    stopping.set()
    running.stop()
    keeper.join(10)


def link(database: Database) -> str:
    with database.reading() as session:
        return exchange_state.exchange_state(session).link


def member(extension: str, *, paused: bool) -> Headers:
    return [
        ("Event", "QueueMember"),
        ("Queue", "dispatch"),
        ("Name", extension),
        ("Location", f"Local/{extension}@sd-operator"),
        ("Status", "1"),
        ("Paused", "1" if paused else "0"),
    ]


def test_a_call_heard_on_the_wire_is_a_row(listener: Listener, exchange: ScriptedAmi, database: Database) -> None:
    exchange.emit(channel_event("Newchannel", uniqueid="1.1", Exten="+79070009001"))

    def row() -> CallRecord | None:
        with database.reading() as session:
            return session.scalars(select(CallRecord).where(CallRecord.linkedid == "1.1")).one_or_none()

    wait_for(lambda: row() is not None)
    exchange.emit(channel_event("Hangup", uniqueid="1.1", Cause="16", **{"Cause-txt": "Normal Clearing"}))
    wait_for(lambda: (found := row()) is not None and found.ended_at is not None)


def test_the_exchange_is_told_whom_not_to_ring_and_told_again_after_its_restart(
    listener: Listener, exchange: ScriptedAmi
) -> None:
    exchange.queues = [member("101", paused=False)]
    wait_for(lambda: exchange.actions("QueuePause"), 5, "nobody has signed in, so 101 must be paused")
    order = exchange.actions("QueuePause")[0]
    assert (order["Interface"], order["Paused"]) == ("Local/101@sd-operator", "true")
    exchange.requests.clear()
    exchange.cut()
    wait_for(lambda: exchange.actions("QueuePause"), 5, "after a new login everybody is unpaused again")


def test_who_says_ready_is_unpaused_at_once(
    listener: Listener, exchange: ScriptedAmi, database: Database, valkey: TemporaryValkey
) -> None:
    exchange.queues = [member("101", paused=True)]
    with database.transaction() as session:
        lavrova = staff.employee_at(session, "101")
        assert lavrova is not None
        presence.set_ready(session, lavrova.id, datetime.now(UTC))
    queues.wake(valkey.url, Wake.PRESENCE)
    wait_for(lambda: any(order["Paused"] == "false" for order in exchange.actions("QueuePause")))


def test_a_lost_link_is_on_record_with_its_reason(
    listener: Listener, exchange: ScriptedAmi, database: Database
) -> None:
    exchange.close()
    wait_for(lambda: link(database) == "down")
    with database.reading() as session:
        state = exchange_state.exchange_state(session)
    assert state.link_reason
    assert SECRET not in state.link_reason


def test_the_end_of_a_training_call_settles_its_row(
    listener: Listener, exchange: ScriptedAmi, database: Database
) -> None:
    with database.transaction() as session:
        call = training.request_call(session, from_number="+79070000101", to_did="+79070009001", at=NOON)
        training.claim(session, call.id)
    channel = "Local/call@town-out-00000001;1"
    exchange.emit(channel_event("Hangup", uniqueid=call.channel_id, Channel=channel, Cause="16"))

    def state() -> str:
        with database.reading() as session:
            return session.get_one(TrainingCall, call.id).state

    wait_for(lambda: state() == "ended")


def test_a_forged_event_is_logged_without_what_it_says_and_changes_nothing(
    listener: Listener, exchange: ScriptedAmi, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    forged = channel_event("Newchannel", uniqueid="6.6", Exten="+79070009001").replace(b"Privilege", b"X-Privilege")
    exchange.emit(forged)
    exchange.emit(channel_event("Newchannel", uniqueid="7.7", Exten="+79070009001"))

    def calls() -> list[str]:
        with database.reading() as session:
            return list(session.scalars(select(CallRecord.linkedid)))

    wait_for(lambda: calls() == ["7.7"])
    assert "security" in caplog.text
    assert "7907" not in caplog.text
