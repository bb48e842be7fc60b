"""The same tests on both engines: `database` is a fresh, migrated one on SQLite and on PostgreSQL in turn."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from crm import db, demo, schema
from tests.support.postgres import TemporaryPostgres

KEY = "a-key-for-tests-only-0123456789abcdef"
NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
_numbers = itertools.count(1)


class Cluster:
    """PostgreSQL started when the first test needs it; a database for a test is a copy of a migrated one."""

    def __init__(self) -> None:
        self._postgres: TemporaryPostgres | None = None
        self._templates: set[str] = set()

    def _execute(self, statement: str) -> None:
        assert self._postgres is not None
        engine = create_engine(self._postgres.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def empty(self) -> str:
        """A database without any table."""
        if self._postgres is None:
            self._postgres = TemporaryPostgres().start()
        name = f"test_{next(_numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return self._postgres.url_of(name)

    def copy(self, template: str, prepare: object) -> str:
        """A copy of the database that `prepare(url)` fills, once."""
        if self._postgres is None:
            self._postgres = TemporaryPostgres().start()
        if template not in self._templates:
            self._execute(f"CREATE DATABASE {template}")
            prepare(self._postgres.url_of(template))  # type: ignore[operator]
            self._templates.add(template)
        name = f"test_{next(_numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self._postgres.url_of(name)

    def stop(self) -> None:
        if self._postgres is not None:
            self._postgres.stop()


class Files:
    """SQLite: a database for a test is a copy of a migrated file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def empty(self) -> str:
        """A file that does not exist yet."""
        return f"sqlite:///{self._folder / f'test_{next(_numbers)}.db'}"

    def copy(self, template: str, prepare: object) -> str:
        """A copy of the file that `prepare(url)` fills, once."""
        source = self._folder / f"{template}.db"
        if not source.exists():
            prepare(f"sqlite:///{source}")  # type: ignore[operator]
        target = self._folder / f"test_{next(_numbers)}.db"
        shutil.copy(source, target)
        return f"sqlite:///{target}"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Files | Cluster]]:
    cluster = Cluster()
    yield {"sqlite": Files(tmp_path_factory.mktemp("databases")), "postgresql": cluster}
    cluster.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, servers: dict[str, Files | Cluster]) -> Files | Cluster:
    return servers[request.param]


@pytest.fixture
def empty_url(server: Files | Cluster) -> str:
    return server.empty()


@pytest.fixture
def database(server: Files | Cluster) -> Iterator[db.Database]:
    """Migrated, no rows."""
    opened = db.Database(server.copy("migrated", schema.upgrade), KEY)
    yield opened
    opened.dispose()


def _with_demo(url: str) -> None:
    schema.upgrade(url)
    opened = db.Database(url, KEY)
    with opened.transaction() as session:
        demo.load(session, KEY, NOON)
    opened.dispose()


@pytest.fixture
def town(server: Files | Cluster) -> Iterator[db.Database]:
    """Migrated, with the demo's town of domain.md §10."""
    opened = db.Database(server.copy("town", _with_demo), KEY)
    yield opened
    opened.dispose()
