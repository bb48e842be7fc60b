"""The demo town in memory, begun anew for every run: two hundred thousand steps are as many transactions.

How two processes lock each other out is not judged here (`tests/integration/crm/dialler`, `tests/bench`): a run is one
thread, and its database one connection without a file.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import StaticPool

from crm import demo, schema
from crm.db import Database
from tests.support.dialler import households, place, world

KEY = "a-key-for-tests-only-0123456789abcdef"


class Town(Database):
    """Records like any other, but for where they are."""

    def __init__(self) -> None:
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        self._reading_engine = self._engine
        self._info = {"secret_key": KEY}
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)
        with self._engine.connect() as connection:
            self._now: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        self._pristine = sqlite3.connect(":memory:")
        with tempfile.TemporaryDirectory() as folder:
            _build(f"sqlite:///{Path(folder) / 'records.db'}", self._pristine, Path(folder) / "records.db")
        self.begin_anew()
        self.place = place.Place.of(self)
        first = world.World(self, self.place, booked=0)
        for family in range(place.FAMILIES):
            households.remind(first, family, 22)
        self._now.backup(self._pristine)

    def begin_anew(self) -> None:
        """As it was on the first morning: a reminder is due to every family."""
        self._pristine.backup(self._now)

    @property
    def changes(self) -> int:
        """Grows with every row that is written."""
        return self._now.total_changes

    def dispose(self) -> None:
        """It is gone."""
        self._pristine.close()
        super().dispose()


def _build(url: str, into: sqlite3.Connection, file: Path) -> None:
    schema.upgrade(url)
    database = Database(url, KEY)
    with database.transaction() as session:
        demo.load(session, KEY, place.START)
    place.prepare(database)
    database.dispose()
    with sqlite3.connect(file) as built:
        built.backup(into)
    built.close()


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    connection.connection.driver_connection.execute("BEGIN")  # type: ignore[union-attr]
