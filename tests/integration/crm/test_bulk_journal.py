"""The benchmark's journal is a journal: numbers without gaps, found by words, read like any other."""

from __future__ import annotations

from itertools import groupby

from sqlalchemy import func, select

from crm.appeals.reading import JournalFilters, page
from crm.db import Database
from crm.demo.bulk import EPOCH
from crm.demo.bulk_journal import journal
from crm.journal import JournalEntry
from crm.ratings.tables import Rating
from tests.integration.crm import scenario as s
from tests.integration.crm.appeals import service_of


def test_two_hundred_rows_are_a_journal(town: Database) -> None:
    with town.transaction() as session:
        service_id = service_of(session, "A")
        before = session.scalar(select(func.max(JournalEntry.id))) or 0
        assert journal(session, 200, service_id=service_id) == 200
    with town.reading() as session:
        rows = session.scalars(
            select(JournalEntry).where(JournalEntry.id > before).order_by(JournalEntry.year, JournalEntry.number)
        ).all()
        for _, of_year in groupby(rows, key=lambda row: row.year):
            numbers = [row.number or 0 for row in of_year]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert all((row.next_check_on is not None) == (not row.closed_at) for row in rows)
        rated = session.scalar(select(func.count()).select_from(Rating).where(Rating.entry_id > before))
        assert rated == sum(bool(row.rating_mark) for row in rows)
        lavrova, head = s.employee(session, "lavrova"), s.employee(session, "roshchina")
        words = JournalFilters(service_id=service_id, text="загс")
        assert page(session, lavrova, words, today=EPOCH.date()).count > 10
        assert page(session, head, JournalFilters(service_id=service_id, overdue=True), today=EPOCH.date()).count >= 0
