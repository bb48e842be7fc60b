"""The queries behind a quarter's figures: grouped by the database, the same on both engines."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from crm.journal_tables import CONTACT_METHODS, SAVED, JournalEntry
from crm.ratings.tables import Rating

ANNULLED = "annulled"


@dataclass
class Answers:
    """What the survey of a quarter brought. `rated`: employee's id → (Сб, Кг, refused, unreached)."""

    distribution: list[int] = field(default_factory=lambda: [0] * 10)
    refused: int = 0
    unreached: int = 0
    self_taken: int = 0
    rated: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)


def given_in(service_id: int, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    """The condition on ratings given in this half-open span."""
    return (Rating.service_id == service_id, Rating.given_at >= since, Rating.given_at < until)


def counting(
    service_id: int, since: datetime, until: datetime, as_of: datetime | None = None
) -> tuple[ColumnElement[bool], ...]:
    """The condition on the answers that count in this span: the newest of each chain, of rows that stand in the
    journal.

    `as_of` looks back: as the records were at that moment, for the rows behind a closed report. Both exceptions are
    short lists, read once; a test for each row would cost a million look-ups.
    """
    newer = aliased(Rating)
    corrected = select(newer.corrects_id).where(newer.corrects_id.is_not(None))
    annulled = select(JournalEntry.id).where(JournalEntry.service_id == service_id, JournalEntry.progress == ANNULLED)
    if as_of is not None:
        corrected = corrected.where(newer.created_at <= as_of)
        annulled = annulled.where(JournalEntry.annulled_at <= as_of)
    known = () if as_of is None else (Rating.created_at <= as_of,)
    return (
        *given_in(service_id, since, until),
        Rating.outcome != "missed",
        Rating.id.not_in(corrected),
        Rating.entry_id.not_in(annulled),
        *known,
    )


def answers(session: Session, service_id: int, since: datetime, until: datetime) -> Answers:
    """Count the answers of this span by employee, outcome and score."""
    own = func.sum(case((Rating.taken_by_id == Rating.rated_id, 1), else_=0))
    statement = (
        select(Rating.rated_id, Rating.outcome, Rating.score, func.count(), own)
        .where(*counting(service_id, since, until))
        .group_by(Rating.rated_id, Rating.outcome, Rating.score)
    )
    found = Answers()
    for rated_id, outcome, score, count, self_taken in session.execute(statement):
        total, raters, refused, unreached = found.rated.get(rated_id, (0, 0, 0, 0))
        found.self_taken += int(self_taken)
        if outcome == "score":
            found.distribution[score - 1] += count
            total, raters = total + score * count, raters + count
        elif outcome == "refused":
            found.refused += count
            refused += count
        else:
            found.unreached += count
            unreached += count
        found.rated[rated_id] = (total, raters, refused, unreached)
    return found


def total(session: Session, service_id: int, since: datetime, until: datetime) -> tuple[int, int]:
    """Return Сб and Кг of this span."""
    statement = select(func.sum(Rating.score), func.count(Rating.score)).where(*counting(service_id, since, until))
    sum_of_scores, raters = session.execute(statement).one()
    return int(sum_of_scores or 0), raters


def appeals(session: Session, service_id: int, since: datetime, until: datetime) -> dict[str, int]:
    """Count the appeals taken in this span by the way of contact; annulled rows are no appeals."""
    statement = (
        select(JournalEntry.contact_method, func.count())
        .where(JournalEntry.service_id == service_id, JournalEntry.state == SAVED, JournalEntry.progress != ANNULLED)
        .where(JournalEntry.occurred_at >= since, JournalEntry.occurred_at < until)
        .group_by(JournalEntry.contact_method)
    )
    counted: dict[str, int] = {}
    for method, count in session.execute(statement):
        counted[method] = count
    return {method: counted.get(method, 0) for method in CONTACT_METHODS}


def closed(session: Session, service_id: int, since: datetime, until: datetime) -> int:
    """Count the cases closed in this span, whatever their end."""
    statement = select(func.count()).where(
        JournalEntry.service_id == service_id,
        JournalEntry.closed_at >= since,
        JournalEntry.closed_at < until,
        JournalEntry.progress != ANNULLED,
    )
    return session.scalar(statement) or 0
