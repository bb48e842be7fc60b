"""«Перезвоним в …»: a promised time takes the place of the deadline; the place in line stays."""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.audit import Actor, write
from crm.errors import Incomplete, RecordsError
from crm.missed.access import fetch_row
from crm.missed.claiming import refuse_if_claimed
from crm.missed.clock import deadline
from crm.missed.opening import FARTHEST_PROMISE
from crm.missed.tables import MissedCall
from crm.staff import Employee


def promise(  # noqa: PLR0917 - which row, when, what was said, who: as in every verb
    session: Session,
    missed_id: int,
    promised_for: datetime | None,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> MissedCall:
    """Call back at `promised_for` (aware), as the caller asked; None takes the promise back. Her own claim ends.

    Raises Incomplete, NotFound, Claimed, RecordsError where the row is closed.
    """
    row = fetch_row(session, missed_id, employee, lock=True)
    if row.closed_at is not None:
        raise RecordsError("Строка уже закрыта. Обновите список.")
    refuse_if_claimed(session, row, employee, at)
    if promised_for is not None and not at < promised_for <= at + FARTHEST_PROMISE:
        raise Incomplete({"promised_for": "Обещанное время должно быть впереди, не дальше 60 дней."})
    words = clean_text(note, 500)
    if (row.promised_for, row.promise_note) == (promised_for, words):
        return row
    row.promised_for, row.promise_note = promised_for, words if promised_for else ""
    row.due_at = promised_for or deadline(session, row.service_id, row.first_at)
    row.claimed_by_id, row.claimed_at = None, None
    row.version += 1
    write(
        session,
        Actor.of(employee, ip),
        "missed.promise",
        subject="missed",
        subject_id=row.id,
        family_id=row.family_id,
        details={"taken_back": promised_for is None},
        at=at,
    )
    session.flush()
    return row
