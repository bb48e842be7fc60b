"""The three lists of calls that people make, as their pages work them: the next one, its call, and what it came to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.dialler.rules import Live
from crm.campaigns import worklist
from crm.campaigns.outcomes import Outcome as Told
from crm.dialler import by_person
from crm.dialler.tables import CAMPAIGN, RATING, REMINDER
from crm.errors import RecordsError
from crm.outgoing.tables import OutgoingCall
from crm.ratings import worklist as asking
from crm.reminders import calling, human_list, next_up
from crm.staff import Employee

KINDS = (REMINDER, CAMPAIGN, RATING)


def take(session: Session, kind: str, her: Employee, at: datetime) -> int | None:
    """The next task of this list is hers; None where there is none for her."""
    if kind == CAMPAIGN:
        found = worklist.take_next(session, her, at, mode="demo")
        return found.task.id if found is not None else None
    reminder = next_up.next_up(session, her, at, Live(), mode="demo") if kind == REMINDER else None
    item = reminder if kind == REMINDER else asking.next_up(session, her, at, mode="demo")
    if item is None:
        return None
    try:
        return by_person.take(session, item.task.id, her, at).id
    except RecordsError:
        return None


def call(session: Session, kind: str, task_id: int, her: Employee, at: datetime) -> OutgoingCall:
    """She presses «Позвонить». Raises RecordsError."""
    if kind == CAMPAIGN:
        return worklist.call(session, task_id, her, mode="demo", at=at)
    if kind == RATING:
        return asking.call(session, task_id, her, mode="demo", at=at)
    return calling.call(session, task_id, her, Live(), mode="demo", at=at)


def finish(  # noqa: PLR0917 - of which list, which, how, who, when
    session: Session, kind: str, task_id: int, told: Told, points: int, her: Employee, at: datetime
) -> None:
    """What the call came to; `points` of a rating, 0 where nobody was reached. Raises RecordsError."""
    if kind == CAMPAIGN:
        worklist.finish(session, task_id, told, "", her, at)
    elif kind == RATING and points:
        asking.score(session, task_id, points, "", her, at)
    elif kind == RATING:
        asking.finish(session, task_id, asking.Outcome.NO_ANSWER, "", her, at)
    else:
        outcome = human_list.Outcome.TOLD if points else human_list.Outcome.NO_ANSWER
        human_list.finish(session, task_id, outcome, "", her, at)
