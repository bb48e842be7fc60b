"""The records do not answer in a talk: what is told then is true, and what must not be forgotten is not."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from crm.appointments.tables import Appointment
from crm.db import Database
from crm.dialler import keys, refusals
from telephony.agi import Played
from tests.integration.workers.dialogue.talking import ANNA, Channel, attempt, on_the_line, state, story, talk
from tests.support.wait import wait_for
from workers.dialogue.handler import Dialogue
from workers.dialogue.notebook import Notebook
from workers.dialogue.patience import GivenUp, Patience


def test_records_that_do_not_answer_are_told_as_not_done_and_that_is_true(
    database: Database, dialogue: Dialogue, tmp_path: Path
) -> None:
    dialogue._patience.seconds = 0.2
    attempt_id, booking = on_the_line(database, tmp_path)
    held = threading.Event()
    channel = Channel(attempt_id, who="1", keys="1", trouble="")
    play = channel.play

    def playing(filename: str, escape_digits: str = "", sample_offset: int = 0) -> Played:
        """Somebody takes SQLite's one writer as the keys are read out, and lets it go after the bad news."""
        name = Path(filename).name
        if name == "keys":
            writer.start()
            assert taken.wait(20)
        played = play(filename, escape_digits, sample_offset)
        if name == "trouble":
            held.set()
            writer.join(20)
        return played

    taken = threading.Event()

    def hold() -> None:
        with database.transaction() as session:
            session.execute(text("SELECT 1"))  # SQLite's writer is taken by the first statement
            taken.set()
            held.wait(20)

    writer = threading.Thread(target=hold)
    channel.play = playing  # type: ignore[method-assign]
    talk(dialogue, channel)
    assert channel.said[-2:] == ["keys", "trouble"]
    assert state(database, booking) == "planned"
    wait_for(lambda: not attempt(database, attempt_id).live, 20, "the end to be written")
    assert attempt(database, attempt_id).disposition == "human"


def test_an_end_that_the_records_do_not_take_is_written_as_soon_as_they_do(
    database: Database, dialogue: Dialogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_id, _ = on_the_line(database, tmp_path)
    fails = iter([True, True])
    settle = dialogue._patience.run

    def failing(work: Any, seconds: float = 1.0) -> Any:
        if seconds == 4.0 and work.__name__ == "work" and next(fails, False):
            raise OperationalError("x", {}, Exception("disk"))
        return settle(work, seconds)

    monkeypatch.setattr(dialogue._patience, "run", failing)
    channel = talk(dialogue, Channel(attempt_id, hello="9"))
    assert channel.said == ["hello", "refused"]
    assert channel.variables == {"SD_OK": "1"}, "the family does not wait for it"
    wait_for(lambda: not attempt(database, attempt_id).live, 20, "the end to be written")
    assert attempt(database, attempt_id).disposition == "opted_out"


def test_a_refusal_that_was_not_taken_is_not_forgotten(
    database: Database, dialogue: Dialogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_id, _ = on_the_line(database, tmp_path)
    once = iter([True])
    refuse = keys.refuse

    def failing(session: Session, attempt: str, at: datetime, *, identified: bool) -> None:
        if next(once, False):
            raise OperationalError("x", {}, Exception("disk"))
        refuse(session, attempt, at, identified=identified)

    monkeypatch.setattr(keys, "refuse", failing)
    channel = talk(dialogue, Channel(attempt_id, hello="9"))
    assert channel.said == ["hello", "trouble"]
    wait_for(lambda: not attempt(database, attempt_id).live, 20, "the end to be written")
    with database.reading() as session:
        assert refusals.of(session, ANNA, None).robot


def test_what_is_given_up_is_not_committed(database: Database, tmp_path: Path) -> None:
    _, booking = on_the_line(database, tmp_path)
    patience = Patience(database)
    began, goes_on = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        session.get_one(Appointment, booking).state = "cancelled"
        began.set()
        goes_on.wait(20)

    with pytest.raises(GivenUp):
        patience.run(slow, 0.3)
    assert began.is_set()
    goes_on.set()
    assert patience.run(lambda session: session.get_one(Appointment, booking).state, 20) == "planned"
    patience.close()


def test_a_commit_that_has_begun_is_waited_for(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The family must not hear «не сохранено» about what is saved a moment later."""
    _, booking = on_the_line(database, tmp_path)
    patience = Patience(database)
    began, goes_on = threading.Event(), threading.Event()

    def slow_commit(_: Session) -> None:
        began.set()
        goes_on.wait(20)

    monkeypatch.setattr("crm.db.audit.flush_pending", slow_commit)
    threading.Thread(target=lambda: began.wait(20) and threading.Timer(0.5, goes_on.set).start()).start()

    def work(session: Session) -> str:
        session.get_one(Appointment, booking).state = "cancelled"
        return "done"

    assert patience.run(work, 0.1) == "done"
    assert state(database, booking) == "cancelled"
    patience.close()


def test_lines_of_a_talk_outlast_a_fault_of_the_records(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_id, _ = on_the_line(database, tmp_path)
    notes = Notebook(database)
    monkeypatch.setattr(notes, "_start", lambda: None)
    notes.note(attempt_id, "said", "hello", datetime.now(UTC))

    def down() -> object:
        raise OperationalError("x", {}, Exception("disk"))

    with monkeypatch.context() as context:
        context.setattr(database, "transaction", down)
        assert not notes.flush()
    assert notes.flush()
    assert "said" in story(database, attempt_id)
    assert notes.take(attempt_id) == []
