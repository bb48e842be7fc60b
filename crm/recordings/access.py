"""Who may listen to a recording, and who may decide about recording: nobody else, whatever else she may see."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.call_tables import CallRecord
from crm.family_tables import Family
from crm.recordings.tables import Recording
from crm.staff import Employee, EmployeeService, Role
from crm.visibility import visible_to


def heads(session: Session, service_id: int, employee: Employee) -> bool:
    """Whether this person is the head of this service."""
    if not employee.active or employee.role != Role.HEAD.value:
        return False
    return session.get(EmployeeService, (employee.id, service_id)) is not None


def headed(session: Session, employee: Employee) -> Sequence[int]:
    """The services whose recordings and talks this person may hear: the head her own, the director all."""
    if not employee.active or employee.role not in (Role.HEAD.value, Role.DIRECTOR.value):
        return ()
    statement = select(EmployeeService.service_id).order_by(EmployeeService.service_id)
    if employee.role == Role.HEAD.value:
        return session.scalars(statement.where(EmployeeService.employee_id == employee.id)).all()
    return session.scalars(statement.distinct()).all()


def may_hear(session: Session, recording: Recording, viewer: Employee) -> bool:
    """The head of the service and the director, and of a restricted card only who may see it (domain.md §3.4).

    A file whose service nobody knows is the director's business.
    """
    if not viewer.active:
        return False
    known = recording.service_id is not None and heads(session, recording.service_id, viewer)
    if viewer.role != Role.DIRECTOR.value and not known:
        return False
    call = session.get(CallRecord, recording.call_id) if recording.call_id else None
    family = session.get(Family, call.family_id) if call is not None and call.family_id else None
    return family is None or visible_to(session, family, viewer)
