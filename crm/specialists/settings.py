"""A specialist's settings: what he advises on, where he sits, behind which number he is reached, for whom (A-24)."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callflow.phone import normalise, refusal
from callflow.text import clean_line
from crm import institution
from crm.audit import Actor, write
from crm.errors import Incomplete, NotFound, StaleVersion
from crm.specialists.absences import MANAGERS
from crm.specialists.tables import Specialist
from crm.staff import Employee, EmployeeService, Role
from crm.upsert import insert_missing


def fetch_specialist(session: Session, employee_id: int) -> tuple[Employee, Specialist]:
    """The active specialist and what is set of him (empty where nothing is). Raises NotFound for anybody else."""
    employee = session.get(Employee, employee_id) if 1 <= employee_id < 2**63 else None
    if employee is None or not employee.active or employee.role != Role.SPECIALIST.value:
        raise NotFound("Такого специалиста нет.")
    known = session.get(Specialist, employee_id)
    return employee, known or Specialist(employee_id=employee_id, outside_number="", version=0)


def save(  # noqa: PLR0917 - whose, what, by whom, when: as in every verb
    session: Session,
    employee_id: int,
    outside_number: str,
    advises_on: str,
    room: str,
    service_ids: Collection[int],
    version: int,
    employee: Employee,
    at: datetime,
    *,
    mode: Literal["demo", "live"],
    ip: str = "",
) -> Specialist:
    """Write the settings. `version`: of the page that showed them, 0 for the first time.

    Raises NotFound for whoever may not set them, Incomplete with a sentence beside the number, StaleVersion.
    """
    person, _ = fetch_specialist(session, employee_id)
    if employee.role not in MANAGERS:
        raise NotFound("Такого специалиста нет.")
    number, wrong = _number(session, outside_number, mode)
    known_services = {service.id for service in institution.services(session)}
    wanted = set(service_ids)
    if not wanted or not wanted <= known_services:
        wrong["services"] = "Отметьте хотя бы одну службу."
    if wrong:
        raise Incomplete(wrong)
    insert_missing(session, Specialist, {"employee_id": employee_id, "version": 0}, ["employee_id"])
    row = session.get_one(Specialist, employee_id, with_for_update=True, populate_existing=True)
    new = (number, clean_line(advises_on, 300), clean_line(room, 40))
    now = (row.outside_number, person.advises_on, person.room)
    if now == new and _services(session, employee_id) == wanted:
        return row
    if row.version != version:
        raise StaleVersion({"outside_number": now[0], "advises_on": now[1], "room": now[2]}, row.version)
    row.outside_number, person.advises_on, person.room = new
    row.version += 1
    _serve(session, employee_id, wanted)
    session.flush()
    write(session, Actor.of(employee, ip), "specialist.save", subject="employee", subject_id=employee_id, at=at)
    return row


def _number(session: Session, typed: str, mode: Literal["demo", "live"]) -> tuple[str, dict[str, str]]:
    """The outside number as E.164, and a sentence if it may not be dialled."""
    if not typed.strip():
        return "", {}
    known = normalise(typed, institution.area_code(session))
    sentence = refusal(known or typed, mode=mode, own_dids=institution.dids(session))
    if known is None or sentence:
        return "", {"outside_number": sentence or "Нужен номер телефона, например 8 907 000-91-01."}
    return known.e164, {}


def _services(session: Session, employee_id: int) -> set[int]:
    statement = select(EmployeeService.service_id).where(EmployeeService.employee_id == employee_id)
    return set(session.scalars(statement))


def _serve(session: Session, employee_id: int, wanted: set[int]) -> None:
    known = _services(session, employee_id)
    gone = EmployeeService.service_id.in_(known - wanted)
    session.execute(delete(EmployeeService).where(EmployeeService.employee_id == employee_id, gone))
    session.add_all(
        EmployeeService(employee_id=employee_id, service_id=one, penalty=9) for one in sorted(wanted - known)
    )
