"""A recorded talk for the tests: the call's story, the dialplan's words, and the file that Asterisk would leave."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord, Subject
from crm.audit import AuditEvent
from crm.call_tables import CallRecord
from crm.db import Database
from crm.recordings import files, following, settings
from crm.recordings.tables import Recording, RecordingState
from tests.integration.crm.scenario import after, employee, play, whole_talk
from workers.recordings import Filing

WANTED = settings.Wanted("12-ОД", after(0).date(), settings.FIRST_GROUND, settings.FIRST_NOTICE, 90)


def word(state: str, call: str = "1.1", at: datetime | None = None, detail: str = "") -> DialplanWord:
    """What sd-record says of this call."""
    return DialplanWord(
        subject=Subject.RECORDING, call=call, at=at or after(0.5), order="", state=state, detail=detail, uniqueid=call
    )


def turn_on(session: Session, service_id: int = 1) -> None:
    """By the director."""
    version = settings.rule_of(session, service_id).version
    settings.propose(session, service_id, WANTED, employee(session, "chernykh"), after(0), version=version)


def wav(seconds: float) -> bytes:
    """As format_wav writes it."""
    data = b"\x10\x20" * int(8000 * seconds)
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data",
        len(data)
    ) + data  # fmt: skip


def leave_file(folder: Path, call: str = "1.1", seconds: float = 58.0) -> Path:
    """In the incoming folder, finished."""
    files.incoming_folder(folder)
    path = files.incoming(folder, call)
    assert path is not None
    path.write_bytes(wav(seconds))
    return path


def talk(session: Session, call: str = "1.1") -> CallRecord:
    """A minute with Lavrova, over."""
    return play(session, whole_talk(call))


def only(session: Session) -> Recording:
    """The one recording there is."""
    return session.query(Recording).one()


LATER = after(120)
"""When everything of the talk is long over."""
EXPIRED = LATER + timedelta(days=90, seconds=1)


def actions(session: Session) -> list[str]:
    """What the audit log has, in its order."""
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)))


def stored(town: Database, folder: Path, *, days: int = 90) -> int:
    """A talk that was recorded and taken in; its recording's id."""
    with town.transaction() as session:
        turn_on(session)
        settings.rule_of(session, 1).keep_days = days
        following.follow(session, word("started"))
        talk(session)
    leave_file(folder)
    Filing(town, folder).run(LATER)
    with town.reading() as session:
        row = only(session)
        assert row.state == RecordingState.STORED
        return row.id
