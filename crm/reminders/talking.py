"""A talk with a family that is still to be reminded: told in passing, it need not be called any more (idea 4).

And the other way round: a caller who came to the operators from the robot's call, by key 0.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, TaskState
from crm.appointments.tables import AHEAD, Appointment
from crm.call_tables import CallRecord
from crm.dialler import by_person, claiming
from crm.dialler.access import fetch_task, is_theirs
from crm.dialler.changing import one_at_a_time, to_a_person
from crm.dialler.tables import REMINDER, DialAttempt, DialEvent, DialTask
from crm.errors import RecordsError
from crm.reminders import human_list
from crm.reminders.bookings import bookings_of
from crm.reminders.human_list import Outcome
from crm.staff import Employee

_ON_THE_LINE = timedelta(minutes=15)
BUSY = "Этой семье сейчас звонит робот или коллега: отметят они."


def of_family(
    session: Session, family_id: int, viewer: Employee, at: datetime
) -> list[tuple[DialTask, list[Appointment]]]:
    """Reminders of the family that nobody has made yet, with their bookings, the soonest first."""
    waiting = select(DialTask).where(
        DialTask.family_id == family_id,
        DialTask.kind == REMINDER,
        is_theirs(session, viewer),
        DialTask.deadline > at,
        DialTask.state.in_((TaskState.DUE.value, TaskState.CLAIMED.value)),
    )
    found = []
    for task in session.scalars(waiting.order_by(DialTask.deadline, DialTask.id)):
        if task.state == TaskState.CLAIMED.value and task.owner != claiming.owner_of(viewer):
            continue
        ahead = sorted((row for row in bookings_of(session, task) if row.state in AHEAD), key=lambda row: row.starts_at)
        if ahead:
            found.append((task, ahead))
    return found


def told(session: Session, task_id: int, employee: Employee, at: datetime, *, ip: str = "") -> DialTask:
    """«Напомнили»: she has said it in a talk about something else. Pressed twice it is once.

    Raises NotFound, RecordsError where somebody calls this family now.
    """
    one_at_a_time(session)
    task = fetch_task(session, task_id, employee)
    if task.state == TaskState.DELIVERED.value:
        return task
    if task.state == TaskState.DUE.value and task.channel == Channel.ROBOT.value:
        to_a_person(session, task, "", "", at, claiming.owner_of(employee))
    try:
        by_person.take(session, task_id, employee, at, ip=ip)
    except RecordsError:
        raise RecordsError(BUSY) from None
    return human_list.finish(session, task_id, Outcome.TOLD, "", employee, at, ip=ip)


def came_from(session: Session, call: CallRecord) -> DialTask | None:
    """The reminder from which this caller came by key 0; None for any other call."""
    if not call.caller_number or call.arrived_at is None:
        return None
    asked = (
        select(DialAttempt)
        .join(DialEvent, DialEvent.attempt_id == DialAttempt.id)
        .where(
            DialAttempt.number == call.caller_number,
            DialEvent.what == "human",
            DialEvent.at >= call.arrived_at - _ON_THE_LINE,
            DialEvent.at <= call.arrived_at + timedelta(minutes=1),
        )
        .order_by(DialAttempt.sending_at.desc())
    )
    attempt = session.scalars(asked.limit(1)).first()
    return session.get(DialTask, attempt.task_id) if attempt is not None else None
