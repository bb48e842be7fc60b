"""SQLite's lock has no queue: whoever has just written lets those go first who wait."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from crm import db
from crm.db import Database


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long somebody stood back."""
    found: list[float] = []
    monkeypatch.setattr(db.time, "sleep", found.append)
    return found


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> db._Writers:
    monkeypatch.setattr(db, "JUST_NOW_SECONDS", 3600.0)
    return db._Writers()


def begin(writers: db._Writers) -> None:
    with writers.one_more():
        pass


def test_whoever_has_just_written_lets_others_go_first(writers: db._Writers, pauses: list[float]) -> None:
    begin(writers)
    begin(writers)
    assert pauses == [], "nobody waits"
    with writers.one_more():
        begin(writers)
    assert pauses == [db.LETS_GO_SECONDS]


def test_whoever_comes_anew_stands_back_for_nobody(writers: db._Writers, pauses: list[float]) -> None:
    with writers.one_more():
        other = threading.Thread(target=begin, args=(writers,))
        other.start()
        other.join(60)
    assert pauses == []


def test_one_that_failed_waits_no_longer(writers: db._Writers, pauses: list[float]) -> None:
    with pytest.raises(ZeroDivisionError), writers.one_more():
        _ = 1 / 0
    begin(writers)
    assert pauses == []


def test_reading_is_not_writing(tmp_path: Path, pauses: list[float]) -> None:
    database = Database(f"sqlite:///{tmp_path / 'records.db'}")
    with database.transaction() as session:
        session.execute(text("SELECT 1"))
        for _ in range(2):
            with database.reading() as reader:
                assert reader.execute(text("SELECT 1")).scalar_one() == 1
    database.dispose()
    assert pauses == []
