"""Attempts to call back: who, when, with what result. They do not stop the clock, only a talk or a reason does."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.audit import Actor, write
from crm.errors import Incomplete
from crm.missed.access import fetch_row
from crm.missed.rules import BY_HAND_RESULTS, RESULTS
from crm.missed.tables import MissedAttempt, MissedCall
from crm.staff import Employee
from crm.upsert import insert_missing


def note(
    session: Session,
    missed_id: int,
    employee_id: int | None,
    at: datetime,
    result: str,
    *,
    call_id: int | None = None,
    words: str = "",
) -> None:
    """Note what came of a call of ours (`crm.outgoing`); `result` is a key of RESULTS, anything else is «failed».

    The same call twice is one attempt; a row that does not exist is passed over: the call itself is on record.
    """
    if session.get(MissedCall, missed_id) is None:
        return
    values = {
        "missed_id": missed_id,
        "employee_id": employee_id,
        "call_id": call_id,
        "at": at,
        "result": result if result in RESULTS else "failed",
        "note": clean_text(words, 500),
    }
    if call_id is None:
        session.add(MissedAttempt(**values))
        session.flush()
    elif not insert_missing(session, MissedAttempt, values, ["call_id"]):
        known = session.scalars(select(MissedAttempt).where(MissedAttempt.call_id == call_id)).one()
        known.result = result if result in RESULTS else "failed"
        session.flush()


def note_by_hand(  # noqa: PLR0917 - which row, what, who, when: as in every verb
    session: Session,
    missed_id: int,
    result: str,
    words: str,
    employee: Employee,
    at: datetime,
    *,
    form_key: str = "",
    ip: str = "",
) -> None:
    """Note an attempt from another telephone. The same form twice is one attempt. Raises Incomplete, NotFound."""
    row = fetch_row(session, missed_id, employee, lock=True)
    if result not in BY_HAND_RESULTS:
        raise Incomplete({"result": "Выберите, чем кончился звонок."})
    values = {
        "missed_id": row.id,
        "employee_id": employee.id,
        "at": at,
        "result": result,
        "note": clean_text(words, 500),
        "form_key": form_key or None,
    }
    if form_key and not insert_missing(session, MissedAttempt, values, ["form_key"]):
        return
    if not form_key:
        session.add(MissedAttempt(**values))
    actor, details = Actor.of(employee, ip), {"result": result}
    write(
        session,
        actor,
        "missed.attempt",
        subject="missed",
        subject_id=row.id,
        family_id=row.family_id,
        details=details,
        at=at,
    )
    session.flush()


def of_row(session: Session, missed_id: int) -> Sequence[MissedAttempt]:
    """The attempts, oldest first."""
    statement = select(MissedAttempt).where(MissedAttempt.missed_id == missed_id)
    return session.scalars(statement.order_by(MissedAttempt.at, MissedAttempt.id)).all()
