"""Who is assigned to a line and who stands in, by dates and by an order (B-3: «за телефонными номерами закрепляется
специалист Сервиса»).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm import audit, exchange_state, staff
from crm.base import fetch
from crm.errors import Incomplete, NotFound, RecordsError
from crm.institution import Line
from crm.lines.tables import MAIN, SUBSTITUTE, LineAssignment
from crm.staff import Employee, Role

PARTS = {MAIN: "закреплён", SUBSTITUTE: "замещает"}


def holding(session: Session, line_id: int, day: date) -> Sequence[LineAssignment]:
    """The assignments of this line that hold on `day` (local), in the order in which they began."""
    statement = _in_force(line_id).where(LineAssignment.since <= day)
    statement = statement.where(or_(LineAssignment.until.is_(None), LineAssignment.until >= day))
    return session.scalars(statement.order_by(LineAssignment.since, LineAssignment.id)).all()


def of_lines(session: Session, line_ids: Sequence[int]) -> Sequence[LineAssignment]:
    """Every assignment of these lines, revoked ones too, newest first: for the page."""
    statement = select(LineAssignment).where(LineAssignment.line_id.in_(line_ids))
    return session.scalars(statement.order_by(LineAssignment.since.desc(), LineAssignment.id.desc())).all()


def candidates(session: Session) -> list[Employee]:
    """Who may be assigned: those who answer calls and have an inner number, by surname."""
    people = {employee.id: employee for employee, _ in staff.active_extensions(session)}
    answering = [one for one in people.values() if Role(one.role).answers_calls]
    return sorted(answering, key=lambda one: (one.surname, one.name))


def assign(  # noqa: PLR0917 - what the order says
    session: Session,
    line_id: int,
    employee_id: int,
    part: str,
    since: date,
    until: date | None,
    employee: Employee,
    at: datetime,
    *,
    order_number: str,
    order_date: date | None,
    ip: str = "",
) -> LineAssignment:
    """Assign somebody to a line; the same once more returns the row that is there.

    One person has one part on a line at a time, and a line one main specialist: who takes over from a date on ends the
    earlier one the day before. Raises Incomplete with a sentence per field, NotFound for a line or person that there
    is not, RecordsError where the dates contradict each other.
    """
    line = fetch(session, Line, line_id, lock=True)
    person = next((one for one in candidates(session) if one.id == employee_id), None)
    if line is None or person is None:
        raise NotFound("Выберите линию и сотрудника из списка.")
    number = clean_line(order_number, limit=60)
    errors = {}
    if part not in PARTS:
        errors["part"] = "Выберите: закреплён или замещает."
    if until is not None and until < since:
        errors["until"] = "Дата окончания раньше даты начала."
    if not number:
        errors["order_number"] = "Укажите номер приказа: закрепление делается приказом."
    if errors:
        raise Incomplete(errors)
    overlapping = [one for one in session.scalars(_in_force(line_id)) if _overlap(one, since, until)]
    for one in overlapping:
        if one.employee_id == person.id and (one.part, one.since, one.until) == (part, since, until):
            return one
    for one in overlapping:
        if one.employee_id == person.id:
            raise RecordsError(f"{person.short_name} в эти дни уже {PARTS[one.part]} на этой линии.")
        if part == MAIN and one.part == MAIN:
            _end_before(one, since)
    row = LineAssignment(
        line_id=line.id,
        employee_id=person.id,
        part=part,
        since=since,
        until=until,
        order_number=number,
        order_date=order_date,
        created_by_id=employee.id,
        created_at=at,
    )
    session.add(row)
    session.flush()
    _log(session, row, "line.assign", employee, at, ip)
    exchange_state.touch(session)
    return row


def revoke(
    session: Session, assignment_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = ""
) -> LineAssignment:
    """Take an assignment back, with a reason; twice is once. Raises NotFound, Incomplete."""
    row = fetch(session, LineAssignment, assignment_id, lock=True)
    if row is None:
        raise NotFound
    if row.revoked_at is not None:
        return row
    said = clean_line(reason, limit=200)
    if not said:
        raise Incomplete({"reason": "Напишите, почему закрепление отменяется."})
    row.revoked_at, row.revoked_by_id, row.revoked_reason = at, employee.id, said
    row.version += 1
    session.flush()
    _log(session, row, "line.unassign", employee, at, ip)
    exchange_state.touch(session)
    return row


def _in_force(line_id: int) -> Select[LineAssignment]:
    return select(LineAssignment).where(LineAssignment.line_id == line_id, LineAssignment.revoked_at.is_(None))


def _overlap(one: LineAssignment, since: date, until: date | None) -> bool:
    return (until is None or one.since <= until) and (one.until is None or one.until >= since)


def _end_before(one: LineAssignment, day: date) -> None:
    """The successor's first day ends the predecessor; one that would have begun later stands in the way."""
    if one.since >= day:
        who = f"С {one.since:%d.%m.%Y} на линии уже закреплён(а) {one.employee.short_name}."
        raise RecordsError(f"{who} Сначала отмените это закрепление.")
    one.until = date.fromordinal(day.toordinal() - 1)
    one.version += 1


def _log(  # noqa: PLR0917 - as audit.write
    session: Session, row: LineAssignment, action: str, employee: Employee, at: datetime, ip: str
) -> None:
    details = {"line": row.line_id, "employee": row.employee_id, "part": row.part}
    actor = audit.Actor.of(employee, ip)
    audit.write(session, actor, action, subject="line_assignment", subject_id=row.id, details=details, at=at)
