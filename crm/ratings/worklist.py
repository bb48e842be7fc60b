"""Ratings that people ask for by telephone, one family after another; nobody asks about her own work (A-32).

What all lists of the engine share is `crm.dialler.by_person`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final, Literal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Verdict
from callflow.dialler.states import TaskState
from callflow.text import clean_line
from crm.audit import Actor
from crm.dialler import by_person, claiming, refusals, yielding
from crm.dialler.access import NOT_THERE, fetch_task
from crm.dialler.changing import end
from crm.dialler.tables import RATING, DialSubject, DialTask
from crm.dialler.wrapping_up import close_wrapup
from crm.errors import NotFound, RecordsError
from crm.family_tables import Family
from crm.journal_tables import JournalEntry
from crm.outgoing.tables import OutgoingCall
from crm.ratings import giving
from crm.ratings.tables import Rating
from crm.staff import Employee

PURPOSE: Final = "оценка работы"
OWN_WORK: Final = "Оценивают вашу работу: спросит другой сотрудник."
WRONG_TIME: Final = "Укажите время позже этой минуты."
AFTER_NO_ANSWER: Final = timedelta(hours=2)
"""Between two calls of people about one rating (domain.md §3.2)."""
HUMAN_CALL: Final = "human_call"


class Outcome(StrEnum):
    """What a call of a person came to, beside a score."""

    REFUSED = "refused"
    LATER = "later"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() of an outcome is of no use to anybody
        """As it stands on the button."""
        return _TITLES[self]


_TITLES: Final = {
    Outcome.REFUSED: "Отказ от оценки",
    Outcome.LATER: "Перезвонить позже",
    Outcome.NO_ANSWER: "Не дозвонились",
    Outcome.WRONG_NUMBER: "Номер не тот",
    Outcome.DO_NOT_CALL: "Просят не звонить",
}


@dataclass(frozen=True)
class Item:
    """One line of the list. `attempt`: which call it would be; `holder`: who works on it; `mine`: the viewer does."""

    task: DialTask
    entry: JournalEntry
    family: Family | None
    rated: Employee
    attempt: int
    holder: Employee | None
    mine: bool


def items(session: Session, viewer: Employee, at: datetime, limit: int = 100) -> list[Item]:
    """Whom people are to ask now, the most urgent first; never about the viewer's own work."""
    now = _others(session, viewer).where(DialTask.due_at <= at, DialTask.deadline > at)
    return _items(session, now, viewer, limit)


def later(session: Session, viewer: Employee, at: datetime, limit: int = 100) -> list[Item]:
    """Whom people are to ask another time."""
    ahead = _others(session, viewer).where(DialTask.due_at > at, DialTask.deadline > at)
    return _items(session, ahead, viewer, limit)


def count(session: Session, viewer: Employee, at: datetime) -> int:
    """How many of them nobody has taken yet."""
    now = _others(session, viewer).where(
        DialTask.due_at <= at, DialTask.deadline > at, DialTask.state == TaskState.DUE.value
    )
    return session.scalar(now.with_only_columns(func.count(DialTask.id))) or 0


def held(session: Session, viewer: Employee) -> Item | None:
    """The one that she works on."""
    task = by_person.held(session, RATING, viewer)
    return _item(session, task, viewer) if task is not None else None


def next_up(session: Session, viewer: Employee, at: datetime, *, mode: Literal["demo", "live"]) -> Item | None:
    """Whose turn it is: what she holds, else the most urgent that she has not just passed over, one that may be called
    at this minute first."""
    if (mine := held(session, viewer)) is not None:
        return mine
    passed = by_person.passed_over(session, viewer, at)
    free = {one.task: one for one in items(session, viewer, at) if one.holder is None and one.task.id not in passed}
    ready = by_person.ready_first(session, [*free], at, partial(yielding.live_for, session, viewer), mode=mode)
    first = next(ready, None)
    return free[first] if first is not None else None


