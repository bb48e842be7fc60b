"""Watching an appeal on its way (B-23): its state while it is worked at, who answers for it and when it is looked at
next; what was found out later about obstacles (B-20) and need (A-16).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.appeals.intake import check_control, check_need, obstacles_of
from crm.appeals.needs import note_need
from crm.appeals.rows import change, held, log, working, zone_of
from crm.appeals.states import Progress, working_moves
from crm.errors import Incomplete, RecordsError
from crm.journal_tables import JournalEntry
from crm.staff import Employee, Role

_NEVER = (Role.ADMINISTRATOR.value, Role.AUDITOR.value)


def move(
    session: Session, entry_id: int, progress: str, employee: Employee, at: datetime, *, ip: str = ""
) -> JournalEntry:
    """To work, or to one of the kinds of waiting. Raises RecordsError for any other step."""
    entry = held(session, entry_id, employee)
    if entry.progress == progress:
        return entry
    now = Progress(entry.progress)
    if progress not in set(working_moves(now)):
        raise RecordsError(f"Из состояния «{now.title}» так перейти нельзя. Обновите страницу.")
    change(session, entry, {"progress": Progress(progress).value}, employee, at)
    log(session, "journal.move", entry, employee, at, ip, progress=progress)
    return entry


def assign(  # noqa: PLR0917 - a row, what, by whom, when: as in every verb
    session: Session,
    entry_id: int,
    responsible_id: int | None,
    next_check_on: date | None,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> JournalEntry:
    """Who answers for the row and when it is looked at next; both must stand while it is open (§6.1)."""
    entry = held(session, entry_id, employee)
    if not Progress(entry.progress).is_open:
        raise RecordsError("Обращение завершено: контроль больше не нужен.")
    values = {"responsible_id": responsible_id, "next_check_on": next_check_on}
    if (entry.responsible_id, entry.next_check_on) == (responsible_id, next_check_on):
        return entry
    today = at.astimezone(zone_of(session, entry)).date()
    lacking = check_control(session, responsible_id, next_check_on, today)
    if entry.next_check_on == next_check_on:
        lacking.pop("next_check_on", None)  # an overdue row may be handed over as it is
    if lacking:
        raise Incomplete(lacking)
    if change(session, entry, values, employee, at):
        log(session, "journal.assign", entry, employee, at, ip, responsible=responsible_id)
    return entry


def clarify(  # noqa: PLR0917 - as above
    session: Session,
    entry_id: int,
    obstacle: bool | None,
    obstacles: Sequence[str],
    need: Mapping[str, Any],
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> JournalEntry:
    """What was found out since intake: the obstacle and of which kind, the need. Raises Incomplete by field."""
    entry = working(session, entry_id, employee)
    known, lacking = obstacles_of(obstacle, obstacles)
    wanted, wrong = check_need(session, need)
    if lacking | wrong:
        raise Incomplete(lacking | wrong)
    changed = change(session, entry, {"obstacle": obstacle, "obstacles": known, "need": wanted}, employee, at)
    if "need" in changed:
        note_need(session, entry, employee, at, ip)
    if changed:
        log(session, "journal.clarify", entry, employee, at, ip, fields=changed)
    return entry


def possible_responsibles(session: Session) -> list[Employee]:
    """Who may answer for a row: everybody active but the administrator and the auditor, by surname."""
    statement = select(Employee).where(Employee.active, Employee.role.not_in(_NEVER))
    return list(session.scalars(statement.order_by(Employee.surname, Employee.name)))
