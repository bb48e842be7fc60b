"""What nobody holds any more becomes free again, and what is too late ends with a word (reliability.md §3, step 9)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Rule
from callflow.dialler.states import Channel, TaskState
from crm.dialler.changing import FREE, change, end, to_a_person
from crm.dialler.claiming import LEASE
from crm.dialler.refusals import against
from crm.dialler.tables import DialAttempt, DialTask
from crm.family_tables import Person

SWEEPER = "sweep"


@dataclass(frozen=True)
class Swept:
    """How many of each were found."""

    leases: int = 0
    expired: int = 0
    stranded: int = 0
    refused: int = 0


def sweep(session: Session, at: datetime) -> Swept:
    """Free expired claims, end tasks past their deadline. Safe to run anywhere.

    A line is freed by the exchange's word alone (`reconciling.lingering`): by a clock that is wrong, a call that is
    still there would be long over.
    """
    return Swept(
        leases=_leases(session, at),
        expired=_expired(session, at),
        stranded=_stranded(session, at),
        refused=_refused(session, at),
    )


_LEASES_OVER = (
    select(DialTask)
    .where(
        DialTask.state == TaskState.CLAIMED.value,
        or_(
            DialTask.lease_until <= bindparam("now"),
            and_(DialTask.channel == Channel.ROBOT.value, DialTask.lease_until > bindparam("wrong")),
        ),
    )
    .with_for_update(skip_locked=True)
)
"""A robot's claim that lasts longer than claims do was written by a clock that was wrong."""
_LATE = (
    select(DialTask)
    .where(DialTask.state.in_((TaskState.DUE.value, TaskState.CLAIMED.value)), DialTask.deadline <= bindparam("now"))
    .with_for_update(skip_locked=True)
)
_STRANDED = (
    select(DialTask)
    .where(
        DialTask.state == TaskState.CALLING.value,
        DialTask.channel == Channel.ROBOT.value,
        DialTask.id.not_in(select(DialAttempt.task_id).where(DialAttempt.live)),
    )
    .with_for_update(skip_locked=True)
)


_REFUSED = (
    select(DialTask)
    .where(
        DialTask.channel == Channel.HUMAN.value,
        DialTask.state == TaskState.DUE.value,
        or_(
            against(DialTask.number, DialTask.person_id, DialTask.family_id),
            select(Person.id).where(Person.id == DialTask.person_id, Person.do_not_call).exists(),
        ),
    )
    .with_for_update(skip_locked=True)
)


def _leases(session: Session, at: datetime) -> int:
    over = session.scalars(_LEASES_OVER, {"now": at, "wrong": at + 2 * LEASE})
    return sum(change(session, task, {**FREE, "state": TaskState.DUE}, at, "lease over", SWEEPER) for task in over)


def _expired(session: Session, at: datetime) -> int:
    late = session.scalars(_LATE, {"now": at})
    return sum(end(session, task, TaskState.EXPIRED, Rule.PAST.value, at, SWEEPER) for task in late)


def _stranded(session: Session, at: datetime) -> int:
    """Tasks that are being called without a live attempt: no code path leaves one, and none may stay for ever. What the
    attempt came to nobody knows, so a person looks."""
    words = "звонок прервался внутри программы: проверьте"
    return sum(to_a_person(session, task, "stranded", words, at, SWEEPER) for task in session.scalars(_STRANDED))


def _refused(session: Session, at: datetime) -> int:
    """What was planned for people although the family has refused calls before: no dispatcher is offered it. A task of
    the robot's ends at its order."""
    found = session.scalars(_REFUSED)
    return sum(end(session, task, TaskState.OPTED_OUT, Rule.DO_NOT_CALL.value, at, SWEEPER) for task in found)
