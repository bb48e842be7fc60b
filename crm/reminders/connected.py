"""Key 0: whom the robot had on the line was connected with an operator, and her talk is the reminder (issue 5, item 6).

The task has gone to the human list with the key; a talk that took place takes it off again, or the family would be
called once more about what it has just spoken of.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, Disposition, TaskState
from crm.call_tables import CallRecord
from crm.dialler.changing import end
from crm.dialler.tables import REMINDER, DialAttempt, DialTask

SHORTEST = timedelta(seconds=10)
"""Who was connected for less has not talked of anything: a person calls him."""
TALK = "talk"


def after_the_call(session: Session, attempt: DialAttempt, at: datetime) -> bool:
    """The robot's call is over at `at` (aware): close its task if the family has talked with an operator in it.

    What somebody has already noted of the task, or is working on, stays.
    """
    if attempt.disposition != Disposition.HUMAN.value:
        return False
    call = session.scalars(select(CallRecord).where(CallRecord.linkedid == attempt.id)).first()
    if call is None or call.answered_at is None or (call.ended_at or at) - call.answered_at < SHORTEST:
        return False
    task = session.get_one(DialTask, attempt.task_id, with_for_update=True, populate_existing=True)
    waits = task.channel == Channel.HUMAN.value and task.state == TaskState.DUE.value
    if not waits or task.kind != REMINDER or task.rule != Disposition.HUMAN.value:
        return False
    return end(session, task, TaskState.DELIVERED, Disposition.HUMAN.value, at, TALK)
