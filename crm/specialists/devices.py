"""The device states that the exchange reports, kept for specialists' extensions only."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.specialists.presence_words import Device
from crm.specialists.tables import DeviceState
from crm.staff import Employee, Extension, Role
from crm.upsert import insert_missing


def watched(session: Session) -> set[str]:
    """The extensions of active specialists: nobody else's telephone is looked at."""
    statement = select(Extension.number).join(Employee, Employee.id == Extension.employee_id)
    return set(session.scalars(statement.where(Employee.active, Employee.role == Role.SPECIALIST.value)))


def note(session: Session, states: Mapping[str, Device], at: datetime) -> bool:
    """Keep these states (extension → state), those of watched extensions only; return whether anything changed."""
    changed = False
    for extension in sorted(watched(session).intersection(states)):
        state = states[extension].value
        row = session.get(DeviceState, extension, with_for_update=True)
        if row is None:
            values = {"extension": extension, "state": state, "since": at}
            changed |= insert_missing(session, DeviceState, values, ["extension"])
        elif row.state != state:
            row.state, row.since, changed = state, at, True
    return changed
