"""The audit log: refused changes, and every kind of tampering found at its first row."""

from __future__ import annotations

import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DatabaseError

from crm import audit, keys
from crm.audit import Actor, AuditEvent
from crm.db import Database
from tests.integration.crm.conftest import KEY
from tests.integration.crm.scenario import NOON
from tests.support.wait import patient

BORIS = Actor(None, "Проверка", "head", "127.0.0.1")
AUDIT_KEY = keys.derive(KEY, "audit")


def fill(database: Database, count: int) -> None:
    with database.transaction() as session:
        for number in range(count):
            audit.write(session, BORIS, "family.open", subject="family", subject_id=number, family_id=number, at=NOON)


def unlock(database: Database) -> None:
    """What somebody with the database's own rights would do first."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))
        else:
            for verb in ("UPDATE", "DELETE"):
                connection.execute(text(f"DROP TRIGGER audit_event_no_{verb}"))


def tamper(database: Database, *statements: str) -> None:
    unlock(database)
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def first_bad(database: Database, anchors: Path | None = None) -> int | None:
    with database.reading() as session:
        return audit.verify(session, AUDIT_KEY, anchors)


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET actor_name = 'x'", "DELETE FROM audit_event"])
def test_the_database_refuses_to_change_the_log(database: Database, statement: str) -> None:
    fill(database, 3)
    with pytest.raises(DatabaseError, match="append-only"), database.engine.begin() as connection:
        connection.execute(text(statement))
    assert first_bad(database) is None


def test_an_empty_and_an_untouched_log_are_whole(database: Database, tmp_path: Path) -> None:
    assert first_bad(database) is None
    fill(database, 20)
    assert first_bad(database, tmp_path / "none.anchor") is None


@pytest.mark.parametrize(
    "column", ["at", "actor_id", "actor_name", "action", "subject", "subject_id", "family_id", "details", "ip"]
)
def test_a_changed_value_of_any_column_is_found(database: Database, column: str) -> None:
    fill(database, 9)
    changed = {"at": "'2026-11-12 08:00:00'", "actor_id": "7", "family_id": "99", "details": "'{}'"}
    tamper(database, f"UPDATE audit_event SET {column} = {changed.get(column, repr('other'))} WHERE seq = 5")  # noqa: S608
    assert first_bad(database) == 5


def test_a_removed_row_is_found(database: Database) -> None:
    fill(database, 9)
    tamper(database, "DELETE FROM audit_event WHERE seq = 4")
    assert first_bad(database) == 4


def test_two_swapped_rows_are_found(database: Database) -> None:
    fill(database, 9)
    tamper(
        database,
        "UPDATE audit_event SET seq = 100 WHERE seq = 3",
        "UPDATE audit_event SET seq = 3 WHERE seq = 6",
        "UPDATE audit_event SET seq = 6 WHERE seq = 100",
    )
    assert first_bad(database) == 3


def test_a_row_put_in_by_hand_is_found(database: Database) -> None:
    fill(database, 3)
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_event SELECT 4, at, actor_id, actor_name, action, subject, subject_id, family_id, "
                "details, ip, hash, hash FROM audit_event WHERE seq = 3"
            )
        )
    assert first_bad(database) == 4


def test_a_cut_tail_is_found_by_the_anchor_and_by_nothing_else(database: Database, tmp_path: Path) -> None:
    anchors = tmp_path / "audit.anchor"
    fill(database, 5)
    with database.reading() as session:
        assert audit.anchor(session, anchors, NOON) == 5
    fill(database, 5)
    with database.reading() as session:
        assert audit.anchor(session, anchors, NOON + timedelta(days=1)) == 10
    assert first_bad(database, anchors) is None
    tamper(database, "DELETE FROM audit_event WHERE seq > 7")
    assert first_bad(database) is None
    assert first_bad(database, anchors) == 8


def test_a_log_written_anew_with_the_right_key_is_found_by_the_anchor(database: Database, tmp_path: Path) -> None:
    anchors = tmp_path / "audit.anchor"
    fill(database, 5)
    with database.reading() as session:
        audit.anchor(session, anchors, NOON)
    tamper(database, "DELETE FROM audit_event")
    with database.transaction() as session:
        for _ in range(6):
            audit.write(session, BORIS, "nothing.happened", at=NOON)
    assert first_bad(database) is None
    assert first_bad(database, anchors) == 5


def test_an_edited_anchor_does_not_hide_a_cut(database: Database, tmp_path: Path) -> None:
    anchors = tmp_path / "audit.anchor"
    fill(database, 5)
    with database.reading() as session:
        audit.anchor(session, anchors, NOON)
    tamper(database, "DELETE FROM audit_event WHERE seq > 3")
    anchors.write_text(anchors.read_text().replace("5 ", "3 ", 1))
    assert first_bad(database, anchors) == 3


def test_writers_at_once_make_one_chain(database: Database) -> None:
    together = threading.Barrier(6)

    def work(_: int) -> None:
        together.wait()
        for _step in range(5):
            fill(database, 2)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert first_bad(database) is None
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 60


def test_what_is_rolled_back_is_not_logged(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:  # noqa: PT012
        audit.write(session, BORIS, "family.open", at=NOON)
        raise ZeroDivisionError
    fill(database, 1)
    with database.reading() as session:
        assert list(session.scalars(select(AuditEvent.seq))) == [1]


def test_a_long_log_is_verified_fast_and_in_little_memory(database: Database) -> None:
    """A twentieth of the million rows that must take at most 20 s."""
    count, previous, rows = 50_000, audit.FIRST_HASH, []
    for seq in range(1, count + 1):
        row = {"seq": seq, "at": NOON, "actor_id": 1, "actor_name": "Лаврова Н. А.", "action": "family.open"}
        row |= {"subject": "family", "subject_id": str(seq), "family_id": seq, "details": "{}", "ip": "127.0.0.1"}
        row["prev_hash"] = previous
        row["hash"] = previous = audit._signature(AUDIT_KEY, *row.values())  # type: ignore[arg-type]
        rows.append(row)
    with database.engine.begin() as connection:
        connection.execute(insert(AuditEvent), rows)
    del rows
    started = time.monotonic()
    assert first_bad(database) is None
    assert time.monotonic() - started < patient(2)  # 1 s is the share of 20 s; twice that for a busy machine
    tracemalloc.start()
    with database.reading() as session:
        audit.verify(session, AUDIT_KEY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
