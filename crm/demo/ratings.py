"""The demo's ratings: what the invented applicants said of the work (domain.md §10.3, «Ratings fixture»).

Service B in 2026: nobody in the first quarter, 20 ratings with the sum 99 in the second (K 49.5), 20 with the sum 151
in the third (K 75.5), a mixed fourth: two refusals, one family not reached, two tens of family 27. Both quarters before
the third are closed; the third is left for whoever tries the program out. Service A has a closed year 2025.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.demo.hours import STATE
from crm.demo.services import TIMEZONE
from crm.family_tables import Family
from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.ratings import reports
from crm.ratings.efficiency import bounds, quarter_of
from crm.ratings.giving import MISSED, REFUSED, SCORE, UNREACHED, mark_of, rated_of
from crm.ratings.tables import Rating
from crm.staff import Employee

ZONE = ZoneInfo(TIMEZONE)
SECOND = (5, 4, 6, 3, 7, 5, 4, 8, 2, 6, 5, 5, 3, 7, 4, 6, 5, 5, 4, 5)
THIRD = (8, 7, 9, 6, 10, 8, 7, 5, 9, 8, 7, 8, 6, 9, 10, 7, 4, 8, 9, 6)
FOURTH: dict[int, int | str] = {
    1: 10, 2: 9, 4: 8, 13: REFUSED, 14: 9, 16: 8, 21: REFUSED, 23: 1, 24: UNREACHED, 25: 7, 27: 10,
}  # fmt: skip
"""By family; the others still wait for their survey."""
TWICE = 27
"""The family that rates two cases in one quarter: its third-quarter appeal was asked about in October."""
OF_SERVICE_A = (8, 9, 7, 10, 6, 9, 8, 7)
CHANNELS = ("human_call", "human_call", "in_person", "human_call", "paper")


def load_ratings(session: Session, at: datetime) -> None:
    """Rate the solved appeals that the demo's journal holds, and close the quarters that are to be closed. Once."""
    services = {one.code: one for one in session.scalars(select(Service))}
    staff = {one.login: one for one in session.scalars(select(Employee))}
    for entry, mark, given_at in [*_of_a(session, services["A"]), *_of_b(session, services["B"])]:
        if given_at < at:
            _rate(session, entry, mark, given_at, staff["zayac" if rated_of(entry) != staff["zayac"].id else "lavrova"])
    session.flush()
    for code, year, quarters in (("A", 2025, (1, 2, 3, 4)), ("B", 2026, (1, 2))):
        for quarter in quarters:
            closed_at = bounds(year, quarter, ZONE)[1] + timedelta(days=5, hours=9)
            if closed_at < at:
                reports.close_quarter(session, services[code].id, year, quarter, staff["roshchina"], closed_at)


def _of_a(session: Session, service: Service) -> Iterator[tuple[JournalEntry, int | str, datetime]]:
    for place, (entry, _, given_at) in enumerate(_waiting(session, service)):
        yield entry, REFUSED if place % 11 == 5 else OF_SERVICE_A[place % len(OF_SERVICE_A)], given_at


def _of_b(session: Session, service: Service) -> Iterator[tuple[JournalEntry, int | str, datetime]]:
    waiting = list(_waiting(session, service))
    by_quarter: dict[int, list[tuple[JournalEntry, int, datetime]]] = {1: [], 2: [], 3: [], 4: []}
    for one in waiting:
        by_quarter[quarter_of(one[2], ZONE)[1]].append(one)
    twice = [one for one in by_quarter[3] if one[1] == TWICE][-1:]
    yield from _scored(by_quarter[2], SECOND)
    yield from _scored([one for one in by_quarter[3] if one not in twice], THIRD)
    october = datetime.combine(bounds(2026, 4, ZONE)[0].astimezone(ZONE).date(), time(11), ZONE) + timedelta(days=7)
    for entry, _, _ in twice:
        yield entry, FOURTH[TWICE], october.astimezone(UTC)
    asked: set[int] = set()
    for entry, family, given_at in by_quarter[4]:
        if family in FOURTH and family not in asked:
            asked.add(family)
            yield entry, FOURTH[family], given_at


def _scored(
    rows: Iterable[tuple[JournalEntry, int, datetime]], scores: Iterable[int]
) -> Iterator[tuple[JournalEntry, int | str, datetime]]:
    for (entry, _, given_at), score in zip(rows, scores, strict=False):
        yield entry, score, given_at


def _waiting(session: Session, service: Service) -> Iterator[tuple[JournalEntry, int, datetime]]:
    """Solved appeals, the oldest first: (row, family's number, when its survey is taken)."""
    statement = (
        select(JournalEntry, Family.card_number)
        .join(Family, Family.id == JournalEntry.family_id)
        .where(JournalEntry.service_id == service.id, JournalEntry.progress == "survey")
        .order_by(JournalEntry.occurred_at, JournalEntry.id)
    )
    for entry, card_number in session.execute(statement):
        if entry.resolved_at is not None:
            local = entry.resolved_at.astimezone(ZONE)
            asked = datetime.combine(STATE.next_working_day(local.date()), local.time(), ZONE)
            yield entry, int(card_number.removeprefix("С-")), asked.astimezone(UTC)


def _rate(session: Session, entry: JournalEntry, mark: int | str, given_at: datetime, taken_by: Employee) -> None:
    """The rows that `crm.ratings.giving` would write, without an audit entry for something nobody did."""
    score = mark if isinstance(mark, int) else None
    outcome = SCORE if score else str(mark)
    calls = [MISSED, UNREACHED] if outcome == UNREACHED else [outcome]
    for place, one in enumerate(calls):
        session.add(
            Rating(
                entry_id=entry.id,
                service_id=entry.service_id,
                outcome=one,
                score=score,
                given_at=given_at + timedelta(hours=4 * place),
                channel="human_call" if outcome == UNREACHED else CHANNELS[entry.id % len(CHANNELS)],
                rated_id=rated_of(entry),
                taken_by_id=taken_by.id,
                created_at=given_at + timedelta(hours=4 * place),
            )
        )
    entry.rating_mark, entry.progress, entry.next_check_on = mark_of(outcome, score), "closed", None
    entry.closed_at = given_at + timedelta(hours=4 * (len(calls) - 1))
    entry.version += 1
