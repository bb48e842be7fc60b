"""Words of the stories about ratings: cases that wait for a survey, and people who ask.

The stories play in 2031, where the demo has no rows.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.ratings import giving
from crm.ratings.tables import Rating
from crm.staff import Employee, by_login

BEGIN = datetime(2031, 10, 12, 9, 0, tzinfo=UTC)
_numbers = itertools.count(5000)


def person(session: Session, login: str) -> Employee:
    """The demo's employee."""
    found = by_login(session, login)
    assert found is not None
    return found


def service(session: Session, code: str = "B") -> Service:
    """One of the two services."""
    return session.scalars(select(Service).where(Service.code == code)).one()


def case(
    session: Session,
    at: datetime = BEGIN,
    *,
    code: str = "B",
    by: str = "gromova",
    progress: str = "survey",
    family_id: int | None = None,
    method: str = "phone",
) -> JournalEntry:
    """A saved row whose question is solved: it waits for its survey."""
    author = person(session, by)
    entry = JournalEntry(
        service_id=service(session, code).id,
        year=at.year,
        number=next(_numbers),
        family_id=family_id,
        state="saved",
        applicant_name="Абрамова Яна Леонидовна",
        family_brief="многодетная",
        contact_method=method,
        substance="Просит разъяснить порядок",
        author_id=author.id,
        responsible_id=author.id,
        created_at=at - timedelta(days=2),
        occurred_at=at - timedelta(days=2),
        saved_at=at - timedelta(days=2),
        progress=progress,
        measures="12.10.2031. Разъяснён порядок.",
        final_result="Оформлено",
        resolved_at=at - timedelta(hours=1),
    )
    session.add(entry)
    session.flush()
    return entry


def answer(session: Session, entry: JournalEntry, mark: int | str, at: datetime = BEGIN, by: str = "zayac") -> Rating:
    """The applicant says a score, «refused» or «unreached» at this moment, asked by telephone."""
    score = mark if isinstance(mark, int) else None
    return giving.give(
        session,
        entry.id,
        outcome="score" if score else str(mark),
        score=score,
        channel="human_call",
        taken_by=person(session, by),
        given_at=at,
        at=at,
    )
