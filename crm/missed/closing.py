"""How a duty to call back ends: by a talk in either direction, or by a reason that somebody gives. Nothing else.

A talk is told by `crm.call_recording` (calls that came in), `crm.call_identity` (the operator said who calls) and
`crm.outgoing` (a call of ours was answered).
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.audit import Actor, write
from crm.call_tables import CallRecord
from crm.errors import Incomplete, RecordsError
from crm.missed import rows
from crm.missed.access import fetch_row
from crm.missed.claiming import refuse_if_claimed
from crm.missed.rows import Whose
from crm.missed.rules import CLOSING_REASONS, TAKEN_OVER
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact
from crm.staff import Employee


def by_talk(session: Session, call: CallRecord, at: datetime, *, missed_id: int | None = None) -> list[int]:
    """Close what this talk settles; return the ids of the rows closed.

    It settles the missed calls of the same family or number that came before it began; those that came later stay in
    an open row of their own. `missed_id`: the row from which an operator called. Told twice, it changes nothing.
    """
    began_at = call.answered_at or at
    his = rows.whose(session, call)
    _was_answered_after_all(session, call, began_at)
    if not _has_rows(session, his, call, missed_id):
        return []
    closed = []
    for row in _open_before(session, his, call, began_at, missed_id):
        later = [contact for contact in rows.contacts(session, row) if contact.at > began_at]
        rows.end(row, rows.TALK, began_at, employee_id=call.employee_id, call_id=call.id)
        session.flush()
        if later:
            _keep_open(session, row, later, at)
            rows.sum_up(session, row)
        closed.append(row.id)
    _take_from_later_talks(session, his, call, began_at, at)
    session.flush()
    return closed


def talked_with(session: Session, call: CallRecord, at: datetime) -> list[int]:
    """The operator has said who the talk is with: close these people's rows, and open again those that this talk had
    closed in the name of somebody else. Nothing for a call that nobody answered. Return the rows changed.
    """
    if call.answered_at is None:
        return []
    his = rows.whose(session, call)
    wrong = select(MissedCall).where(MissedCall.closed_call_id == call.id, MissedCall.closed_how == rows.TALK)
    wrong = wrong.where(MissedCall.id.not_in(select(MissedCall.id).where(_settled_by(his, call, None))))
    changed = []
    for row in session.scalars(wrong.order_by(MissedCall.id).with_for_update(of=MissedCall)):
        if row.family_id is not None and row.family_id != his.key.family_id:
            _open_again(session, row, at)
            changed.append(row.id)
    return [*changed, *by_talk(session, call, at)]


def by_reason(  # noqa: PLR0917 - which, why, who, when: as in every verb
    session: Session,
    missed_id: int,
    reason: str,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> MissedCall:
    """Close a row without a talk. `reason` is a key of CLOSING_REASONS.

    Raises Incomplete, NotFound, RecordsError where it is closed already or a colleague is calling back just now. The
    same person closing it again with the same reason changes nothing.
    """
    row = fetch_row(session, missed_id, employee, lock=True)
    words = clean_text(note, 500)
    if row.closed_at is not None:
        if (row.closed_by_id, row.closed_reason) == (employee.id, reason):
            return row
        raise RecordsError("Строка уже закрыта. Обновите список.")
    refuse_if_claimed(session, row, employee, at)
    problems = _problems(session, row, reason, words)
    if problems:
        raise Incomplete(problems)
    rows.end(row, rows.BY_REASON, at, employee_id=employee.id)
    row.closed_reason, row.closed_note = reason, words
    write(
        session,
        Actor.of(employee, ip),
        "missed.close",
        subject="missed",
        subject_id=row.id,
        family_id=row.family_id,
        details={"reason": reason},
        at=at,
    )
    session.flush()
    return row


def _problems(session: Session, row: MissedCall, reason: str, words: str) -> dict[str, str]:
    if reason not in CLOSING_REASONS:
        return {"reason": "Выберите причину."}
    if reason == "other" and not words:
        return {"note": "Напишите, почему перезванивать не нужно."}
    if reason == "nowhere" and row.number is not None:
        return {"reason": "Номер известен: перезвоните или выберите другую причину."}
    tried = session.scalar(
        select(func.count(MissedAttempt.id)).where(
            MissedAttempt.missed_id == row.id, MissedAttempt.result != TAKEN_OVER
        )
    )
    if reason == "no_answer" and not tried:
        return {"reason": "Сначала позвоните и отметьте попытку: в строке нет ни одной."}
    return {}


def _open_before(
    session: Session, his: Whose, call: CallRecord, began_at: datetime, missed_id: int | None
) -> list[MissedCall]:
    statement = select(MissedCall).where(MissedCall.closed_at.is_(None), MissedCall.first_at <= began_at)
    statement = statement.where(_settled_by(his, call, missed_id)).order_by(MissedCall.first_at, MissedCall.id)
    locked = statement.with_for_update(of=MissedCall).execution_options(populate_existing=True)
    return list(session.scalars(locked))


def _take_from_later_talks(session: Session, his: Whose, call: CallRecord, began_at: datetime, at: datetime) -> None:
    """Heard of late, this talk may have come before the one that closed a row: then its calls were settled by this."""
    if his.key.call_id is not None:
        return
    closed = select(MissedCall).where(rows.belongs(his), MissedCall.closed_how == rows.TALK)
    closed = closed.where(MissedCall.closed_at > began_at, MissedCall.first_at <= began_at)
    for row in session.scalars(closed.order_by(MissedCall.id).with_for_update(of=MissedCall)).all():
        earlier = [contact for contact in rows.contacts(session, row) if contact.at <= began_at]
        own = rows.new_row(session, rows.whose_row(session, row), earlier[0].at, at)
        rows.end(own, rows.TALK, began_at, employee_id=call.employee_id, call_id=call.id)
        for contact in earlier:
            contact.missed_id = own.id
        rows.sum_up(session, own)
        if not rows.sum_up(session, row):
            rows.end(row, rows.JOINED, at)
            row.joined_to_id = own.id
    session.flush()


def _has_rows(session: Session, his: Whose, call: CallRecord, missed_id: int | None) -> bool:
    """Whether these people have ever been missed: of most no row is to be read, locked or mended."""
    his_own = _settled_by(his, call, missed_id)
    return session.scalars(select(MissedCall.id).where(his_own).limit(1)).first() is not None


def _settled_by(his: Whose, call: CallRecord, missed_id: int | None) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [MissedCall.id == (missed_id or 0)]
    if his.key.call_id is None:
        conditions.append(rows.belongs(his))
    if call.direction == "outbound" and his.number:
        # We dialled it ourselves: whoever typed or showed that number has been called back.
        conditions.append(and_(MissedCall.service_id == his.service_id, MissedCall.number == his.number))
    return or_(*conditions)


def _was_answered_after_all(session: Session, call: CallRecord, at: datetime) -> None:
    """The hang-up was heard before the answer: this very call was no missed call."""
    contact = rows.contact_of(session, call.id)
    if contact is None or contact.withdrawn or contact.at > at:  # later: he was cut off after that answer
        return
    row = rows.locked(session, contact.missed_id)
    contact.withdrawn = True
    if not rows.sum_up(session, row):
        rows.end(row, rows.ANSWERED, at, employee_id=call.employee_id, call_id=call.id)


def _keep_open(session: Session, row: MissedCall, later: list[MissedContact], at: datetime) -> None:
    """What came after the talk is a new duty."""
    fresh = rows.open_row(session, rows.whose_row(session, row), later[0].at, at)
    for contact in later:
        contact.missed_id = fresh.id
    rows.sum_up(session, fresh)


def _open_again(session: Session, row: MissedCall, at: datetime) -> None:
    """Give the row its duty back, in the open row of the same people if they have called again meanwhile."""
    row.closed_at, row.closed_how, row.closed_by_id, row.closed_call_id = None, "", None, None
    row.version += 1
    session.flush()
    whose = rows.whose_row(session, row)
    if whose.key.call_id is None:
        rows.open_row(session, whose, row.first_at, at)
