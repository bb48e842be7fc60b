"""Phrases that a person has recorded: they win over the speech program while the words are still the same.

A phrase belongs to the words that its speaker was asked to say, not only to the piece: when the text is changed, or the
hours in it, the old recording falls silent by itself and the page says so.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callflow.speech.sound import seconds_of
from crm import audit, exchange_state
from crm.errors import NotFound
from crm.institution import Service
from crm.speech.tables import RecordedPhrase
from crm.staff import Employee

SOURCES = {"upload": "файлом", "phone": "по телефону"}


def file_name(sound: bytes) -> str:
    """The name under which these bytes lie in DATA_DIR/phrases: it says nothing of who sent them (B73)."""
    return f"{sha256(sound).hexdigest()[:40]}.wav"


def keep(
    session: Session,
    service: Service,
    name: str,
    employee: Employee,
    at: datetime,
    *,
    words: str,
    sound: bytes,
    source: str,
    ip: str = "",
) -> RecordedPhrase:
    """Make `sound` (as `callflow.speech.sound.fit_for_a_phrase` gives it) the recording of this piece's `words`.

    The file lies in its place already. The same recording again changes nothing.
    """
    digest = sha256(sound).hexdigest()
    before = current(session, service.id, name)
    if before is not None and (before.sha256, before.words) == (digest, words):
        return before
    _end(session, service.id, name, employee, at)
    row = RecordedPhrase(
        service_id=service.id,
        name=name,
        words=words,
        file=file_name(sound),
        sha256=digest,
        seconds=seconds_of(sound),
        source=source,
        created_at=at,
        created_by_id=employee.id,
    )
    session.add(row)
    session.flush()
    _log(session, "speech.phrase", row, employee, at, ip=ip)
    return row


def remove(session: Session, phrase_id: int, employee: Employee, at: datetime, *, ip: str = "") -> RecordedPhrase:
    """The speech program speaks again; row and file stay. A second time changes nothing. Raises NotFound."""
    row = one(session, phrase_id)
    if row.removed_at is None:
        _end(session, row.service_id, row.name, employee, at)
        session.refresh(row)
        _log(session, "speech.phrase.remove", row, employee, at, ip=ip)
    return row


def one(session: Session, phrase_id: int) -> RecordedPhrase:
    """This recording, or NotFound."""
    row = session.get(RecordedPhrase, phrase_id) if 1 <= phrase_id < 2**63 else None
    if row is None:
        raise NotFound("Такой записи нет.")
    return row


def current(session: Session, service_id: int, name: str) -> RecordedPhrase | None:
    """The recording of a piece, whether its words are still the piece's or not."""
    statement = select(RecordedPhrase).where(RecordedPhrase.service_id == service_id, RecordedPhrase.name == name)
    return session.scalars(statement.where(RecordedPhrase.removed_at.is_(None))).one_or_none()


def all_current(session: Session, service_id: int) -> Mapping[str, RecordedPhrase]:
    """The recordings of a service by piece."""
    statement = select(RecordedPhrase).where(RecordedPhrase.service_id == service_id)
    return {row.name: row for row in session.scalars(statement.where(RecordedPhrase.removed_at.is_(None)))}


def history(session: Session, service_id: int, name: str) -> Sequence[RecordedPhrase]:
    """Every recording of a piece, the newest first."""
    statement = select(RecordedPhrase).where(RecordedPhrase.service_id == service_id, RecordedPhrase.name == name)
    return session.scalars(statement.order_by(RecordedPhrase.id.desc())).all()


def by_words(session: Session, service_id: int) -> Mapping[str, RecordedPhrase]:
    """What is recorded for a service, by its words: what a cache asks. Of two pieces with the same words the newer."""
    rows = sorted(all_current(session, service_id).values(), key=lambda row: row.id)
    return {row.words: row for row in rows}


def _end(session: Session, service_id: int, name: str, employee: Employee, at: datetime) -> None:
    statement = update(RecordedPhrase).where(RecordedPhrase.service_id == service_id, RecordedPhrase.name == name)
    session.execute(
        statement.where(RecordedPhrase.removed_at.is_(None)).values(removed_at=at, removed_by_id=employee.id)
    )


def _log(session: Session, action: str, row: RecordedPhrase, employee: Employee, at: datetime, *, ip: str) -> None:
    audit.write(
        session,
        audit.Actor.of(employee, ip),
        action,
        subject="recorded_phrase",
        subject_id=row.id,
        details={"piece": row.name, "source": SOURCES[row.source], "sha256": row.sha256},
        at=at,
    )
    exchange_state.touch(session)
