"""Reading the audit log: every filter, paging without gaps, and always along an index."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from crm import audit, audit_reading
from crm.audit import Actor
from crm.audit_reading import NOBODY, AuditFilters
from crm.db import Database
from crm.family_tables import Family
from tests.integration.crm.scenario import NOON

ANNA, BORIS = Actor(1, "Анна"), Actor(2, "Борис")


def fill(database: Database) -> None:
    """Sixty entries, a minute apart, but for the last ten: they are of one moment."""
    with database.transaction() as session:
        for place in range(60):
            audit.write(
                session,
                BORIS if place % 3 else ANNA,
                "family.open" if place % 2 else "journal.save",
                subject="family",
                subject_id=place % 4,
                family_id=place % 4 or None,
                at=NOON + timedelta(minutes=min(place, 50)),
            )


def seqs(database: Database, filters: AuditFilters, limit: int = 100) -> list[int]:
    """All pages, one after another."""
    found: list[int] = []
    before = None
    while True:
        with database.reading() as session:
            page = audit_reading.page(session, filters, before=before, limit=limit)
        found += [row.seq for row in page.rows]
        before = page.older
        if before is None:
            return found


@pytest.mark.parametrize("limit", [1, 7, 59, 60, 61])
def test_pages_show_every_entry_once_newest_first(database: Database, limit: int) -> None:
    fill(database)
    assert seqs(database, AuditFilters(), limit) == list(range(60, 0, -1))


def test_each_filter_and_all_of_them(database: Database) -> None:
    fill(database)
    places = range(60)
    asked = {
        AuditFilters(employee_id=1): [p for p in places if p % 3 == 0],
        AuditFilters(family_id=3): [p for p in places if p % 4 == 3],
        AuditFilters(actions=("family.open",)): [p for p in places if p % 2],
        AuditFilters(since=NOON + timedelta(minutes=10)): [p for p in places if p >= 10],
        AuditFilters(until=NOON + timedelta(minutes=10)): [p for p in places if p < 10],
        AuditFilters(1, 3, ("family.open",), NOON + timedelta(minutes=5), NOON + timedelta(minutes=50)): [
            p for p in places if p % 3 == 0 and p % 4 == 3 and 5 <= p < 50
        ],
        AuditFilters(employee_id=NOBODY): [],
        AuditFilters(family_id=NOBODY): [],
    }
    for filters, wanted in asked.items():
        assert seqs(database, filters, 5) == [place + 1 for place in reversed(wanted)], filters


@pytest.mark.parametrize("before", [-1, 0, 61, 2**63 - 1, 2**63, 10**30])
def test_a_page_after_an_entry_that_is_not_there_is_empty(database: Database, before: int) -> None:
    fill(database)
    with database.reading() as session:
        assert audit_reading.page(session, AuditFilters(), before=before).rows == []


def test_cards_are_named_by_their_number(town: Database) -> None:
    with town.reading() as session:
        family = session.scalars(select(Family).order_by(Family.id)).first()
        assert family is not None
        number = family.card_number
        for typed in (number, number.lower(), number.replace("С", "C"), number.removeprefix("С-"), f" {family.id} "):
            assert audit_reading.family_of_card(session, typed) == family.id
        for typed in ("", "С-99999", "0", "-1", "²", "9" * 40, "' OR 1=1", "С-С-1\u202e"):
            assert audit_reading.family_of_card(session, typed) == NOBODY
        assert audit_reading.card_of(session, family.id) == number
        assert audit_reading.card_of(session, 999_999) == ""


@pytest.mark.parametrize(
    "filters",
    [
        AuditFilters(),
        AuditFilters(employee_id=1),
        AuditFilters(family_id=3),
        AuditFilters(actions=("family.open",)),
        AuditFilters(since=NOON, until=NOON + timedelta(days=1)),
        AuditFilters(employee_id=1, since=NOON),
    ],
    ids=str,
)
def test_no_question_sorts_or_reads_the_whole_log(database: Database, filters: AuditFilters) -> None:
    fill(database)
    statement = audit_reading.statement_of(filters).limit(101)
    compiled = str(statement.compile(database.engine, compile_kwargs={"literal_binds": True}))
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):  # sixty rows need no index
                connection.execute(text(f"SET LOCAL {setting} = off"))
            plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {compiled}"))
            assert "Seq Scan" not in plan
            assert "Sort" not in plan
        else:
            plan = "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}"))
            assert "USING INDEX" in plan
            assert "TEMP B-TREE" not in plan
