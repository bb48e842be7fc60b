"""Calls that nobody answered come into the ledger; lines that are not on the exchange are entered by hand.

Told by `crm.call_recording` in the transaction that records the call's end, so that no missed call is without a row.
The same call again changes nothing but what is better known now: its reason, its caller.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.phone import normalise
from callflow.text import clean_line, clean_text
from crm import families, institution
from crm.audit import Actor, write
from crm.base import fetch
from crm.call_tables import CallRecord
from crm.errors import Incomplete
from crm.institution import Line, Service
from crm.missed import rows
from crm.missed.access import services_of
from crm.missed.rows import Whose
from crm.missed.rules import Key, Reason, is_missed, reason_of
from crm.missed.tables import MissedCall, MissedContact
from crm.staff import Employee

FARTHEST_PROMISE = timedelta(days=60)
OLDEST_BY_HAND = timedelta(days=30)


def from_call(
    session: Session, call: CallRecord, at: datetime, *, cut_off: bool = False, reason: Reason | None = None
) -> MissedCall | None:
    """Put a call that ended unanswered into its row and return the row; None for a call that was not missed.

    A call after which the same people were talked with already (heard of late, after an outage) comes into the row
    that this talk closed: it is in the ledger and owes nothing. `cut_off`: the call was answered, but the caller had
    lost his operator and was waiting for somebody when he gave up. `reason`: known better than by how the call ended.
    """
    known = rows.contact_of(session, call.id)
    is_owed = cut_off or (known is not None and not known.withdrawn)
    if not is_owed and not is_missed(call.direction, call.disposition, call.outcome):
        return None
    reason = reason or reason_of(call.outcome, call.disposition, call.cause)
    his = rows.whose(session, call)
    if not his.service_id:
        return None
    former = rows.locked(session, known.missed_id) if known is not None else None
    if known is not None and former is not None and _stays(former, his):
        rows.attach(session, former, call, reason)
        return former
    row = _place(session, his, call, at)
    rows.attach(session, row, call, reason)
    if former is not None and former.id != row.id and not rows.sum_up(session, former):
        rows.end(former, rows.JOINED, at)
        former.joined_to_id = row.id
    session.flush()
    return row


def _stays(former: MissedCall, his: Whose) -> bool:
    """A call leaves its row only while that is open and was nobody's, for the row of who turned out to have called."""
    if former.closed_how in (rows.JOINED, rows.ANSWERED):
        return False
    if former.closed_at is not None or former.family_id is not None:
        return True
    if his.key.family_id is not None:
        return False
    return former.number_certain == his.certain


def _place(session: Session, his: Whose, call: CallRecord, at: datetime) -> MissedCall:
    talk = _talk_after(session, his, call)
    if talk is None or talk.answered_at is None:
        return rows.open_row(session, his, rows.missed_at(call), at)
    closed = select(MissedCall).where(rows.belongs(his), MissedCall.closed_call_id == talk.id)
    row = session.scalars(closed.order_by(MissedCall.id).with_for_update(of=MissedCall)).first()
    if row is None:
        row = rows.new_row(session, his, rows.missed_at(call), at)
        rows.end(row, rows.TALK, talk.answered_at, employee_id=talk.employee_id, call_id=talk.id)
        session.flush()
    return row


def _talk_after(session: Session, his: Whose, call: CallRecord) -> CallRecord | None:
    """The first talk with the same people that began after this call came."""
    first: CallRecord | None = None
    for condition in rows.talks_with(his):
        later = CallRecord.answered_at >= rows.missed_at(call)
        talks = select(CallRecord).where(condition, later, CallRecord.id != call.id)
        talk = session.scalars(talks.order_by(CallRecord.answered_at, CallRecord.id).limit(1)).one_or_none()
        if talk is not None and (first is None or _began(talk) < _began(first)):
            first = talk
    return first


def _began(talk: CallRecord) -> tuple[datetime, int]:
    return talk.answered_at or talk.arrived_at, talk.id


