"""Migrations: up, down, twice, together, and against a newer database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import StatementError

from crm import db, exchange_state, families, models, schema
from crm.errors import SchemaError
from crm.family_tables import ACTIVE
from crm.journal_tables import SAVED, JournalEntry
from crm.search.tables import EntryWord
from tests.integration.crm.scenario import employee


def test_the_schema_goes_up_is_what_the_models_say_and_goes_down_again(empty_url: str) -> None:
    schema.upgrade(empty_url)
    engine = db.make_engine(empty_url)
    with engine.begin() as connection:
        command.check(schema.alembic_config(connection))
        assert set(models.metadata.tables) <= set(inspect(connection).get_table_names())
        command.downgrade(schema.alembic_config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(schema.alembic_config(connection), "head")
    engine.dispose()
    db.check_schema(empty_url)


def test_records_of_the_first_version_are_carried_over(town: db.Database) -> None:
    # 23:30 and 0:30 in Moscow: one evening in UTC, two days in the journal
    evening = datetime(2026, 11, 11, 20, 30, tzinfo=UTC)
    with town.transaction() as session:
        author = employee(session, "lavrova")
        for number, minutes in ((9001, 5), (9002, 60)):
            session.add(JournalEntry(service_id=1, year=2026, number=number, state=SAVED, author_id=author.id,
                                     family_id=1, applicant_name="Кузнецова", created_at=evening,
                                     saved_at=evening + timedelta(minutes=minutes)))  # fmt: skip
    url = town.engine.url.render_as_string(hide_password=False)
    engine = db.make_engine(url, foreign_keys=False)
    with engine.begin() as connection:
        command.downgrade(schema.alembic_config(connection), "0001_records")
    engine.dispose()
    schema.upgrade(url)
    with town.reading() as session:
        rows = session.scalars(select(JournalEntry).where(JournalEntry.number > 9000).order_by(JournalEntry.id)).all()
        assert [row.entered_late for row in rows] == [False, True]
        for row in rows:
            assert (row.need, row.obstacles, row.progress, row.measures, row.rating_mark) == ({}, [], "in_work", "", "")
            assert (row.occurred_at, row.responsible_id, row.next_check_on is None) == (evening, author.id, False)
        assert {row.id for row in rows} <= set(session.scalars(select(EntryWord.entry_id)))
        found = families.find_by_number(session, "+79070000101")
        assert [(one.family.state, one.family.no_messages, one.person.lives_with_family) for one in found] == [
            (ACTIVE, False, True)
        ]


def test_two_starters_at_once_leave_one_schema(empty_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: schema.upgrade(empty_url), range(6)))
    db.check_schema(empty_url)


def test_a_newer_database_is_refused_with_a_sentence(empty_url: str) -> None:
    schema.upgrade(empty_url)
    engine = db.make_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_from_the_future'"))
    engine.dispose()
    for refusing in (schema.upgrade, db.check_schema):
        with pytest.raises(SchemaError, match="более новой версией"):
            refusing(empty_url)


def test_an_empty_database_is_not_taken_for_a_ready_one(empty_url: str) -> None:
    with pytest.raises(SchemaError, match="family-dispatch init"):
        db.check_schema(empty_url)


def test_instants_come_back_aware_and_equal(database: db.Database) -> None:
    local = datetime.fromisoformat("2026-11-12T14:30:00.123456+03:00")
    with database.transaction() as session:
        exchange_state.note_link(session, up=True, at=local, reason="")
    with database.reading() as session:
        stored = exchange_state.exchange_state(session).link_since
    assert stored == local
    assert stored is not None
    assert stored.utcoffset() is not None


def test_a_naive_instant_is_refused(database: db.Database) -> None:
    with pytest.raises(StatementError, match="without a time zone"), database.transaction() as session:
        exchange_state.note_link(session, up=True, at=datetime(2026, 1, 1), reason="")  # noqa: DTZ001


def test_a_reading_session_cannot_write(database: db.Database) -> None:
    with pytest.raises(Exception, match=r"read-?only"), database.reading() as session:
        exchange_state.touch(session)
    with database.transaction() as session:
        assert exchange_state.touch(session) == 2


def test_a_block_that_raises_leaves_nothing(database: db.Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:  # noqa: PT012
        exchange_state.touch(session)
        raise ZeroDivisionError
    with database.reading() as session:
        assert exchange_state.exchange_state(session).wanted_version == 1
