"""Who sees which score when: those rated do not see who gave which score before the quarter is closed (domain.md §1.3,
A-32).

Every list, page, timeline and file that prints column 8 asks here; nobody prints `rating_mark` by himself.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.ratings.efficiency import quarter_of
from crm.ratings.tables import QuarterReport, Rating
from crm.staff import Employee, Role

HIDDEN = "оценка получена"
"""What the rated employee reads instead of the score."""

SEE_ALL = frozenset([Role.HEAD.value, Role.DIRECTOR.value])
"""They answer for the report and read every score."""

_CHUNK = 500  # SQLite takes no more than 32,766 parameters, and a stream comes in batches anyway


def marks_seen_by(session: Session, entries: Sequence[JournalEntry], viewer: Employee, at: datetime) -> dict[int, str]:
    """Return column 8 of these rows, by id, as this viewer may read it at this moment; '' where no survey has ended.

    The score of one's own work reads «оценка получена» until the quarter in which it was given is closed. Refusals and
    «не удалось связаться» are no scores and stay. Two queries for any number of rows.
    """
    marks = {entry.id: entry.rating_mark for entry in entries}
    hidden = hidden_from(session, [key for key, mark in marks.items() if mark.isdecimal()], viewer, at)
    return {key: HIDDEN if key in hidden else mark for key, mark in marks.items()}


def hidden_from(session: Session, entry_ids: Sequence[int], viewer: Employee, at: datetime) -> set[int]:
    """Return those of these rows whose score this viewer may not read yet.

    A corrected score stays hidden as long as any quarter of its chain is open: the old value would tell the new one.
    """
    if viewer.role in SEE_ALL:
        return set()
    own: list[tuple[int, int, datetime]] = []
    for first in range(0, len(entry_ids), _CHUNK):
        chunk = entry_ids[first : first + _CHUNK]
        statement = select(Rating.entry_id, Rating.service_id, Rating.given_at).where(
            Rating.entry_id.in_(chunk), Rating.rated_id == viewer.id, Rating.outcome == "score"
        )
        own.extend((entry_id, service_id, given_at) for entry_id, service_id, given_at in session.execute(statement))
    if not own:
        return set()
    closed, zones = _closed_quarters(session, at), _zones(session)
    return {
        entry_id
        for entry_id, service_id, given_at in own
        if (service_id, *quarter_of(given_at, zones[service_id])) not in closed
    }


def _closed_quarters(session: Session, at: datetime) -> set[tuple[int, int, int]]:
    statement = select(QuarterReport.service_id, QuarterReport.year, QuarterReport.quarter)
    rows = session.execute(statement.where(QuarterReport.closed_at <= at))
    return {(service_id, year, quarter) for service_id, year, quarter in rows}


def _zones(session: Session) -> dict[int, ZoneInfo]:
    return {one.id: ZoneInfo(one.institution.timezone) for one in session.scalars(select(Service))}