def take(session: Session, task_id: int, employee: Employee, at: datetime, *, ip: str = "") -> DialTask:
    """She asks this family. Raises NotFound, RecordsError for a colleague's and for her own work."""
    _check_not_own(session, task_id, employee)
    return by_person.take(session, task_id, employee, at, ip=ip)


def may_call(
    session: Session, item: Item, employee: Employee, at: datetime, *, mode: Literal["demo", "live"]
) -> Verdict:
    """Whether she may call now, by the records: the page says the rule before she presses."""
    return by_person.may_call(session, item.task, at, yielding.live_for(session, employee, item.task), mode=mode)[0]


def call(
    session: Session,
    task_id: int,
    employee: Employee,
    *,
    mode: Literal["demo", "live"],
    at: datetime,
    ip: str = "",
) -> OutgoingCall:
    """Order the call of the family she holds; refused while somebody waits in her queue. Raises NotFound, RecordsError.

    A wrap-up of an earlier family of the list, whose outcome is written, ends here: nothing else would end it.
    """
    task = take(session, task_id, employee, at, ip=ip)
    close_wrapup(session, employee, at, ip=ip)
    live = yielding.live_for(session, employee, task)
    return by_person.call(session, task_id, employee, live, purpose=PURPOSE, mode=mode, at=at, ip=ip)


def score(  # noqa: PLR0917 - which, how much, in whose words, by whom, when
    session: Session, task_id: int, points: int, note: str, employee: Employee, at: datetime, *, ip: str = ""
) -> DialTask:
    """The family has named a score: column 8, and the case is closed. Raises NotFound, Incomplete, RecordsError."""
    task, entry = _hers(session, task_id, employee)
    _give(session, entry, giving.SCORE, employee, at, ip, points=points)
    return _over(session, task, TaskState.DELIVERED, "rated", "Оценка записана", note, employee, at, ip)


def finish(  # noqa: PLR0917 - which, how, in whose words, by whom, when
    session: Session,
    task_id: int,
    outcome: Outcome,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    attempt: int = 0,
    call_at: datetime | None = None,
    ip: str = "",
) -> DialTask:
    """What the call came to without a score.

    `attempt`: which call the form stood for, so that a double click is no second one; `call_at`: when to call again
    (LATER). The second call that reaches nobody closes the case with «не удалось связаться», and so does a wrong
    number; who asks not to be called has refused. Raises as `score`.
    """
    task, entry = _hers(session, task_id, employee)
    said = outcome.title
    match outcome:
        case Outcome.LATER:
            by_person.later(session, task, call_at, WRONG_TIME, employee, at)
        case Outcome.NO_ANSWER:
            rating = _give(session, entry, giving.UNREACHED, employee, at, ip, attempt=attempt or None)
            again = at + AFTER_NO_ANSWER if rating.outcome == giving.MISSED else None
            if not by_person.no_answer(session, task, again, employee, at) and rating.outcome == giving.MISSED:
                _give(session, entry, giving.UNREACHED, employee, at, ip, last=True)
        case Outcome.REFUSED:
            _give(session, entry, giving.REFUSED, employee, at, ip)
            return _over(session, task, TaskState.DELIVERED, outcome.value, said, note, employee, at, ip)
        case Outcome.WRONG_NUMBER:
            _give(session, entry, giving.UNREACHED, employee, at, ip, last=True)
            refusals.mark(session, task.number, task.person_id, refusals.WRONG_PERSON, at, None)
            return _over(session, task, TaskState.BAD_NUMBER, outcome.value, said, note, employee, at, ip)
        case _:
            _give(session, entry, giving.REFUSED, employee, at, ip)
            refusals.refuse(
                session, task.number, task.person_id, refusals.ALL, "talk", at,
                by=Actor.of(employee, ip), employee_id=employee.id, family_id=task.family_id,
            )  # fmt: skip
            return _over(session, task, TaskState.OPTED_OUT, outcome.value, said, note, employee, at, ip)
    by_person.note_outcome(session, outcome.value, _words(said, note), task, employee, at, ip)
    close_wrapup(session, employee, at, ip=ip)
    return task


