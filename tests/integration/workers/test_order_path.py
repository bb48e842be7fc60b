"""What one order of the robot's costs the records, what of it is kept from one to the next, and who is woken for it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from callflow.dialler import window
from callflow.dialler.states import TaskState
from callflow.dialplan_word import DialplanWord, Subject
from callflow.speech.sound import wav
from crm.db import Database
from crm.dialler import claiming, following, gating, service_words
from crm.dialler.tables import DialAttempt, DialTask, LineSlot
from crm.institution import Service
from crm.speech import texts
from crm.staff import by_login
from tests.chaos.people import fill
from tests.integration.workers.test_statements import counted
from tests.support.dialling import LIVE
from tests.support.open_window import always
from tests.support.records import demo_records
from tests.support.valkey import TemporaryValkey
from workers.dialler import prompts, pulse, words
from workers.dialler.sender import SPARE_LINES, Sender
from workers.feed import Notice, NoticeKind
from workers.queues import connect
from workers.settings import ServiceSettings
from workers.speech.voice import Voice

KEY = "a-key-for-tests-only-0123456789abcdef"
MANY_LINES = SPARE_LINES + 6
FAMILIES = 4


class Tone:
    """Says everything alike."""

    name = "test:1"
    title = "проба"

    def say(self, _text: str) -> bytes:
        return wav(array("h", [4000, -4000] * 800))


class Answer:
    succeeded = True


class Exchange:
    """Takes every order."""

    def __init__(self) -> None:
        self.orders: list[object] = []

    def send(self, action: object, _timeout: float = 5.0) -> Answer:
        self.orders.append(action)
        return Answer()


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(window, "spans", always)
    monkeypatch.setattr(Sender, "_ask", lambda _self: LIVE)
    monkeypatch.setattr(prompts, "Voice", lambda settings, database: Voice(settings, database, Tone()))
    database = demo_records(tmp_path / "records.db", KEY)
    yield database
    database.dispose()


@pytest.fixture
def find(records: Database, tmp_path: Path) -> prompts.Finder:
    settings = ServiceSettings(data_dir=tmp_path, secret_key=KEY, _env_file=None)  # type: ignore[call-arg]
    return prompts.finder(settings, records)


def owe(records: Database, lines: int, count: int = FAMILIES) -> list[int]:
    with records.transaction() as session:
        return fill(session, count, datetime.now(UTC), lines=lines, trunk_lines=lines + 9, per_second=999)


def found(records: Database, find: prompts.Finder, task_id: int) -> dict[str, dict[str, str]]:
    with records.reading() as session:
        prepared = find(session, session.get_one(DialTask, task_id), datetime.now(UTC))
    assert prepared is not None
    return dict(prepared)


def called(records: Database) -> set[int]:
    with records.reading() as session:
        return set(session.scalars(select(DialAttempt.task_id)))


def sender_of(records: Database, find: prompts.Finder) -> tuple[Sender, Exchange]:
    exchange = Exchange()
    return Sender(records, exchange, "demo", find), exchange  # type: ignore[arg-type]


# --- how much is asked


def test_an_order_asks_no_more_than_it_must(records: Database, find: prompts.Finder) -> None:
    """The limits are what is needed now. Whoever must pass one says so here, and looks at `run.py attempts`."""
    first, second, *_ = owe(records, lines=2)
    sender, _ = sender_of(records, find)
    assert sender.dial(first) is not None
    with counted(records) as statements:
        assert sender.dial(second) is not None
    assert len(statements) <= 33
    attempt_id = attempt_of(records, second)
    with counted(records) as statements:
        for state in ("ringing", "answered"):
            told(records, attempt_id, state)
        told(records, attempt_id, "ended", "BUSY-17-486")
    assert len(statements) <= 20


# --- what is kept


def test_what_every_call_says_is_read_again_when_it_has_changed(records: Database, find: prompts.Finder) -> None:
    first, second, third, _ = owe(records, lines=2)
    before = found(records, find, first)
    with counted(records) as statements:
        same = found(records, find, second)
    assert len(statements) <= 6
    assert same["hello"] == before["hello"]
    with records.transaction() as session:
        head, service = by_login(session, "roshchina"), session.get_one(Service, 1)
        assert head is not None
        texts.change(
            session, service, "hello", head, datetime.now(UTC), text="Здравствуйте. Это проверка.", version=0
        )  # fmt: skip
    after = found(records, find, third)
    assert after["hello"] != before["hello"]
    assert after["again"] == before["again"]


def test_what_is_known_of_a_service_holds_for_its_day_only(records: Database) -> None:
    at = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
    with records.reading() as session:
        known = service_words.of_service(session, 1, at)
        assert service_words.of_service(session, 1, at.replace(hour=15), known) is known
        assert service_words.of_service(session, 1, at.replace(day=13), known) is not known


def test_a_file_that_has_gone_is_spoken_anew(records: Database, find: prompts.Finder) -> None:
    first, second, *_ = owe(records, lines=2)
    file = Path(found(records, find, first)["hello"]["file"])
    file.unlink()
    assert found(records, find, second)["hello"]["file"] == str(file)
    assert file.exists()


# --- who goes on, who is woken


def test_with_lines_to_spare_a_worker_goes_on_by_himself(records: Database, find: prompts.Finder) -> None:
    tasks = owe(records, lines=MANY_LINES)
    sender, exchange = sender_of(records, find)
    first = sender.dial(tasks[0])
    assert first is not None
    assert first.task_id == tasks[0]
    assert called(records) == set(tasks)
    assert len(exchange.orders) == len(tasks)


def test_where_lines_are_few_he_leaves_the_next_to_whoever_is_woken(records: Database, find: prompts.Finder) -> None:
    tasks = owe(records, lines=3)
    sender_of(records, find)[0].dial(tasks[0])
    assert called(records) == {tasks[0]}


def test_only_the_end_of_a_call_is_worth_a_look(records: Database, find: prompts.Finder) -> None:
    tasks = owe(records, lines=2)
    sender_of(records, find)[0].dial(tasks[0])
    attempt_id = attempt_of(records, tasks[0])
    assert [worth(told(records, attempt_id, state)) for state in ("ringing", "answered")] == [False, False]
    assert worth(told(records, attempt_id, "ended", "BUSY-17-486"))
    assert worth([Notice(NoticeKind.DIAL)]), "a switch was moved"
    assert not worth([Notice(NoticeKind.QUEUE)])


def test_of_all_tickers_one_looks(valkey: TemporaryValkey) -> None:
    with connect(valkey.url) as client:
        assert [pulse._is_first(client, one) for one in ("1-1", "1-1", "1-2")] == [True, False, True]


def test_an_end_that_is_told_before_the_result_frees_the_line_with_it(records: Database, find: prompts.Finder) -> None:
    """The family hangs up, and the dialplan is quicker than the script: nobody says the end again."""
    tasks = owe(records, lines=2)
    sender_of(records, find)[0].dial(tasks[0])
    attempt_id = attempt_of(records, tasks[0])
    with records.transaction() as session:
        assert following.answered(session, attempt_id, datetime.now(UTC))
    told(records, attempt_id, "ended", "ANSWER-16-200")
    assert lines_taken(records) == 1, "the script may be writing its last row at this very moment"
    with records.transaction() as session:
        following.settle(session, attempt_id, following.Disposition.HUNG_UP, datetime.now(UTC), "agi")
    assert lines_taken(records) == 0


def test_an_order_that_was_called_off_has_no_ring(records: Database, find: prompts.Finder) -> None:
    tasks = owe(records, lines=2)
    with records.transaction() as session:
        at = datetime.now(UTC)
        task = claiming.claim_one(session, tasks[0], "me", at)
        assert task is not None
        attempt = gating.gate(session, task.id, "me", at, LIVE, mode="demo", prompts={}).attempt
        assert attempt is not None
        assert gating.ring_of(session, attempt.id) == 30
        attempt.hangup_asked_at = at
        session.flush()
        assert gating.ring_of(session, attempt.id) is None
        assert gating.ring_of(session, "att-0") is None
        assert task.state == TaskState.CALLING


def attempt_of(records: Database, task_id: int) -> str:
    with records.reading() as session:
        return session.scalars(select(DialAttempt.id).where(DialAttempt.task_id == task_id)).one()


def told(records: Database, attempt_id: str, state: str, detail: str = "") -> list[Notice]:
    word = DialplanWord(
        subject=Subject.DIAL, call=attempt_id, at=datetime.now(UTC), order=attempt_id, state=state, detail=detail,
        uniqueid="1.1",
    )  # fmt: skip
    with records.transaction() as session:
        return list(words.follow(session, word))


def worth(notices: list[Notice]) -> bool:
    fields = [{name.encode(): value.encode() for name, value in one.as_fields().items()} for one in notices]
    return any(pulse._is_worth_a_look(one) for one in fields)


def lines_taken(records: Database) -> int:
    with records.reading() as session:
        return len(session.scalars(select(LineSlot.number).where(LineSlot.attempt_id.is_not(None))).all())
