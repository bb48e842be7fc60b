"""A talk without an exchange: a channel that presses keys, an attempt to talk about, and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from callflow.dialogues.script import PIECES
from crm.appointments.tables import Appointment
from crm.db import Database
from crm.dialler.tables import DialAttempt, DialEvent
from telephony.agi import AgiProtocolError, Played, SoundMissing
from tests.integration.crm.booking import booked
from tests.integration.crm.reminded import attempt_of, task_of
from workers.dialogue.handler import Dialogue

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
