"""What the dialplan says of recording becomes rows: begun, refused. Every word may come twice, late, or never."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from crm.call_tables import CallRecord
from crm.recordings.tables import Recording, RecordingState
from crm.upsert import insert_missing


def follow(session: Session, word: DialplanWord) -> Recording | None:
    """Write down that a talk is being recorded, or that the caller refused; a word heard twice changes nothing.

    Returns the row, None for a word of another meaning. A refusal wins over everything that was heard before.
    """
    if not word.call or word.state not in ("started", "refused"):
        return None
    row = row_of(session, word.call, word.at)
    if word.state == "refused" and row.state in (RecordingState.RECORDING.value, RecordingState.STORING.value):
        refuse(row, word.detail if word.detail == "standing" else "key", word.at)
        # The dialplan has emptied the file itself; what is left of it is removed with the rest.
        row.stop_carried_out = True
    return row


def going_on(session: Session) -> Sequence[str]:
    """The Linkedids of the talks that are being recorded now."""
    now = Recording.state == RecordingState.RECORDING.value, Recording.stop == ""
    return session.scalars(select(Recording.linkedid).where(*now).order_by(Recording.id)).all()


def row_of(session: Session, linkedid: str, at: datetime) -> Recording:
    """The recording of this call, held until the transaction ends; made where there is none."""
    call = session.scalars(select(CallRecord).where(CallRecord.linkedid == linkedid)).first()
    values = {
        "linkedid": linkedid,
        "call_id": call.id if call else None,
        "service_id": call.service_id if call else None,
        "state": RecordingState.RECORDING.value,
        "started_at": at,
    }
    insert_missing(session, Recording, values, ["linkedid"])
    statement = select(Recording).where(Recording.linkedid == linkedid).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def refuse(row: Recording, how: str, at: datetime, employee_id: int | None = None) -> None:
    """Nothing is kept of this talk."""
    row.state, row.stop, row.stopped_at, row.stopped_by_id = RecordingState.REFUSING.value, how, at, employee_id
    row.stop_carried_out = False
