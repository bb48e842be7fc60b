"""Rows of the ledger as opening and closing handle them: whose a call is, which rows are his, summing up, joining."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from callflow.caller_id import CallerKind
from crm import families, institution
from crm.call_tables import CallRecord
from crm.missed.clock import deadline
from crm.missed.rules import Key, Reason, key_of, newest_last
from crm.missed.tables import MissedCall, MissedContact
from crm.upsert import insert_missing

TALK, BY_REASON, JOINED, ANSWERED = "talk", "reason", "joined", "answered"
"""How a row ends (`MissedCall.closed_how`)."""


@dataclass(frozen=True)
class Whose:
    """Whose a call is, in which service; `number` is what to dial, `certain` whether it may be matched."""

    service_id: int
    key: Key
    number: str | None
    certain: bool
    person_id: int | None = None


def whose(session: Session, call: CallRecord) -> Whose:
    """Whose this call is by what is known of it now. The number that we dialled ourselves is no claim of anybody's."""
    kind = CallerKind.NUMBER.value if call.direction == "outbound" else call.caller_kind
    certain = kind == CallerKind.NUMBER and bool(call.caller_number)
    asked = certain and call.caller_number and not call.family_id
    owners = families.owners(session, call.caller_number or "") if asked else set()
    key = key_of(family_id=call.family_id, kind=kind, number=call.caller_number, owners=owners, call_id=call.id)
    number = call.caller_number if certain else call.callback_number or call.caller_number
    return Whose(service_of(session, call), key, number, certain, call.person_id)


def service_of(session: Session, call: CallRecord) -> int:
    """The service that was called; of a call that never named a line, the first: no call is nobody's.

    0 where no service has been set up yet: then there is nobody to call back.
    """
    return call.service_id or next((service.id for service in institution.services(session)), 0)


def belongs(whose: Whose) -> ColumnElement[bool]:
    """The rows that are his, open or closed. A number's row that nobody's card had yet is his too."""
    key = whose.key
    number = whose.number if whose.certain else key.number
    by_number = and_(MissedCall.family_id.is_(None), MissedCall.number_certain, MissedCall.number == (number or ""))
    same = or_(MissedCall.family_id == key.family_id, by_number) if key.family_id is not None else by_number
    return and_(MissedCall.service_id == whose.service_id, same)


def talks_with(whose: Whose) -> list[ColumnElement[bool]]:
    """The calls, in either direction, that were with the same people: one condition for each index that finds them."""
    of_service = or_(CallRecord.service_id == whose.service_id, CallRecord.service_id.is_(None))
    honest = or_(CallRecord.caller_kind == CallerKind.NUMBER.value, CallRecord.direction == "outbound")
    found = []
    if whose.key.family_id is not None:
        found.append(and_(CallRecord.family_id == whose.key.family_id, of_service))
    if whose.certain:
        found.append(and_(CallRecord.caller_number == whose.number, honest, of_service))
    return found


def locked_open(session: Session, whose: Whose) -> Sequence[MissedCall]:
    """His open rows, the oldest first, ours until the transaction ends. The rows of one call are found by the call."""
    if whose.key.call_id is not None:
        return []
    statement = select(MissedCall).where(belongs(whose), MissedCall.closed_at.is_(None))
    statement = statement.order_by(MissedCall.first_at, MissedCall.id).with_for_update(of=MissedCall)
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def locked(session: Session, missed_id: int) -> MissedCall:
    """The row with this id, ours until the transaction ends; it must exist."""
    return session.get_one(MissedCall, missed_id, with_for_update=True, populate_existing=True)


def open_row(
    session: Session, whose: Whose, first_at: datetime, at: datetime, *, source: str = "exchange"
) -> MissedCall:
    """His one open row: the oldest takes the others in, a missing one is made."""
    found = locked_open(session, whose)
    while not found:
        # Somebody else's row may stand in the way of ours and be closed before we have it: then ours can be made.
        found = _made(session, whose, _values(session, whose, first_at, at, source))
    row = found[0]
    for other in found[1:]:
        join(session, other, row, at)
    if whose.key.family_id is not None:
        row.family_id = whose.key.family_id
        row.person_id = row.person_id or whose.person_id
    row.open_key = whose.key.word(whose.service_id)
    return row


def _made(session: Session, whose: Whose, values: dict[str, Any]) -> Sequence[MissedCall]:
    """The row with his key, made or found, and ours; nothing where it was found and closed before it was ours."""
    key = whose.key.word(whose.service_id)
    insert_missing(session, MissedCall, {**values, "open_key": key}, ["open_key"])
    made = select(MissedCall).where(MissedCall.open_key == key).with_for_update(of=MissedCall)
    return session.scalars(made.execution_options(populate_existing=True)).all()


def new_row(
    session: Session, whose: Whose, first_at: datetime, at: datetime, *, source: str = "exchange"
) -> MissedCall:
    """A row of its own, whoever else waits: one that is closed at once, or one of somebody without a number."""
    row = MissedCall(**_values(session, whose, first_at, at, source))
    session.add(row)
    session.flush()
    return row


