"""«Позвонить» from the human list of reminders (`crm.dialler.by_person.call`)."""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from callflow.dialler.rules import Live
from crm.dialler import by_person
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee

PURPOSE = "напоминание о записи"


def call(
    session: Session,
    task_id: int,
    employee: Employee,
    live: Live,
    *,
    mode: Literal["demo", "live"],
    at: datetime,
    ip: str = "",
) -> OutgoingCall:
    """Write the order to call the family of a reminder that she holds. Raises as `by_person.call`."""
    return by_person.call(session, task_id, employee, live, purpose=PURPOSE, mode=mode, at=at, ip=ip)
