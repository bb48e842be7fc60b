"""Solved cases become calls that ask for a rating (B-34; domain.md §1.3, §9.2 S-8): the robot's where the family agreed
to robots, else a call of another employee's than the one who is rated.

Run as often as one likes: a case is promised once as long as it waits. A case that was opened again and solved anew is
asked about anew.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from callflow.dialler import window
from callflow.dialler.rules import Answer
from callflow.dialler.states import Channel, TaskState
from crm.calendar.reading import calendar_of
from crm.dialler import facts
from crm.dialler.changing import end, one_at_a_time, tell, to_a_person
from crm.dialler.settings import settings_of
from crm.dialler.tables import RATING, DiallerSettings, DialSubject, DialTask
from crm.family_tables import ACTIVE, Family
from crm.institution import Service
from crm.journal_tables import SAVED, JournalEntry
from crm.reminders.planning import Reach, hand_over_early, reach
from crm.upsert import insert_missing

OCCASION = "rating"
PRIORITY = 7
"""After reminders (5), before campaigns (9)."""
PLANNER = "ratings"
SOLVED_WITHIN = timedelta(days=30)
"""Of what was solved longer ago nobody remembers enough to rate it; it stays with the people who keep the case."""
CALLED_FOR = timedelta(days=14)
SURVEY = "survey"
BY_PEOPLE = "rate_by_people"
BY_PEOPLE_WORDS = "оценку спрашивает сотрудник: так решено в настройках"


def plan(session: Session, at: datetime, *, mode: Literal["demo", "live"], limit: int = 50) -> int:
    """Promise a call for every case that waits for its rating and has none; return how many were. `limit` keeps a
    transaction short."""
    promised = and_(DialSubject.entry_id == JournalEntry.id, DialSubject.withdrawn_at.is_(None))
    waiting = (
        select(JournalEntry)
        .outerjoin(Family, Family.id == JournalEntry.family_id)
        .where(
            JournalEntry.service_id.in_(select(Service.id)),  # the index of what waits begins with it
            JournalEntry.progress == SURVEY,
            JournalEntry.state == SAVED,
            JournalEntry.resolved_at > at - SOLVED_WITHIN,
            func.coalesce(Family.state, ACTIVE) == ACTIVE,
            ~select(DialSubject.id).where(promised).exists(),
        )
        .order_by(JournalEntry.resolved_at, JournalEntry.id)
    )
    rows = session.scalars(waiting.limit(limit)).all()
    if not rows:
        return 0
    one_at_a_time(session)
    return sum(_promise(session, row, at, mode) for row in rows)


def by_robot(session: Session, service_id: int) -> bool:
    """Whether the head lets the robot ask for ratings; it calls nobody without consent anyhow."""
    row = session.get(DiallerSettings, service_id)
    return bool(row.plan.get("rate_by_robot", True)) if row is not None else True


def _promise(session: Session, entry: JournalEntry, at: datetime, mode: Literal["demo", "live"]) -> bool:
    stretches = _stretches(session, entry, at) or [(at, at + CALLED_FOR)]  # the rules say that no hour suits
    task = _task(session, entry, reach(session, entry, at), stretches, at)
    before = session.scalar(select(func.count()).where(DialSubject.entry_id == entry.id)) or 0
    key = {
        "task_id": task.id,
        "entry_id": entry.id,
        "occasion": f"{OCCASION}-{before + 1}" if before else OCCASION,
        "outcome": "",
        "withdrawn_reason": "",
    }
    if not insert_missing(session, DialSubject, key, ["entry_id", "occasion"]):
        session.delete(task)
        return False
    session.flush()
    session.refresh(task)
    tell(session, task.id, "planned", at, detail=f"entry {entry.id}", source=PLANNER)
    verdict = hand_over_early(session, task, at, mode)
    if verdict is not None and verdict.answer is Answer.END and verdict.rule is not None:
        end(session, task, verdict.ends_as or TaskState.CANCELLED, verdict.rule.value, at, PLANNER)
    elif task.channel == Channel.ROBOT.value and not by_robot(session, entry.service_id):
        due_at = task.due_at
        to_a_person(session, task, BY_PEOPLE, BY_PEOPLE_WORDS, at, PLANNER)
        task.due_at = due_at
    return True


def _stretches(session: Session, entry: JournalEntry, at: datetime) -> Sequence[tuple[datetime, datetime]]:
    """The calling hours of the next days, a day for each attempt; not before the day after the case was solved, for the
    family has just spoken with us."""
    calendar = calendar_of(session, entry.service_id)
    hours = settings_of(session, entry.service_id).hours
    family = session.get(Family, entry.family_id) if entry.family_id else None
    solved = (entry.resolved_at or at).astimezone(calendar.zone).date()
    today = at.astimezone(calendar.zone).date()
    day = max(today, solved + timedelta(days=1))
    found = []
    for one in (day + timedelta(days=ahead) for ahead in range(CALLED_FOR.days)):
        spans = [span for span in window.spans(calendar, hours, one, facts.hours_of(family)) if span[1] > at]
        if spans:  # the break between them is kept by the rules
            found.append((max(spans[0][0], at).astimezone(UTC), spans[-1][1].astimezone(UTC)))
    return found


def _task(
    session: Session,
    entry: JournalEntry,
    whom: Reach,
    stretches: Sequence[tuple[datetime, datetime]],
    at: datetime,
) -> DialTask:
    task = DialTask(
        kind=RATING,
        service_id=entry.service_id,
        family_id=entry.family_id,
        person_id=whom.person.id if whom.person else None,
        phone_id=whom.phone.id if whom.phone else None,
        number=whom.number,
        channel=Channel.ROBOT.value,
        state=TaskState.DUE.value,
        state_at=at,
        priority=PRIORITY,
        due_at=stretches[0][0],
        deadline=stretches[-1][1],
        stretches=[[since.isoformat(), until.isoformat()] for since, until in stretches],
        planned_at=at,
    )
    session.add(task)
    session.flush()
    return task
