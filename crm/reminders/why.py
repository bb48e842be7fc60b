"""«Почему (не) звоним»: for a family one line about each telephone to be called, and what has been tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Answer, Live, Rule, Verdict, judge
from callflow.dialler.states import Channel, TaskState
from crm.dialler import facts
from crm.dialler.tables import ON_THE_WAY, DialAttempt, DialEvent, DialTask
from crm.family_tables import Family


@dataclass(frozen=True)
class Why:
    """One task as the card shows it. `next_at`: when it is called next (None: no time is known, or never); `rule` is
    what forbids it now, None where nothing does."""

    task: DialTask
    next_at: datetime | None
    rule: Rule | None
    words: str


@dataclass(frozen=True)
class Tried:
    """One attempt and its story."""

    attempt: DialAttempt
    events: Sequence[DialEvent]


def of_family(
    session: Session, family: Family, at: datetime, live: Live, *, mode: Literal["demo", "live"]
) -> list[Why]:
    """Every task of the family that is on the way, the next one first. The caller has checked who may see the card."""
    open_tasks = select(DialTask).where(
        DialTask.family_id == family.id,
        DialTask.state.in_(ON_THE_WAY),
    )
    rows = session.scalars(open_tasks.order_by(DialTask.due_at, DialTask.id)).all()
    return [of_task(session, task, at, live, mode=mode) for task in rows]


def of_task(session: Session, task: DialTask, at: datetime, live: Live, *, mode: Literal["demo", "live"]) -> Why:
    """The one line: the next allowed time, or the rule that blocks."""
    if task.state == TaskState.CALLING.value:
        return Why(task, None, None, "Звоним сейчас.")
    when = max(at, task.due_at)
    verdict = judge(facts.read(session, task, when, live, mode=mode), when)
    by_person = task.channel == Channel.HUMAN.value
    who = "Позвонит сотрудник" if by_person else "Позвонит робот"
    if verdict.answer is Answer.GO:
        return Why(task, when, None, f"{who}.{_because(task) if by_person else ''}")
    return Why(task, verdict.until, verdict.rule, _blocked(verdict, who))


def tried(session: Session, task: DialTask) -> list[Tried]:
    """The attempts of a task, the first one first, each with its story."""
    attempts = session.scalars(select(DialAttempt).where(DialAttempt.task_id == task.id).order_by(DialAttempt.n)).all()
    return [
        Tried(
            one,
            session.scalars(select(DialEvent).where(DialEvent.attempt_id == one.id).order_by(DialEvent.id)).all(),
        )
        for one in attempts
    ]


def story(session: Session, task: DialTask) -> Sequence[DialEvent]:
    """Everything that happened to a task, in order."""
    return session.scalars(select(DialEvent).where(DialEvent.task_id == task.id).order_by(DialEvent.id)).all()


def _because(task: DialTask) -> str:
    return f" Не робот: {task.reason}." if task.reason else ""


def _blocked(verdict: Verdict, who: str) -> str:
    rule = verdict.rule.title if verdict.rule else ""
    match verdict.answer:
        case Answer.END:
            return f"Звонить не будем: {rule}."
        case Answer.HUMAN:
            return f"Позвонит сотрудник, не робот: {rule}."
        case _:
            return f"{who} позже: {rule}."
