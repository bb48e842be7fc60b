"""Everybody who took part in a call: who talked with the caller by the legs of the exchange, and who was consulted."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.call_tables import CallLegRecord
from crm.staff import Employee
from crm.transfers.tables import CallParticipant, Transfer
from crm.upsert import insert_missing

TALKED, CONSULTED = "talked", "consulted"
OUTSIDE = "внешний специалист"


@dataclass(frozen=True)
class Participant:
    """One person. `name` is an employee's short name with the position, or an outside specialist's number."""

    name: str
    about: str
    talked: bool
    since: datetime


def note(session: Session, transfer: Transfer, part: str, at: datetime) -> None:
    """The specialist of this transfer took part; who talked with the caller is never again merely consulted."""
    who = f"employee:{transfer.to_employee_id}" if transfer.to_employee_id else f"number:{transfer.to_number}"
    values = {"employee_id": transfer.to_employee_id, "number": transfer.to_number, "part": part, "since": at}
    row = {"call_id": transfer.call_id, "who": who, **values}
    if not insert_missing(session, CallParticipant, row, ["call_id", "who"]) and part == TALKED:
        mine = (CallParticipant.call_id == transfer.call_id) & (CallParticipant.who == who)
        session.execute(update(CallParticipant).where(mine).values(part=TALKED))


def of_call(session: Session, call_id: int | None) -> list[Participant]:
    """Return who took part, in the order in which they came; nobody for a row that was no call."""
    return of_calls(session, [call_id])[call_id] if call_id is not None else []


def of_calls(session: Session, call_ids: Collection[int]) -> dict[int, list[Participant]]:
    """Return the same for many calls at once."""
    found: dict[int, dict[int | str, Participant]] = {call_id: {} for call_id in call_ids}
    legs = select(CallLegRecord, Employee).join(Employee, Employee.id == CallLegRecord.employee_id)
    legs = legs.where(CallLegRecord.call_id.in_(call_ids), CallLegRecord.answered_at.is_not(None))
    for leg, employee in session.execute(legs.order_by(CallLegRecord.answered_at)):
        if leg.answered_at is not None:
            one = Participant(employee.short_name, employee.position, True, leg.answered_at)
            found[leg.call_id].setdefault(employee.id, one)
    noted = select(CallParticipant, Employee).outerjoin(Employee, Employee.id == CallParticipant.employee_id)
    for row, colleague in session.execute(noted.where(CallParticipant.call_id.in_(call_ids))):
        name, about = (colleague.short_name, colleague.position) if colleague else (row.number, OUTSIDE)
        one = Participant(name, about, row.part == TALKED, row.since)
        found[row.call_id].setdefault(colleague.id if colleague else row.number, one)
    return {call_id: sorted(people.values(), key=lambda one: one.since) for call_id, people in found.items()}


def words(people: list[Participant]) -> str:
    """«Лаврова Н. А.; Смирнова О. П. (юрист); Дурново П. К. (психолог, консультация)»; '' for fewer than two."""
    if len(people) < 2:
        return ""
    return "; ".join(_word(one) for one in people)


def _word(one: Participant) -> str:
    notes = [text for text in (one.about, "" if one.talked else "консультация диспетчеру") if text]
    return f"{one.name} ({', '.join(notes)})" if notes else one.name
