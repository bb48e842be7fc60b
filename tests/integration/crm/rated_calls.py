"""Words of the stories about ratings by telephone: a solved case of family 1 (service A, Lavrova's work), its call."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, Disposition, TaskState
from crm.consents.tables import Consent
from crm.db import Database
from crm.dialler import following
from crm.dialler.changing import change
from crm.dialler.tables import RATING, DialAttempt, DialTask
from crm.family_tables import Person
from crm.journal_tables import JournalEntry
from crm.ratings import by_phone, planning
from tests.integration.crm.booking import of_family
from tests.integration.crm.scenario import NOON
from tests.integration.crm.surveys import case
from tests.support.dialling import agrees, robot_on

LATER = NOON + timedelta(days=1)
"""Friday, noon in Moscow: the day after the case was solved."""


def solved(session: Session, at: datetime = NOON, *, number: int = 1, agreed: bool = True, **more: str) -> JournalEntry:
    """A case that waits for its rating; nothing else does, and the robot may call."""
    others = update(JournalEntry).where(JournalEntry.progress == "survey").values(progress="in_work")
    session.execute(others.execution_options(synchronize_session=False))
    robot_on(session, 1, at)
    family = of_family(session, number)
    entry = case(session, at, code="A", family_id=family.id, **{"by": "lavrova", **more})
    entry.person_id = family.people[0].id
    if agreed:
        agrees(session, session.get_one(Person, entry.person_id), at)
    else:
        consents = select(Consent).where(Consent.person_id == entry.person_id, Consent.purpose == "auto_calls")
        for consent in session.scalars(consents):
            consent.withdrawn_at = at
    session.flush()
    return entry


def plan(town: Database, at: datetime = LATER) -> int:
    with town.transaction() as session:
        return planning.plan(session, at, mode="demo")


def settle(town: Database, at: datetime = LATER) -> int:
    with town.transaction() as session:
        return by_phone.settle(session, at)


def tasks(town: Database) -> list[DialTask]:
    with town.reading() as session:
        rows = select(DialTask).where(DialTask.kind == RATING).order_by(DialTask.id)
        return list(session.scalars(rows.execution_options(populate_existing=True)))


def entry(town: Database, entry_id: int) -> JournalEntry:
    with town.reading() as session:
        return session.get_one(JournalEntry, entry_id, populate_existing=True)


def calling(session: Session, task: DialTask, at: datetime, n: int = 1) -> DialAttempt:
    """The robot has somebody on the line about this task."""
    task = session.get_one(DialTask, task.id)
    change(session, task, {"state": TaskState.CALLING, "channel": Channel.ROBOT.value}, at, "test", "test")
    attempt = DialAttempt(
        id=f"att-{uuid4().hex}",
        task_id=task.id,
        n=n,
        kind=RATING,
        family_id=task.family_id,
        person_id=task.person_id,
        number=task.number,
        state="ringing",
        live=True,
        rang=True,
        sending_at=at,
        not_after=at,
        news_at=at,
        prompts={},
    )
    session.add(attempt)
    session.flush()
    return attempt


def called(town: Database, task: DialTask, end: Disposition, at: datetime, n: int = 1) -> str:
    """A whole call of the robot with this end; the attempt's id."""
    with town.transaction() as session:
        attempt = calling(session, task, at, n)
        following.settle(session, attempt.id, end, at, "word")
        return attempt.id