def _values(session: Session, whose: Whose, first_at: datetime, at: datetime, source: str) -> dict[str, Any]:
    return {
        "service_id": whose.service_id,
        "family_id": whose.key.family_id,
        "person_id": whose.person_id,
        "number": whose.number,
        "number_certain": whose.certain,
        "source": source,
        "first_at": first_at,
        "last_at": first_at,
        "due_at": deadline(session, whose.service_id, first_at),
        "times": 0,
        "reasons": [],
        "created_at": at,
    }


def whose_row(session: Session, row: MissedCall) -> Whose:
    """Whose the row itself is."""
    if row.family_id is not None:
        key = Key(family_id=row.family_id)
    elif row.number_certain:
        key = Key(number=row.number)
    else:
        key = Key(call_id=next((one.call_id for one in contacts(session, row) if one.call_id), 0))
    return Whose(row.service_id, key, row.number, row.number_certain, row.person_id)


def join(session: Session, row: MissedCall, into: MissedCall, at: datetime) -> None:
    """Everything of `row` goes to `into`, which keeps the earlier promise; `row` stays as a trace."""
    for contact in contacts(session, row):
        contact.missed_id = into.id
    if row.promised_for is not None and (into.promised_for is None or row.promised_for < into.promised_for):
        into.promised_for, into.promise_note, into.owner_id = row.promised_for, row.promise_note, row.owner_id
    end(row, JOINED, at)
    row.joined_to_id = into.id
    session.flush()
    sum_up(session, into)


def contacts(session: Session, row: MissedCall) -> Sequence[MissedContact]:
    """The missed calls of the row that were missed indeed, oldest first."""
    statement = select(MissedContact).where(MissedContact.missed_id == row.id, MissedContact.withdrawn.is_(False))
    return session.scalars(statement.order_by(MissedContact.at, MissedContact.id)).all()


def sum_up(session: Session, row: MissedCall) -> bool:
    """Bring the row into agreement with its contacts; False if none is left. The deadline follows the first call
    unless something was promised.
    """
    session.flush()
    own = contacts(session, row)
    if not own:
        return False
    before = (row.first_at, row.last_at, row.times, list(row.reasons))
    row.first_at, row.last_at, row.times = own[0].at, own[-1].at, len(own)
    row.reasons = newest_last(contact.reason for contact in own)
    if before != (row.first_at, row.last_at, row.times, list(row.reasons)):
        row.version += 1
    if row.promised_for is not None:
        row.due_at = row.promised_for
    elif row.first_at != before[0]:
        row.due_at = deadline(session, row.service_id, row.first_at)
    session.flush()
    return True


def end(row: MissedCall, how: str, at: datetime, *, employee_id: int | None = None, call_id: int | None = None) -> None:
    """Close the row; whoever had claimed it is free."""
    row.closed_at, row.closed_how, row.closed_by_id, row.closed_call_id = at, how, employee_id, call_id
    row.claimed_by_id, row.claimed_at, row.open_key = None, None, None
    row.version += 1


def missed_at(call: CallRecord) -> datetime:
    """When the duty began: as he called; of a call that was answered and cut off, as he gave up waiting."""
    return call.ended_at if call.answered_at is not None and call.ended_at is not None else call.arrived_at


def attach(session: Session, row: MissedCall, call: CallRecord, reason: Reason) -> None:
    """Put this call into the row, once."""
    at = missed_at(call)
    values = {"missed_id": row.id, "call_id": call.id, "line_id": call.line_id, "at": at}
    insert_missing(session, MissedContact, {**values, "reason": reason.value, "withdrawn": False}, ["call_id"])
    contact = contact_of(session, call.id)
    if contact is not None:
        contact.missed_id, contact.at, contact.reason, contact.withdrawn = row.id, at, reason.value, False
    sum_up(session, row)


def contact_of(session: Session, call_id: int) -> MissedContact | None:
    """This call's place in the ledger."""
    return session.scalars(_CONTACT, {"call_id": call_id}).one_or_none()


_CONTACT = (
    select(MissedContact).where(MissedContact.call_id == bindparam("call_id")).execution_options(populate_existing=True)
)


def join_family(session: Session, family_id: int, at: datetime) -> None:
    """Two cards have become one: so have their open rows, in each service."""
    found = select(MissedCall).where(MissedCall.family_id == family_id, MissedCall.closed_at.is_(None))
    found = found.order_by(MissedCall.first_at, MissedCall.id).with_for_update(of=MissedCall)
    kept: dict[int, MissedCall] = {}
    for row in session.scalars(found.execution_options(populate_existing=True)).all():
        first = kept.setdefault(row.service_id, row)
        if first is not row:
            join(session, row, first, at)
    session.flush()
    for row in kept.values():
        row.open_key = Key(family_id=family_id).word(row.service_id)
    session.flush()
