"""«Остановить запись»: the caller is against it, or the operator has a reason; and how the clerk carries it out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.call_tables import CallRecord
from crm.errors import NotFound, RecordsError
from crm.recordings.following import refuse
from crm.recordings.tables import Recording, RecordingState
from crm.staff import Employee

WHY = {"refused": "operator", "asked": "asked"}


def ask(session: Session, call: CallRecord, why: str, employee: Employee, at: datetime, *, ip: str = "") -> Recording:
    """Write down that the recording of this call shall end: `why` "refused" (all of it is deleted) or "asked" (what
    there is, is kept). The same again changes nothing; a refusal after «asked» still deletes.

    The page then wakes the clerk. Raises NotFound where nothing is recorded, RecordsError where it is over.
    """
    statement = select(Recording).where(Recording.call_id == call.id).with_for_update()
    row = session.scalars(statement.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound("Этот разговор не записывается.")
    if row.stop == WHY[why] or row.stop in ("key", "operator", "standing"):
        return row
    if row.state not in (RecordingState.RECORDING.value, RecordingState.STORING.value):
        raise RecordsError("Запись этого разговора уже окончена.")
    if why == "refused":
        refuse(row, "operator", at, employee.id)
    elif row.state == RecordingState.RECORDING.value:
        row.stop, row.stopped_at, row.stopped_by_id = "asked", at, employee.id
    session.flush()
    if why == "refused":
        write(session, Actor.of(employee, ip), "recording.refused", subject="call", subject_id=call.id,
              family_id=call.family_id, at=at)  # fmt: skip
    else:
        write(session, Actor.of(employee, ip), "recording.asked", subject="call", subject_id=call.id,
              family_id=call.family_id, at=at)  # fmt: skip
    return row


def to_stop(session: Session) -> Sequence[Recording]:
    """Recordings that shall end and whose end the exchange has not been told."""
    statement = select(Recording).where(_is_to_stop())
    return session.scalars(statement.order_by(Recording.id)).all()


def _is_to_stop() -> ColumnElement[bool]:
    refused = Recording.state == RecordingState.REFUSING.value
    asked = and_(Recording.state == RecordingState.RECORDING.value, Recording.stop == "asked")
    return and_(Recording.stop_carried_out.is_(False), or_(refused, asked))


def waiting() -> Select[int]:
    """Recordings of `to_stop` and `to_remove`."""
    return select(Recording.id).where(or_(_is_to_stop(), Recording.state == RecordingState.REFUSING.value))


def stopped(session: Session, recording_id: int) -> None:
    """The exchange writes no more into this file, or there is no such call any longer."""
    row = session.get_one(Recording, recording_id, with_for_update=True, populate_existing=True)
    row.stop_carried_out = True


def to_remove(session: Session) -> Sequence[Recording]:
    """Refused recordings whose file, if any, may be removed now."""
    statement = select(Recording).where(
        Recording.state == RecordingState.REFUSING.value, Recording.stop_carried_out.is_(True)
    )
    return session.scalars(statement.order_by(Recording.id)).all()


def removed(session: Session, recording_id: int, at: datetime) -> None:
    """Nothing of it is left."""
    row = session.get_one(Recording, recording_id, with_for_update=True, populate_existing=True)
    if row.state == RecordingState.REFUSING.value:
        row.state, row.deleted_at, row.file_name = RecordingState.REFUSED.value, at, ""
