"""The rows behind a report: which appeal was answered how, so that every figure can be followed to the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.ratings import counting
from crm.ratings.efficiency import bounds
from crm.ratings.giving import CHANNELS, OUTCOMES, mark_of
from crm.ratings.reports import closed_report, zone_of
from crm.ratings.tables import Rating
from crm.staff import Employee


@dataclass(frozen=True)
class RatedRow:
    """One answer of the quarter and the journal row that it belongs to. `given_at` is UTC."""

    entry_id: int
    number: int
    year: int
    mark: str
    given_at: datetime
    channel: str
    rated: str
    taken_by: str
    is_correction: bool


def rated_rows(
    session: Session,
    service: Service,
    year: int,
    quarter: int,
    *,
    outcome: str = "",
    score: int | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Sequence[RatedRow]:
    """Return the answers that the quarter's figures count, in the order in which they were given.

    Of a closed quarter those that it counted when it was closed. `outcome` and `score` narrow them. For the head and
    the director only: the caller has checked.
    """
    closed = closed_report(session, service.id, year, quarter)
    rated, taker = aliased(Employee), aliased(Employee)
    statement = (
        select(Rating, JournalEntry.number, JournalEntry.year, rated, taker)
        .join(JournalEntry, JournalEntry.id == Rating.entry_id)
        .join(rated, rated.id == Rating.rated_id)
        .outerjoin(taker, taker.id == Rating.taken_by_id)
        .where(
            *counting.counting(
                service.id, *bounds(year, quarter, zone_of(service)), as_of=closed.closed_at if closed else None
            )
        )
        .order_by(Rating.given_at, Rating.id)
        .limit(limit)
        .offset(offset)
    )
    if outcome in OUTCOMES:
        statement = statement.where(Rating.outcome == outcome)
    if score is not None:
        statement = statement.where(Rating.score == score)
    return [
        RatedRow(
            entry_id=rating.entry_id,
            number=number or 0,
            year=entry_year,
            mark=mark_of(rating.outcome, rating.score),
            given_at=rating.given_at,
            channel=CHANNELS.get(rating.channel, ""),
            rated=who.short_name,
            taken_by=by.short_name if by else "робот",
            is_correction=rating.corrects_id is not None,
        )
        for rating, number, entry_year, who, by in session.execute(statement)
    ]