def _give(  # noqa: PLR0917 - which, how, by whom, when, from where
    session: Session,
    entry: JournalEntry,
    outcome: str,
    employee: Employee,
    at: datetime,
    ip: str,
    *,
    points: int | None = None,
    attempt: int | None = None,
    last: bool = False,
) -> Rating:
    return giving.give(
        session,
        entry.id,
        outcome=outcome,
        score=points,
        channel=HUMAN_CALL,
        taken_by=employee,
        given_at=at,
        at=at,
        ip=ip,
        attempt=attempt,
        last=last,
    )


def _over(  # noqa: PLR0917 - as above
    session: Session,
    task: DialTask,
    state: TaskState,
    rule: str,
    said: str,
    note: str,
    employee: Employee,
    at: datetime,
    ip: str,
) -> DialTask:
    end(session, task, state, rule, at, claiming.owner_of(employee))
    by_person.note_outcome(session, rule, _words(said, note), task, employee, at, ip)
    close_wrapup(session, employee, at, ip=ip)
    return task


def _words(said: str, note: str) -> str:
    return f"{said}. {clean_line(note, 300)}".strip()


def _others(session: Session, viewer: Employee) -> Select[DialTask]:
    """Open tasks about the work of somebody else."""
    not_hers = (
        select(DialSubject.id)
        .join(JournalEntry, JournalEntry.id == DialSubject.entry_id)
        .where(
            DialSubject.task_id == DialTask.id,
            DialSubject.withdrawn_at.is_(None),
            func.coalesce(JournalEntry.responsible_id, JournalEntry.author_id) != viewer.id,
        )
    )
    return by_person.waiting(session, RATING, viewer).where(not_hers.exists())


def _items(session: Session, which: Select[DialTask], viewer: Employee, limit: int) -> list[Item]:
    tasks = session.scalars(which.order_by(DialTask.priority, DialTask.deadline, DialTask.id).limit(limit)).all()
    found = (_item(session, task, viewer) for task in tasks)
    return [one for one in found if one is not None]


def _item(session: Session, task: DialTask, viewer: Employee) -> Item | None:
    entry = _entry_of(session, task)
    if entry is None:
        return None
    is_held = task.state != TaskState.DUE.value
    missed = sum(one.outcome == giving.MISSED for one in giving.of_entry(session, entry.id))
    return Item(
        task,
        entry,
        session.get(Family, task.family_id) if task.family_id else None,
        session.get_one(Employee, giving.rated_of(entry)),
        missed + 1,
        session.get(Employee, task.employee_id) if is_held and task.employee_id else None,
        is_held and task.owner == claiming.owner_of(viewer),
    )


def _entry_of(session: Session, task: DialTask) -> JournalEntry | None:
    ids = [one.entry_id for one in task.subjects if one.entry_id is not None and one.withdrawn_at is None]
    return session.get(JournalEntry, ids[0]) if ids else None


def _hers(session: Session, task_id: int, employee: Employee) -> tuple[DialTask, JournalEntry]:
    _check_not_own(session, task_id, employee)
    task = by_person.mine(session, task_id, employee)
    entry = _entry_of(session, task)
    if entry is None:
        raise RecordsError("Оценка уже записана или вопрос снова в работе.")
    return task, entry


def _check_not_own(session: Session, task_id: int, employee: Employee) -> None:
    task = fetch_task(session, task_id, employee)
    entry = _entry_of(session, task)
    if task.kind != RATING:
        raise NotFound(NOT_THERE)
    if entry is not None and giving.rated_of(entry) == employee.id:
        raise RecordsError(OWN_WORK)
