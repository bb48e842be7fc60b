"""How long recordings are kept, the director's hold, and their deletion, of which the row stays as the log (§4.4)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.audit import Actor, write
from crm.call_tables import CallRecord
from crm.errors import Incomplete, RecordsError
from crm.recordings.filing import FILER
from crm.recordings.reading import fetch_recording
from crm.recordings.tables import Recording, RecordingState
from crm.staff import Employee, Role


def expire(session: Session, at: datetime) -> int:
    """Give every recording whose time is over to deletion, with the rule by which it goes; how many there were."""
    statement = select(Recording).where(
        Recording.state == RecordingState.STORED.value, Recording.keep_until <= at, Recording.held_at.is_(None)
    )
    rows = session.scalars(statement.with_for_update()).all()
    for row in rows:
        row.state, row.deleted_rule = RecordingState.DELETING.value, row.rule
    return len(rows)


def has_expired(session: Session, at: datetime) -> bool:
    """Whether `expire` would find anything."""
    statement = select(Recording.id).where(
        Recording.state == RecordingState.STORED.value, Recording.keep_until <= at, Recording.held_at.is_(None)
    )
    return session.scalars(statement.limit(1)).first() is not None


def to_delete(session: Session) -> Sequence[Recording]:
    """Recordings whose file goes now."""
    return session.scalars(select(Recording).where(Recording.state == RecordingState.DELETING.value)).all()


def deleted(session: Session, recording_id: int, at: datetime) -> None:
    """The file is gone; the row says what it was, when it went and by which rule."""
    row = session.get_one(Recording, recording_id, with_for_update=True, populate_existing=True)
    if row.state != RecordingState.DELETING.value:
        return
    row.state, row.deleted_at, row.file_name = RecordingState.DELETED.value, at, ""
    details = {"rule": row.deleted_rule}
    write(session, FILER, "recording.delete", subject="recording", subject_id=row.id,
          family_id=_family_of(session, row), details=details, at=at)  # fmt: skip


def hold(session: Session, recording_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """The director keeps a recording beyond its time: a complaint, an inquiry. The reason is mandatory.

    Raises NotFound, Incomplete, RecordsError for another role or where there is nothing to keep.
    """
    row = _directors(session, recording_id, employee)
    words = clean_text(reason, 500)
    if not words:
        raise Incomplete({"reason": "Укажите, почему запись нельзя удалять."})
    if row.held_at is not None and row.hold_reason == words:
        return
    row.held_at, row.held_by_id, row.hold_reason = at, employee.id, words
    _log(session, "recording.hold", row, employee, at, ip=ip)


def release(session: Session, recording_id: int, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """The recording goes by its own time again; if that is over, at the next sweep."""
    row = _directors(session, recording_id, employee)
    if row.held_at is None:
        return
    row.held_at, row.held_by_id, row.hold_reason = None, None, ""
    _log(session, "recording.release", row, employee, at, ip=ip)


def _directors(session: Session, recording_id: int, employee: Employee) -> Recording:
    row = fetch_recording(session, recording_id, employee, lock=True)
    if employee.role != Role.DIRECTOR.value:
        raise RecordsError("Оставить запись сверх срока может директор.")
    if row.state != RecordingState.STORED.value:
        raise RecordsError("Этой записи уже нет: хранить нечего.")
    return row


def _family_of(session: Session, row: Recording) -> int | None:
    call = session.get(CallRecord, row.call_id) if row.call_id else None
    return call.family_id if call else None


def _log(session: Session, action: str, row: Recording, employee: Employee, at: datetime, *, ip: str) -> None:
    write(session, Actor.of(employee, ip), action, subject="recording", subject_id=row.id,
          family_id=_family_of(session, row), at=at)  # fmt: skip
