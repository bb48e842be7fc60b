"""Ratings that come by telephone (S-8; domain.md §1.3, §9.3): what a key gives, and what becomes of unanswered calls.

A key's answer is written at once (`give_by_key`, `refuse`). Everything else is settled from the rows once a minute
(`settle`): a call that reached nobody is one of two attempts; after the second, or where nobody can be called any more,
column 8 says «не удалось связаться». No line of a call's story tells a score: those rated read stories too (A-32).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from callflow.dialler.states import AttemptState, Disposition, TaskState
from crm.dialler.changing import tell
from crm.dialler.keys import say_once, subjects_of
from crm.dialler.tables import RATING, DialAttempt, DialEvent, DialSubject, DialTask
from crm.dialler.withdrawing import withdraw_all
from crm.errors import NotFound, RecordsError
from crm.journal_tables import JournalEntry
from crm.ratings import giving
from crm.ratings.tables import Rating

NOT_ABOUT_IT = "Этот звонок не об оценке."
ROBOT = "robot"
SURVEY = "survey"
COUNTED = "attempt_counted"
"""Line of the story: this call is one of the two attempts already."""
SETTLER = "ratings"
OVER = "оценка записана или вопрос снова в работе"

REACHED_NOBODY = frozenset(
    {
        Disposition.NO_ANSWER,
        Disposition.BUSY,
        Disposition.REJECTED,
        Disposition.UNREACHABLE,
        Disposition.MACHINE,
        Disposition.HUNG_UP,
        Disposition.WRONG_PERSON,
        Disposition.BAD_NUMBER,
    }
)
"""Ends of a call that count as an attempt. Who asked for a person, or refused robots, is still called by one; a fault
of the network and an order that the exchange refused rang nowhere."""
NOBODY_TO_CALL = frozenset({TaskState.UNREACHABLE, TaskState.BAD_NUMBER, TaskState.OPTED_OUT})


def give_by_key(session: Session, attempt_id: str, score: int, at: datetime) -> Rating:
    """Key 1 after «Ваша оценка: …»: column 8, and the case is closed. The same again is the one there is.

    Raises NotFound for a call about something else, RecordsError where the case waits for no rating any more.
    """
    rating = giving.give(
        session,
        _entry_of(session, attempt_id),
        outcome=giving.SCORE,
        score=score,
        channel=ROBOT,
        taken_by=None,
        given_at=at,
        at=at,
    )
    say_once(session, attempt_id, "rate", "", at)
    return rating


def refuse(session: Session, attempt_id: str, at: datetime) -> Rating:
    """The star: «отказ от оценки» (B-35). Raises as `give_by_key`."""
    rating = giving.give(
        session,
        _entry_of(session, attempt_id),
        outcome=giving.REFUSED,
        score=None,
        channel=ROBOT,
        taken_by=None,
        given_at=at,
        at=at,
    )
    say_once(session, attempt_id, "refuse_score", "", at)
    return rating


def settle(session: Session, at: datetime, limit: int = 50) -> int:
    """Write what calls came to that brought no answer, and take back calls about cases that wait for none any more;
    return how many lines were written. Run by the ticker as often as it likes."""
    counted = sum(_count(session, attempt, entry_id, at) for attempt, entry_id in _uncounted(session, limit))
    ended = sum(
        _unreached(session, entry_id, at, at, last=True)
        for entry_id in session.scalars(_without_hope().limit(limit)).all()
        if entry_id is not None
    )
    return counted + ended + _take_back(session, at, limit)


def _entry_of(session: Session, attempt_id: str) -> int:
    for subject in subjects_of(session, attempt_id):
        if subject.entry_id is not None:
            return subject.entry_id
    raise NotFound(NOT_ABOUT_IT)


def _waiting() -> Select[int]:
    """Ids of the promises about cases that still wait for their rating."""
    return (
        select(DialSubject.id)
        .join(JournalEntry, JournalEntry.id == DialSubject.entry_id)
        .where(DialSubject.entry_id.is_not(None), DialSubject.withdrawn_at.is_(None), JournalEntry.progress == SURVEY)
    )


def _uncounted(session: Session, limit: int) -> Sequence[tuple[DialAttempt, int]]:
    """Calls about waiting cases that reached nobody and are not among the attempts yet, the first one first."""
    known = exists().where(DialEvent.attempt_id == DialAttempt.id, DialEvent.what == COUNTED)
    found = (
        select(DialAttempt, DialSubject.entry_id)
        .join(DialSubject, DialSubject.task_id == DialAttempt.task_id)
        .where(
            DialSubject.id.in_(_waiting()),
            DialAttempt.kind == RATING,
            DialAttempt.state == AttemptState.ENDED.value,
            DialAttempt.disposition.in_([one.value for one in REACHED_NOBODY]),
            ~known,
        )
        .order_by(DialAttempt.ended_at, DialAttempt.id)
        .limit(limit)
    )
    return [(attempt, entry_id) for attempt, entry_id in session.execute(found) if entry_id is not None]


def _count(session: Session, attempt: DialAttempt, entry_id: int, at: datetime) -> bool:
    """One attempt more; the second closes the case."""
    rang_at = attempt.ended_at or at
    # Its quarter may have been closed meanwhile: then it counts in the one that is open.
    if not (_unreached(session, entry_id, rang_at, at) or _unreached(session, entry_id, at, at)):
        return False
    tell(session, attempt.task_id, COUNTED, at, attempt_id=attempt.id, source=SETTLER)
    session.flush()
    return True


def _without_hope() -> Select[int | None]:
    """Waiting cases whose call is over: nobody can be called, or the time for it ran out after an attempt."""
    tried = exists().where(Rating.entry_id == DialSubject.entry_id, Rating.outcome == giving.MISSED)
    nobody = DialTask.state.in_([one.value for one in NOBODY_TO_CALL])
    return (
        select(DialSubject.entry_id)
        .join(DialTask, DialTask.id == DialSubject.task_id)
        .where(
            DialSubject.id.in_(_waiting()),
            nobody | ((DialTask.state == TaskState.EXPIRED.value) & tried),
        )
        .order_by(DialSubject.id)
    )


def _unreached(session: Session, entry_id: int, when: datetime, at: datetime, *, last: bool = False) -> bool:
    """Write it where the case still takes it; what cannot be written is left to the people who keep the case."""
    try:
        with session.begin_nested():
            giving.give(
                session,
                entry_id,
                outcome=giving.UNREACHED,
                score=None,
                channel=ROBOT,
                taken_by=None,
                given_at=when,
                at=at,
                last=last,
            )
    except RecordsError:
        return False
    return True


def _take_back(session: Session, at: datetime, limit: int) -> int:
    """Calls about cases that were rated, opened again or annulled meanwhile."""
    gone = (
        select(DialSubject.id)
        .join(JournalEntry, JournalEntry.id == DialSubject.entry_id)
        .where(DialSubject.entry_id.is_not(None), DialSubject.withdrawn_at.is_(None), JournalEntry.progress != SURVEY)
        .order_by(DialSubject.id)
        .limit(limit)
    )
    ids = list(session.scalars(gone))
    if ids:
        withdraw_all(session, DialSubject.id.in_(ids), OVER, at, source=SETTLER)
    return len(ids)
