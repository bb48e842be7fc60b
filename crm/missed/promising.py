"""«Перезвоним в …»: a promised time takes the place of the deadline; the place in line stays.

A promise without a missed call (said in a talk, noted from a card or a journal row) is a row of the same ledger
(`crm.missed.opening`): one list, one claim, one call.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.audit import Actor, write
from crm.call_tables import CallRecord
from crm.errors import Incomplete, RecordsError
from crm.family_tables import Family
from crm.missed import rows
from crm.missed.access import fetch_row, services_of
from crm.missed.claiming import refuse_if_claimed
from crm.missed.clock import deadline
from crm.missed.opening import FARTHEST_PROMISE, ByHand, by_hand, entered
from crm.missed.tables import MissedCall
from crm.staff import Employee
from crm.visibility import visible_to


def promise(  # noqa: PLR0917 - which row, when, what was said, who: as in every verb
    session: Session,
    missed_id: int,
    promised_for: datetime | None,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    mine: bool = False,
    ip: str = "",
) -> MissedCall:
    """Call back at `promised_for` (aware), as the caller asked; None takes the promise back. Her own claim ends.

    `mine`: she means to call herself, and the others leave it to her while she is there (`crm.missed.keeping`).

    Raises Incomplete, NotFound, Claimed, RecordsError where the row is closed.
    """
    row = fetch_row(session, missed_id, employee, lock=True)
    if row.closed_at is not None:
        raise RecordsError("Строка уже закрыта. Обновите список.")
    refuse_if_claimed(session, row, employee, at)
    if promised_for is not None and not at < promised_for <= at + FARTHEST_PROMISE:
        raise Incomplete({"promised_for": "Обещанное время должно быть впереди, не дальше 60 дней."})
    words = clean_text(note, 500)
    owner_id = employee.id if mine and promised_for is not None else None
    if (row.promised_for, row.promise_note, row.owner_id) == (promised_for, words, owner_id):
        return row
    row.owner_id = owner_id
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
        details={"taken_back": promised_for is None, **({"mine": True} if owner_id is not None else {})},
        at=at,
    )
    session.flush()
    return row


def in_talk(  # noqa: PLR0917 - with whom, when, what was said, who: as in every verb
    session: Session,
    call: CallRecord,
    promised_for: datetime | None,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    number: str = "",
    mine: bool = False,
    ip: str = "",
) -> MissedCall:
    """Promise whoever this call of hers is with to call back; once more in the same call: another time.

    `number`: another telephone than the call's, as typed. Raises Incomplete field by field.
    """
    if promised_for is None:
        raise Incomplete({"promised_for": "Укажите, во сколько перезвонить: например 15:00."})
    key = f"call-{call.id}"
    known = entered(session, key, employee)
    if known is not None:
        return promise(session, known.id, promised_for, note, employee, at, mine=mine, ip=ip)
    his = rows.whose(session, call)
    own = services_of(session, employee)
    family = session.get(Family, call.family_id) if call.family_id is not None else None
    wanted = ByHand(
        service_id=his.service_id if his.service_id in own else next(iter(own), 0),
        number=number or his.number or "",
        note=note,
        family_id=family.id if family is not None and visible_to(session, family, employee) else None,
        promised_for=promised_for,
        mine=mine,
        form_key=key,
    )
    return by_hand(session, wanted, employee, at, ip=ip)
