"""The runner of dialogues without an exchange: who is talked with, what faults of the records do, what is written."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from callflow.dialogues.script import PIECES
from callflow.dialogues.steps import Ask, Done, HungUp, Key, Say, Silence
from crm.appointments.tables import Appointment
from crm.db import Database
from crm.dialler import keys, refusals
from crm.dialler.tables import DialAttempt, DialEvent
from telephony.agi import AgiProtocolError, CallerHungUp, Played, SoundMissing
from telephony.fastagi import FastAgiServer
from tests.integration.crm.booking import booked
from tests.integration.crm.reminded import attempt_of, task_of
from tests.support.records import demo_records
from tests.support.scripted_agi import ScriptedCall
from tests.support.wait import wait_for
from workers.dialogue.handler import Dialogue
from workers.dialogue.line import Line
from workers.dialogue.notebook import Notebook
from workers.dialogue.patience import GivenUp, Patience
from workers.dialogue.prompts import Sound
from workers.settings import ServiceSettings

KEY = "a-key-for-tests-only-0123456789abcdef"
ANNA = "+79070000101"
MS = 1000
"""Every sound lasts a second."""


class Channel:
    """A channel that is played names and answers with keys: `answers` piece → what happens when it is played («1», «x»
    hangs up, nothing: it is heard to the end and nobody presses), taken one by one."""

    def __init__(self, attempt_id: str, **answers: str) -> None:
        self.parameters = {"att": attempt_id}
        self.said: list[str] = []
        self.commands: list[str] = []
        self.variables: dict[str, str] = {}
        self._answers = {piece.replace("__", ":"): list(keys) for piece, keys in answers.items()}

    def command(self, command: str, *_args: object) -> None:
        self.commands.append(command)

    def set_variable(self, name: str, value: str) -> None:
        self.variables[name] = value

    def play(self, filename: str, escape_digits: str = "", sample_offset: int = 0) -> Played:
        piece = Path(filename).name
        if not sample_offset:
            self.said.append(piece)
        key = next(iter(self._answers.get(piece, [])), "")
        if key == "!":
            raise SoundMissing("STREAM FILE")
        if key == "?":
            raise AgiProtocolError("not an answer")
        if key:
            self._answers[piece].pop(0)
        if key == "x":
            return Played("", 4000, hung_up=True)
        return Played(key, 4000, hung_up=False) if key in escape_digits and key else Played("", 8 * MS, hung_up=False)

    def wait_for_digit(self, _milliseconds: int = 2000) -> str:
        return ""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = demo_records(tmp_path / "records.db", KEY)
    yield database
    database.dispose()


@pytest.fixture
def dialogue(database: Database, tmp_path: Path) -> Iterator[Dialogue]:
    settings = ServiceSettings(data_dir=tmp_path, secret_key=KEY, _env_file=None)  # type: ignore[call-arg]
    dialogue = Dialogue(database, settings)
    yield dialogue
    dialogue.close()


def on_the_line(database: Database, folder: Path, **values: Any) -> tuple[str, int]:
    """An attempt about one booking, whose prompts are files named as their pieces; its id and the booking's."""
    at = datetime.now(UTC)
    with database.transaction() as session:
        row = booked(session, at=at)
        attempt = attempt_of(session, task_of(session, row, at=at, number=ANNA), at=at, state="sending")
        pieces = [*PIECES, f"booking:{row.id}"]
        attempt.prompts = {name: {"file": str(folder / f"{name}.wav"), "sha256": "", "ms": MS} for name in pieces}
        for name, value in values.items():
            setattr(attempt, name, value)
        return attempt.id, row.id


def attempt(database: Database, attempt_id: str) -> DialAttempt:
    with database.reading() as session:
        return session.get_one(DialAttempt, attempt_id)


def story(database: Database, attempt_id: str) -> list[str]:
    with database.reading() as session:
        rows = select(DialEvent.what).where(DialEvent.attempt_id == attempt_id).order_by(DialEvent.id)
        return list(session.scalars(rows))


def state(database: Database, booking: int) -> str:
    with database.reading() as session:
        return session.get_one(Appointment, booking).state


def talk(dialogue: Dialogue, channel: Channel) -> Channel:
    dialogue(channel)  # type: ignore[arg-type]
    return channel


# --- who is talked with


