"""A refusal reaches what is on its way at once: calls that nobody has answered end, lists lose the family (F35).

A talk goes on to its end. Orders that are neither sent nor taken are stopped by the rules themselves, which ask for
refusals at the moment of the order; here is what has passed them already.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from callflow.dialler.rules import Rule
from callflow.dialler.states import AttemptState, Channel, TaskState
from callflow.outgoing import OrderState
from crm.dialler.changing import end, tell
from crm.dialler.tables import DialAttempt, DialEvent, DialTask
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee

TAKEN_OFF: Final = "taken_off"
"""Line of the story of a task that a person held when the family refused; names her."""
SAID_FOR: Final = timedelta(minutes=10)
"""So long the one who held it is told why it is gone."""
_OWNER: Final = "employee-"


@dataclass(frozen=True)
class Whom:
    """Who is not called any more: the whole family, else a person at any telephone (`number` ""), else a number."""

    number: str = ""
    person_id: int | None = None
    family_id: int | None = None

    def matches(self, row: type[DialAttempt] | type[DialTask] | type[OutgoingCall]) -> ColumnElement[bool]:
        """The condition on a call or a task."""
        if self.family_id is not None:
            return row.family_id == self.family_id
        if not self.number:
            return row.person_id == self.person_id
        if self.person_id is None:
            return row.number == self.number
        return and_(row.number == self.number, or_(row.person_id.is_(None), row.person_id == self.person_id))


def silence(session: Session, whom: Whom, at: datetime) -> None:
    """A call of the robot's that is on its way to them, or rings there, is ended."""
    on_its_way = update(DialAttempt).where(
        DialAttempt.live,
        DialAttempt.state != AttemptState.ANSWERED.value,
        DialAttempt.hangup_asked_at.is_(None),
        whom.matches(DialAttempt),
    )
    session.execute(on_its_way.values(hangup_asked_at=at))


def take_off_lists(session: Session, whom: Whom, at: datetime, *, employee_id: int | None = None) -> list[DialTask]:
    """Nobody is offered these calls any more, and a colleague who holds one loses it; one that she has placed, and that
    nobody has answered, ends. `employee_id`: who writes the refusal down; what she holds she finishes herself.
    """
    ringing = update(OutgoingCall).where(
        OutgoingCall.live,
        OutgoingCall.task_id.is_not(None),
        OutgoingCall.state != OrderState.TALKING.value,
        OutgoingCall.hangup_asked_at.is_(None),
        OutgoingCall.employee_id.is_distinct_from(employee_id),
        whom.matches(OutgoingCall),
    )
    session.execute(ringing.values(hangup_asked_at=at))
    talking = select(OutgoingCall.task_id).where(
        OutgoingCall.live, OutgoingCall.state == OrderState.TALKING.value, OutgoingCall.task_id.is_not(None)
    )
    waiting = select(DialTask).where(
        DialTask.state.in_((TaskState.DUE.value, TaskState.CLAIMED.value)),
        whom.matches(DialTask),
        DialTask.id.not_in(talking),
        or_(DialTask.state == TaskState.DUE.value, DialTask.owner != f"{_OWNER}{employee_id}"),
    )
    locked = waiting.order_by(DialTask.id).with_for_update().execution_options(populate_existing=True)
    over = []
    for task in session.scalars(locked):
        holder = task.employee_id if task.state == TaskState.CLAIMED.value and _is_held(task) else None
        if end(session, task, TaskState.OPTED_OUT, Rule.DO_NOT_CALL.value, at, "refusal"):
            over.append(task)
            if holder is not None:
                tell(session, task.id, TAKEN_OFF, at, source="refusal", employee_id=holder)
    session.flush()
    return over


def sentence_for(session: Session, kind: str, employee: Employee, at: datetime) -> str:
    """What is said to somebody whose call of this kind of list was taken away a moment ago; "" where none was."""
    lost = (
        select(DialEvent.id)
        .join(DialTask, DialTask.id == DialEvent.task_id)
        .where(
            DialTask.employee_id == employee.id,
            DialTask.kind == kind,
            DialTask.state == TaskState.OPTED_OUT.value,
            DialTask.state_at > at - SAID_FOR,
            DialEvent.what == TAKEN_OFF,
            DialEvent.employee_id == employee.id,
        )
    )
    if session.scalars(lost.limit(1)).first() is None:
        return ""
    return "Семья попросила не звонить: этот звонок снят, звонить не нужно. Отказ уже записан."


def _is_held(task: DialTask) -> bool:
    return task.channel == Channel.HUMAN.value and task.owner.startswith(_OWNER)
