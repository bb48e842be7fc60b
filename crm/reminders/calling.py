"""«Позвонить» from the human list: the same rules as for the robot, asked under the same lock, then an order like any.

Whoever decides about an order waits for whoever decides about another (`crm.dialler.changing.one_at_a_time`), so that
a robot and a person never dial one family at once (reliability.md I5).
"""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from callflow.dialler.rules import Live
from callflow.dialler.states import TaskState
from crm.dialler import claiming
from crm.dialler.access import fetch_task
from crm.dialler.changing import one_at_a_time
from crm.errors import RecordsError
from crm.outgoing import asking
from crm.outgoing.tables import OutgoingCall
from crm.reminders import human_list
from crm.staff import Employee

PURPOSE = "напоминание о записи"
NOT_HERS = "Сначала возьмите напоминание себе."


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
    """Write the order to call the family of a task that she holds. After the commit the page wakes the clerk.

    Raises NotFound; RecordsError where a rule forbids it now, with the rule's words, or she does not hold it.
    """
    one_at_a_time(session)
    task = fetch_task(session, task_id, employee)
    if task.state != TaskState.CLAIMED.value or task.owner != claiming.owner_of(employee):
        raise RecordsError(NOT_HERS)
    verdict, number = human_list.may_call(session, task, at, live, mode=mode)
    human_list.refuse_to_call(verdict)
    return asking.ask(
        session,
        employee,
        number=number,
        family_id=task.family_id,
        person_id=task.person_id,
        task_id=task.id,
        purpose=PURPOSE,
        mode=mode,
        at=at,
        ip=ip,
    )