def test_a_talk_from_the_answer_to_its_end(database: Database, dialogue: Dialogue, tmp_path: Path) -> None:
    attempt_id, booking = on_the_line(database, tmp_path)
    channel = talk(dialogue, Channel(attempt_id, who="1", keys="1"))
    assert channel.said == ["hello", "who", f"booking:{booking}", "keys", "confirmed", "bye"]
    assert set(channel.commands) == {"SET AUTOHANGUP"}
    assert channel.variables == {"SD_OK": "1"}
    assert (attempt(database, attempt_id).disposition, state(database, booking)) == ("confirmed", "confirmed")
    assert attempt(database, attempt_id).identified_at is not None
    assert attempt(database, attempt_id).played_at is not None
    what = ("answered", "identified", "played", "confirm", "ended")
    assert [one for one in story(database, attempt_id) if one in what] == list(what)


def test_whoever_comes_second_is_put_down_without_a_word(
    database: Database, dialogue: Dialogue, tmp_path: Path
) -> None:
    attempt_id, _ = on_the_line(database, tmp_path)
    talk(dialogue, Channel(attempt_id, hello="x"))
    second = talk(dialogue, Channel(attempt_id))
    assert (second.said, second.commands, second.variables) == ([], ["HANGUP"], {})


def test_after_the_red_button_nobody_is_greeted(database: Database, dialogue: Dialogue, tmp_path: Path) -> None:
    attempt_id, _ = on_the_line(database, tmp_path, hangup_asked_at=datetime.now(UTC))
    channel = talk(dialogue, Channel(attempt_id))
    assert (channel.said, channel.commands) == ([], ["HANGUP"])


@pytest.mark.parametrize("attempt_id", ["", "att-0", "att-" + "0" * 32, "'; drop table", "😀"])
def test_an_attempt_that_does_not_exist_is_left_to_the_dialplan(dialogue: Dialogue, attempt_id: str) -> None:
    channel = talk(dialogue, Channel(attempt_id))
    assert (channel.said, channel.commands, channel.variables) == ([], [], {})


@pytest.mark.parametrize("prompts", [{}, {"hello": {"file": "/x.wav", "sha256": "", "ms": 1}}, {"hello": {}}])
def test_a_talk_without_its_words_is_left_to_the_dialplan_and_not_taken(
    database: Database, dialogue: Dialogue, tmp_path: Path, prompts: dict[str, Any]
) -> None:
    attempt_id, _ = on_the_line(database, tmp_path, prompts=prompts)
    channel = talk(dialogue, Channel(attempt_id))
    assert (channel.said, channel.variables) == ([], {})
    assert attempt(database, attempt_id).answered_by == ""


def test_key_zero_hands_the_channel_to_the_operators(database: Database, dialogue: Dialogue, tmp_path: Path) -> None:
    attempt_id, _ = on_the_line(database, tmp_path)
    channel = talk(dialogue, Channel(attempt_id, who="1", keys="0"))
    assert channel.variables == {"SD_ROUTE": "human", "SD_OK": "1"}
    assert attempt(database, attempt_id).disposition == "human"


@pytest.mark.parametrize("fault", ["!", "?"])
def test_a_sound_or_an_exchange_that_fails_leaves_the_last_word_to_the_dialplan(
    database: Database, dialogue: Dialogue, tmp_path: Path, fault: str
) -> None:
    attempt_id, booking = on_the_line(database, tmp_path)
    channel = talk(dialogue, Channel(attempt_id, who="1", keys=fault))
    assert "SD_OK" not in channel.variables
    assert attempt(database, attempt_id).disposition == "human"
    assert state(database, booking) == "planned"


@pytest.mark.parametrize(
    "answer",
    [
        "HANGUP",
        "511 Command Not Permitted on a dead channel",
        "510 Invalid or unknown command",
        b"520-Invalid command syntax.  Proper usage follows:\n",
        "200 result=-1 endpos=0",
        "garbage",
        "200 result=\ufffd",
    ],
)
@pytest.mark.parametrize("command", ["SET AUTOHANGUP", "STREAM FILE", "WAIT FOR DIGIT"])
def test_whatever_the_exchange_answers_is_an_end_that_is_written(
    database: Database, dialogue: Dialogue, tmp_path: Path, command: str, answer: str | bytes
) -> None:
    """F13, B21: a typed end, no loop, nothing that nobody hears of."""
    attempt_id, booking = on_the_line(database, tmp_path)
    handlers = {"dialogue": dialogue}
    with FastAgiServer(
        ("127.0.0.1", 0), token="t", allowed_peers=["127.0.0.1"], handlers=handlers, command_seconds=2, media_seconds=2
    ) as server:
        with ScriptedCall(server.address, f"dialogue?t=t&att={attempt_id}") as call:
            call.answer("STREAM FILE", "200 result=0 endpos=8000")
            call.answer("WAIT FOR DIGIT", "200 result=0")

            def said(_: str) -> str | bytes:
                if isinstance(answer, bytes):  # and the connection ends in the middle of it
                    threading.Timer(0.2, call.connection.shutdown, (socket.SHUT_RDWR,)).start()
                return answer

            call.answer(command, said)
            call.serve(60)
        wait_for(lambda: not attempt(database, attempt_id).live, 20, "the end to be written")
        assert server.counters.errors == 0
    assert attempt(database, attempt_id).disposition in ("hung_up", "human", "machine")
    assert state(database, booking) == "planned"