@dataclass(frozen=True)
class ByHand:
    """What somebody enters of a call that the exchange did not see, or of a promise. Numbers as typed.
    `mine`: whoever promises means to call herself."""

    service_id: int
    number: str = ""
    caller_name: str = ""
    note: str = ""
    line_id: int | None = None
    family_id: int | None = None
    happened_at: datetime | None = None
    promised_for: datetime | None = None
    mine: bool = False
    form_key: str = ""


def by_hand(session: Session, wanted: ByHand, employee: Employee, at: datetime, *, ip: str = "") -> MissedCall:
    """Enter a missed call of a line that is not on the exchange, or a promise to call (B-1, anchors.md idea 23).

    It comes into the open row of the same people if there is one. The same form twice is one entry. Raises Incomplete
    field by field, NotFound for a family that this employee may not know of.
    """
    known = entered(session, wanted.form_key, employee)
    if known is not None:
        return known
    number, happened_at = _checked(session, wanted, employee, at)
    family = families.fetch_family(session, wanted.family_id, employee) if wanted.family_id else None
    owners = families.owners(session, number) if number else set()
    family_id = family.id if family else next(iter(owners)) if len(owners) == 1 else None
    his = Whose(wanted.service_id, Key(family_id=family_id, number=None if family_id else number), number, bool(number))
    if family_id is None and number is None:
        row = rows.new_row(session, his, happened_at, at, source="hand")
    else:
        row = rows.open_row(session, his, happened_at, at, source="hand")
    promised = wanted.promised_for
    contact = MissedContact(
        missed_id=row.id,
        line_id=wanted.line_id,
        at=happened_at,
        reason=Reason.PROMISE if promised else Reason.HAND,
        form_key=wanted.form_key or None,
    )
    session.add(contact)
    row.created_by_id = row.created_by_id or employee.id
    row.caller_name = clean_line(wanted.caller_name, 120) or row.caller_name
    row.note = "\n".join(part for part in (row.note, clean_text(wanted.note, 500)) if part)[-1000:]
    if promised is not None:
        row.promised_for, row.promise_note = promised, clean_text(wanted.note, 500)
        row.owner_id = employee.id if wanted.mine else None
    rows.sum_up(session, row)
    write(
        session,
        Actor.of(employee, ip),
        "missed.enter",
        subject="missed",
        subject_id=row.id,
        family_id=row.family_id,
        details={"promise": promised is not None},
        at=at,
    )
    return row


def entered(session: Session, form_key: str, employee: Employee) -> MissedCall | None:
    """The row that this form has made already."""
    if not form_key:
        return None
    statement = select(MissedCall).join(MissedContact, MissedContact.missed_id == MissedCall.id)
    row = session.scalars(statement.where(MissedContact.form_key == form_key)).one_or_none()
    return row if row is not None and row.service_id in services_of(session, employee) else None


def _checked(session: Session, wanted: ByHand, employee: Employee, at: datetime) -> tuple[str | None, datetime]:
    problems: dict[str, str] = {}
    if fetch(session, Service, wanted.service_id) is None or wanted.service_id not in services_of(session, employee):
        problems["service_id"] = "Выберите службу."
    line = fetch(session, Line, wanted.line_id) if wanted.line_id else None
    if wanted.line_id and (line is None or line.service_id != wanted.service_id):
        problems["line_id"] = "Выберите линию из списка."
    number = None
    if wanted.number.strip():
        known = normalise(wanted.number, institution.area_code(session))
        number = known.e164 if known else None
        if number is None:
            problems["number"] = "Номер не распознан: нужно 11 цифр, например 8 907 000-01-01."
    elif not clean_line(wanted.caller_name) and not wanted.family_id:
        problems["number"] = "Укажите номер, а если он неизвестен, кто звонил."
    happened_at = wanted.happened_at or at
    if not at - OLDEST_BY_HAND <= happened_at <= at + timedelta(minutes=1):
        problems["happened_at"] = "Время звонка: не позже текущего и не раньше чем 30 дней назад."
    if wanted.promised_for is not None and not at <= wanted.promised_for <= at + FARTHEST_PROMISE:
        problems["promised_for"] = "Обещанное время должно быть впереди, не дальше 60 дней."
    if problems:
        raise Incomplete(problems)
    return number, min(happened_at, at)
