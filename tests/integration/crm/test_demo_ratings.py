"""The demo's ratings are those of domain.md §10.3, and loading them is what everybody else's verbs would have done."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from crm import db
from crm.family_tables import Family
from crm.journal_tables import JournalEntry
from crm.ratings import reports
from crm.ratings.giving import mark_of
from crm.ratings.tables import Rating
from tests.integration.crm.surveys import person, service


def test_the_quarters_of_the_fixture(town: db.Database) -> None:
    with town.reading() as session:
        one = service(session, "B").id
        first, second, third, fourth = (reports.report(session, one, 2026, quarter) for quarter in (1, 2, 3, 4))
        closed = [reports.closed_report(session, one, 2026, quarter) for quarter in (1, 2, 3, 4)]
    assert (first.rated, first.efficiency.verdict) == (0, "")
    assert (second.rated, second.efficiency.total, second.efficiency.shown) == (20, 99, "49,5")
    assert second.efficiency.verdict == "удовлетворительной"
    assert (third.rated, third.efficiency.total, third.efficiency.shown) == (20, 151, "75,5")
    assert third.efficiency.verdict == "условно эффективной"
    assert (fourth.refused, fourth.unreached) == (2, 1)
    assert [bool(one) for one in closed] == [True, True, False, False], "the third is left for a newcomer"
    assert [one.number for one in closed if one] == [1, 2]
    assert all(reports.is_intact(one) for one in closed if one)


def test_the_families_of_the_fixture(town: db.Database) -> None:
    with town.reading() as session:
        marks: dict[int, list[str]] = {}
        statement = (
            select(Family.card_number, Rating)
            .join(JournalEntry, JournalEntry.id == Rating.entry_id)
            .join(Family, Family.id == JournalEntry.family_id)
            .where(Rating.service_id == service(session, "B").id, Rating.given_at >= datetime(2026, 10, 1, tzinfo=UTC))
        )
        for number, rating in session.execute(statement):
            if rating.outcome != "missed":
                marks.setdefault(int(number[2:]), []).append(mark_of(rating.outcome, rating.score))
    assert marks[27] == ["10", "10"], "two cases of one family in one quarter are two ratings"
    assert marks[1] == ["10"]
    assert marks[2] == ["9"]
    assert marks[23] == ["1"]
    assert marks[21] == ["отказ от оценки"]
    assert marks[24] == ["не удалось связаться"]


def test_column_8_agrees_with_the_ratings(town: db.Database) -> None:
    with town.reading() as session:
        last: dict[int, Rating] = {}
        for rating in session.scalars(select(Rating).order_by(Rating.id)):
            last[rating.entry_id] = rating
        for entry in session.scalars(select(JournalEntry).where(JournalEntry.id.in_(last))):
            rating = last[entry.id]
            assert (entry.rating_mark, entry.progress) == (mark_of(rating.outcome, rating.score), "closed")
            assert entry.closed_at == rating.given_at
            assert entry.resolved_at is not None
            assert entry.resolved_at <= rating.given_at
            assert rating.taken_by_id != rating.rated_id
        assert {one.rated_id for one in last.values()} == {
            person(session, login).id for login in ("gromova", "lavrova", "zayac")
        }