# --- faults of the records


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


# --- its parts


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


SOUNDS = {"a": Sound("/a", 1000), "b": Sound("/b", 2000)}


class Wire:
    """Answers every STREAM FILE in turn: (key, milliseconds, whether hung up)."""

    def __init__(self, *answers: tuple[str, int, bool], digit: str = "", gone: bool = False) -> None:
        self.asked: list[tuple[str, int]] = []
        self.allowed: list[int] = []
        self._answers, self._digit, self._gone = iter(answers), digit, gone

    def command(self, verb: str, seconds: int) -> None:
        assert verb == "SET AUTOHANGUP"
        self.allowed.append(seconds)

    def play(self, filename: str, _escape_digits: str = "", sample_offset: int = 0) -> Played:
        self.asked.append((filename, sample_offset))
        key, ms, hung_up = next(self._answers)
        return Played(key, ms * 8, hung_up)

    def wait_for_digit(self, timeout: int) -> str:
        if self._gone:
            raise CallerHungUp
        assert timeout == 7000
        return self._digit


def test_every_step_says_how_long_it_may_last(tmp_path: Path) -> None:
    """A process that is stopped in the middle leaves eight seconds of silence, whatever was said before."""
    wire = Wire(("", 4000, False), ("", 9500, False))
    line = Line.on(wire, {"a": Sound("/a", 4000), "b": Sound("/b", 9500)})  # type: ignore[arg-type]
    line.ask(Ask(("a", "b"), "12"))
    assert wire.allowed == [12, 18, 15]
    line.until = time.monotonic() + 5
    line.allow(60)
    line.until = time.monotonic() - 5
    line.allow(60)
    assert wire.allowed[3] <= 5
    assert wire.allowed[4] == 1


@pytest.mark.parametrize(
    ("wire", "step", "heard", "asked"),
    [
        (
            Wire(("", 1000, False), ("", 2000, False)),
            Say(("a", "b")),
            Done(3000, 3000),
            [("/a", 0), ("/b", 0)],
        ),
        (
            Wire(("", 1000, False), ("5", 500, False)),
            Say(("a", "b"), "5"),
            Key(1500, 3000, "5"),
            [("/a", 0), ("/b", 0)],
        ),
        (Wire(("", 1000, False), ("", 600, True)), Say(("a", "b")), HungUp(1600, 3000), [("/a", 0), ("/b", 0)]),
        (Wire(("1", 40, False), ("", 1000, False)), Ask(("a",), "1"), Silence(1000, 1000), [("/a", 0), ("/a", 320)]),
        (Wire(("1", 299, False), ("2", 301, False)), Ask(("a",), "1"), Key(301, 1000, "2"), [("/a", 0), ("/a", 2392)]),
        (Wire(("", 1000, False), digit="4"), Ask(("a",), "4"), Key(1000, 1000, "4"), [("/a", 0)]),
        (Wire(("", 1000, False), gone=True), Ask(("a",), "4"), HungUp(1000, 1000), [("/a", 0)]),
        (Wire(("", 1700, False)), Say(("a",)), Done(1000, 1000), [("/a", 0)]),
        (Wire(), Say(()), Done(0, 0), []),
    ],
)
def test_how_far_the_words_came_and_which_key_counts(
    wire: Wire, step: Say | Ask, heard: object, asked: list[tuple[str, int]]
) -> None:
    line = Line.on(wire, SOUNDS)  # type: ignore[arg-type]
    assert (line.say(step) if isinstance(step, Say) else line.ask(step)) == heard
    assert wire.asked == asked
