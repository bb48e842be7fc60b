"""Listening to a recording: who opens it is written down first, and only then may her browser fetch the sound."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.call_tables import CallRecord
from crm.errors import RecordsError
from crm.recordings.reading import fetch_recording
from crm.recordings.tables import Recording, RecordingListening, RecordingState
from crm.staff import Employee

OPEN_FOR = timedelta(hours=1)
"""How long the sound may be fetched, forwards and backwards, after the recording was opened."""
NOT_THERE = "Файла этой записи нет: слушать нечего."
TAMPERED = "Файл записи изменён после сохранения, он не воспроизводится. Сообщите администратору."


def open_recording(
    session: Session, recording_id: int, employee: Employee, at: datetime, *, ip: str = ""
) -> RecordingListening:
    """Write down that this person listens now; pressing twice within a minute is one listening.

    Raises NotFound where she may not hear it, RecordsError where there is no file.
    """
    row = fetch_recording(session, recording_id, employee)
    if row.state != RecordingState.STORED.value:
        raise RecordsError(NOT_THERE)
    known = _last(session, recording_id, employee)
    if known is not None and at - known.at < timedelta(minutes=1):
        return known
    listening = RecordingListening(recording_id=row.id, employee_id=employee.id, at=at)
    session.add(listening)
    session.flush()
    _log(session, "recording.listen", row, employee, at, ip=ip)
    return listening


def to_play(session: Session, recording_id: int, employee: Employee, at: datetime) -> Recording:
    """Return the recording whose sound this person may fetch now. Raises NotFound, RecordsError."""
    row = fetch_recording(session, recording_id, employee)
    if not is_open(session, recording_id, employee, at):
        raise RecordsError("Откройте запись кнопкой «Прослушать».")
    if row.state != RecordingState.STORED.value:
        raise RecordsError(NOT_THERE)
    return row


def is_open(session: Session, recording_id: int, employee: Employee, at: datetime) -> bool:
    """Whether this person has opened the recording lately."""
    known = _last(session, recording_id, employee)
    return known is not None and at - known.at < OPEN_FOR


def found_tampered(session: Session, recording_id: int, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """The file is not what was stored: written on the row, where everybody entitled sees it, and in the audit log."""
    row = fetch_recording(session, recording_id, employee, lock=True)
    row.problem = TAMPERED
    _log(session, "recording.tampered", row, employee, at, ip=ip)


def _last(session: Session, recording_id: int, employee: Employee) -> RecordingListening | None:
    statement = select(RecordingListening).where(
        RecordingListening.recording_id == recording_id, RecordingListening.employee_id == employee.id
    )
    return session.scalars(statement.order_by(RecordingListening.id.desc())).first()


def _log(session: Session, action: str, row: Recording, employee: Employee, at: datetime, *, ip: str) -> None:
    call = session.get(CallRecord, row.call_id) if row.call_id else None
    write(session, Actor.of(employee, ip), action, subject="recording", subject_id=row.id,
          family_id=call.family_id if call else None, at=at)  # fmt: skip
