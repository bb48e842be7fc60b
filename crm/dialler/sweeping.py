"""What nobody holds any more becomes free again, and what is too late ends with a word (reliability.md §3, step 9)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from callflow.dialler.rules import Rule
from callflow.dialler.states import Channel, TaskState
from crm.dialler.changing import FREE, change, end, to_a_person
from crm.dialler.claiming import LEASE
from crm.dialler.reconciling import LONGEST
from crm.dialler.tables import DialAttempt, DialTask, LineSlot

SWEEPER = "sweep"


@dataclass(frozen=True)
class Swept:
    """How many of each were found."""

    leases: int = 0
    slots: int = 0
    expired: int = 0
    stranded: int = 0


def sweep(session: Session, at: datetime) -> Swept:
    """Free expired claims and lines without a live attempt, end tasks past their deadline. Safe to run anywhere."""
    return Swept(
        leases=_leases(session, at),
        slots=_slots(session, at),
        expired=_expired(session, at),
        stranded=_stranded(session, at),
    )


def _leases(session: Session, at: datetime) -> int:
    """A robot's claim that lasts longer than claims do was written by a clock that was wrong."""
    robots = and_(DialTask.channel == Channel.ROBOT.value, DialTask.lease_until > at + 2 * LEASE)
    over = select(DialTask).where(DialTask.state == TaskState.CLAIMED.value, or_(DialTask.lease_until <= at, robots))
    freed = [
        task
        for task in session.scalars(over.with_for_update(skip_locked=True))
        if change(session, task, {**FREE, "state": TaskState.DUE}, at, "lease over", SWEEPER)
    ]
    return len(freed)


def _slots(session: Session, at: datetime) -> int:
    """Lines of attempts that ended so long ago that no call of theirs can be there (`LONGEST`)."""
    live = select(DialAttempt.id).where(or_(DialAttempt.live, DialAttempt.news_at > at - LONGEST))
    freed = session.execute(
        update(LineSlot)
        .where(LineSlot.attempt_id.is_not(None), LineSlot.attempt_id.not_in(live))
        .values(attempt_id=None, taken_at=None)
        .returning(LineSlot.number)
    )
    return len(freed.all())


def _expired(session: Session, at: datetime) -> int:
    late = select(DialTask).where(
        DialTask.state.in_((TaskState.DUE.value, TaskState.CLAIMED.value)), DialTask.deadline <= at
    )
    ended = [
        task
        for task in session.scalars(late.with_for_update(skip_locked=True))
        if end(session, task, TaskState.EXPIRED, Rule.PAST.value, at, SWEEPER)
    ]
    return len(ended)


def _stranded(session: Session, at: datetime) -> int:
    """Tasks that are being called without a live attempt: no code path leaves one, and none may stay for ever. What the
    attempt came to nobody knows, so a person looks."""
    live = select(DialAttempt.task_id).where(DialAttempt.live)
    stuck = select(DialTask).where(
        DialTask.state == TaskState.CALLING.value,
        DialTask.channel == Channel.ROBOT.value,
        DialTask.id.not_in(live),
    )
    handed = [
        task
        for task in session.scalars(stuck.with_for_update(skip_locked=True))
        if to_a_person(session, task, "stranded", "звонок прервался внутри программы: проверьте", at, SWEEPER)
    ]
    return len(handed)
