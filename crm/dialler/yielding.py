"""How the telephone stands by our own records, for calls of people that give way to callers (`Source.yields`).

The robot asks the exchange itself; a page must not wait for it, and the records are a second behind at most.
"""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.call import Direction
from callflow.dialler.rules import Live
from crm import calls
from crm.call_tables import CallRecord
from crm.dialler.tables import DialTask, lines_taken
from crm.missed.access import services_of
from crm.staff import Employee


def live_of(session: Session, service_ids: Collection[int]) -> Live:
    """Callers who wait for one of these services, and the calls on the trunk: people's and the robot's."""
    on_the_trunk = select(CallRecord.direction, func.count(CallRecord.id)).where(CallRecord.ended_at.is_(None))
    by_direction = dict(session.execute(on_the_trunk.group_by(CallRecord.direction)).all())
    robots = session.scalar(lines_taken()) or 0
    return Live(
        waiting=len(calls.waiting(session, service_ids)),
        inbound=by_direction.get(Direction.INBOUND.value, 0),
        outbound=by_direction.get(Direction.OUTBOUND.value, 0) + robots,
    )


def live_for(session: Session, employee: Employee, task: DialTask) -> Live:
    """The same for her call of this task: for the callers whom she could answer instead."""
    return live_of(session, {task.service_id, *services_of(session, employee)})
