"""The ticker over real records and a real Valkey: it wakes for what can begin, and says when nobody hears it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rq.job import Job
from rq.serializers import JSONSerializer

from callflow.dialler.states import Channel, TaskState
from crm import exchange_state, heartbeat
from crm.appointments.tables import Appointment
from crm.db import Database
from crm.dialler import claiming, exchange_window, gating, pacing, switches
from crm.dialler.tables import DialSubject, DialTask
from crm.staff import by_login
from tests.integration.crm.booking import booked
from tests.support.dialling import LIVE, robot_on
from tests.support.pages import SECRET
from tests.support.records import demo_records
from tests.support.valkey import TemporaryValkey
from workers import doctor, doctor_checks
from workers.dialler.clock import REASON, ClockGuard
from workers.dialler.pulse import pulses
from workers.dialler.ticker import NAME, REDIS_AWAY, Ticker
from workers.feed import Feed, Notice, NoticeKind
from workers.queues import calls_queue, connect, enqueue_dial
from workers.settings import ServiceSettings

NOW = datetime.now(UTC)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Database]:
    database = demo_records(tmp_path / "records.db", SECRET)
    with database.transaction() as session:
        robot_on(session, 1, NOW, lines=3, per_second=2)
    yield database
    database.dispose()


@pytest.fixture
def ticker(records: Database, valkey: TemporaryValkey) -> Ticker:
    return Ticker(records, valkey.url)


def owe(records: Database, count: int, *, due: timedelta = timedelta(0), channel: Channel = Channel.ROBOT) -> list[int]:
    with records.transaction() as session:
        row = booked(session, at=NOW)
        tasks = [
            DialTask(
                service_id=1,
                channel=channel.value,
                state=TaskState.DUE.value,
                state_at=NOW,
                due_at=NOW + due,
                deadline=NOW + timedelta(hours=20),
                planned_at=NOW,
            )
            for _ in range(count)
        ]
        session.add_all(tasks)
        session.flush()
        for task in tasks:
            session.add(DialSubject(task_id=task.id, appointment_id=row.id, occasion=f"occasion-{task.id}"))
        assert session.get(Appointment, row.id) is not None
        return [task.id for task in tasks]


def waiting(valkey: TemporaryValkey) -> list[Job]:
    with connect(valkey.url) as client:
        queue = calls_queue(client)
        return [Job.fetch(one, connection=client, serializer=JSONSerializer) for one in queue.get_job_ids()]


def test_while_workers_are_still_to_come_nobody_else_is_woken(
    records: Database, ticker: Ticker, valkey: TemporaryValkey
) -> None:
    """Every notice is a look: thirty free lines would else be thirty orders to wake at each of them."""
    owed = owe(records, 3)
    assert list(ticker.tick(redis_there=True)) == owed[:2]
    assert list(ticker.tick(redis_there=True)) == []
    with connect(valkey.url) as client:
        calls_queue(client).pop_job_id()
    assert list(ticker.tick(redis_there=True)) == owed[1:2]
    assert len(waiting(valkey)) <= 2


def test_it_wakes_for_what_can_begin_and_no_more(records: Database, ticker: Ticker, valkey: TemporaryValkey) -> None:
    tasks = owe(records, 5)
    assert list(ticker.tick(True)) == tasks[:2]  # two a second
    (first, second) = waiting(valkey)
    assert (first.func_name, first.args, second.args) == ("workers.dialler.jobs.dial", [tasks[0]], [tasks[1]])
    assert (first.retries_left, first.description) == (None, "dial")
    ticker.tick(True)
    assert len(waiting(valkey)) == 2, "the same task is not woken twice in a row"


def test_a_job_that_was_lost_is_woken_again(valkey: TemporaryValkey) -> None:
    with connect(valkey.url) as client:
        assert enqueue_dial(client, 1, NOW)
        assert not enqueue_dial(client, 1, NOW)
        assert enqueue_dial(client, 1, NOW + timedelta(seconds=10))
        client.flushall()
        assert enqueue_dial(client, 1, NOW)


@pytest.mark.parametrize("channel", [Channel.HUMAN])
def test_the_human_list_is_nobody_elses(records: Database, ticker: Ticker, channel: Channel) -> None:
    owe(records, 2, channel=channel)
    assert list(ticker.tick(True)) == []


def test_what_is_not_due_is_not_woken(records: Database, ticker: Ticker) -> None:
    owe(records, 2, due=timedelta(hours=1))
    assert list(ticker.tick(True)) == []
    assert ticker.patience() == 1.0


def test_stopped_nobody_is_woken_and_all_stay_due(records: Database, ticker: Ticker) -> None:
    tasks = owe(records, 2)
    with records.transaction() as session:
        head = by_login(session, "roshchina")
        assert head is not None
        switches.stop(session, head, NOW)
    assert list(ticker.tick(True)) == []
    with records.reading() as session:
        assert claiming.due(session, NOW) == tasks


def test_without_redis_it_only_says_so(records: Database, ticker: Ticker, valkey: TemporaryValkey) -> None:
    owe(records, 1)
    valkey.kill()
    assert list(ticker.tick(False)) == []
    with records.reading() as session:
        (beat,) = [row for row in heartbeat.heartbeats(session) if row.process == NAME]
    assert beat.detail == REDIS_AWAY
    assert list(ticker.tick(True)) == [], "it dies in the middle"


def test_it_beats(records: Database, ticker: Ticker) -> None:
    ticker.tick(True)
    with records.reading() as session:
        assert heartbeat.is_alive(session, NAME, datetime.now(UTC), timedelta(seconds=30))


def test_a_clock_that_jumped_pauses_the_robot_for_a_minute(records: Database, valkey: TemporaryValkey) -> None:
    owe(records, 1)
    jump = itertools.chain([0.0, 0.0], itertools.repeat(3600.0))
    clock = ClockGuard(wall=lambda: next(jump), monotonic=lambda: 0.0)
    ticker = Ticker(records, valkey.url, clock=clock)
    assert list(ticker.tick(True)) != []
    assert list(ticker.tick(True)) == []
    with records.reading() as session:
        standing = switches.current(session)
        assert pacing.room(session, datetime.now(UTC)) == 0
    assert standing.paused_reason == REASON
    assert standing.paused_until is not None
    assert timedelta(seconds=30) < standing.paused_until - datetime.now(UTC) <= timedelta(seconds=60)


def test_a_clock_a_day_ahead_ends_no_reminder(records: Database, valkey: TemporaryValkey) -> None:
    """Somebody has a minute to set it right before what is «too late» is ended for good (F27)."""
    (task_id,) = owe(records, 1)
    jump = itertools.chain([0.0], itertools.repeat(86400.0))
    clock = ClockGuard(wall=lambda: next(jump), monotonic=lambda: 0.0)
    ticker = Ticker(records, valkey.url, clock=clock, now=lambda: NOW + timedelta(days=1))
    ticker.tick(True)
    with records.reading() as session:
        assert session.get_one(DialTask, task_id).state == TaskState.DUE


def test_a_lease_that_has_run_out_is_swept(records: Database, ticker: Ticker) -> None:
    (task_id,) = owe(records, 1)
    with records.transaction() as session:
        long_ago = NOW - timedelta(minutes=5)
        session.get_one(DialTask, task_id).due_at = long_ago
        assert claiming.claim_one(session, task_id, "a worker that died", long_ago) is not None
    assert list(ticker.tick(True)) == [task_id]


def test_taken_lines_leave_no_room(records: Database) -> None:
    (task_id,) = owe(records, 1)
    with records.transaction() as session:
        assert claiming.claim_one(session, task_id, "me", datetime.now(UTC)) is not None
        before = pacing.room(session, NOW)
        gating.gate(session, task_id, "me", datetime.now(UTC), LIVE, mode="demo", prompts={})
        assert pacing.room(session, NOW + timedelta(hours=1)) == before


def test_a_change_of_the_heads_renders_the_window_anew(records: Database, ticker: Ticker) -> None:
    with records.transaction() as session:
        version = exchange_state.touch(session)
        exchange_state.note_applied(session, version, NOW - timedelta(hours=1))
    ticker.tick(True)
    with records.reading() as session:
        state = exchange_state.exchange_state(session)
        assert state.wanted_version == version + 1
        assert not exchange_window.renew_if_changed(session), "asked for once"


def test_the_exchanges_window_is_the_programs(records: Database) -> None:
    """Whole seconds, in order, weekdays only, ending where the settings say."""
    with records.reading() as session:
        found = list(exchange_window.windows(session, NOW))
    assert {one.queue for one in found} == {"dispatch", "coordinator"}
    for one in found:
        instants = [instant for span in one.spans for instant in span]
        assert instants == sorted(set(instants))
        assert all(datetime.fromtimestamp(begins, UTC).weekday() < 5 for begins, _ in one.spans)
    assert any(one.spans for one in found)


def test_a_notice_wakes_it_at_once(valkey: TemporaryValkey) -> None:
    feed = Feed(valkey.url)
    rhythm = pulses(valkey.url, lambda: 3600.0 if heard else 0.01)
    heard: list[bool] = []
    heard.append(next(rhythm))
    feed.publish([Notice(NoticeKind.QUEUE), Notice(NoticeKind.DIAL, service_id=1)])
    # From here on only a notice ends the wait; this one came before, and after the place up to which was read.
    heard.append(next(rhythm))
    assert heard == [True, True]
    feed.close()


def test_a_dead_redis_leaves_the_rhythm(valkey: TemporaryValkey) -> None:
    rhythm = pulses(valkey.url, lambda: 0.01)
    assert next(rhythm) is True
    valkey.kill()
    assert next(rhythm) is False
    assert next(rhythm) is False
    valkey.start()
    assert any(next(rhythm) for _ in range(500))


def test_the_doctor_says_what_the_robot_does(records: Database, ticker: Ticker, tmp_path: Path) -> None:
    settings = ServiceSettings(
        data_dir=tmp_path, secret_key=SECRET, database_url=f"sqlite:///{tmp_path / 'records.db'}"
    )
    with pytest.raises(doctor.Unwell, match="ещё не запускался"):
        doctor_checks.dialler(settings)
    ticker.tick(True)
    assert doctor_checks.dialler(settings) == "работает"
    owe(records, 2, due=-timedelta(minutes=5))
    assert doctor_checks.dialler(settings) == "работает, просрочено звонков: 2"
    with records.transaction() as session:
        head = by_login(session, "roshchina")
        assert head is not None
        switches.stop(session, head, datetime.now(UTC))
    assert doctor_checks.dialler(settings) == "остановлен красной кнопкой"
    with records.transaction() as session:
        heartbeat.beat(session, NAME, datetime.now(UTC) - timedelta(minutes=2))
    with pytest.raises(doctor.Unwell, match="молчит"):
        doctor_checks.dialler(settings)
