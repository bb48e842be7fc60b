"""The same tests on both engines: `database` is a fresh, migrated one on SQLite and on PostgreSQL in turn."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from crm import db, demo, schema
from tests.support.postgres import TemporaryPostgres

KEY = "a-key-for-tests-only-0123456789abcdef"
NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
_numbers = itertools.count(1)


class Cluster:
    """PostgreSQL started when the first test needs it; a database for a test is a copy of a migrated one."""

    def __init__(self) -> None:
        self._postgres: TemporaryPostgres | None = None
        self._engine: Engine | None = None
        self._templates: set[str] = set()

    def _execute(self, statement: str) -> None:
        if self._postgres is None:
            self._postgres = TemporaryPostgres().start()
            self._engine = create_engine(self._postgres.url, isolation_level="AUTOCOMMIT")
        assert self._engine is not None
        with self._engine.connect() as connection:
            connection.execute(text(statement))

    def _url_of(self, name: str) -> str:
        assert self._postgres is not None
        return self._postgres.url_of(name)

    def empty(self) -> str:
        """A database without any table."""
        name = f"empty_{next(_numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return self._url_of(name)

    def copy(self, template: str, prepare: Callable[[str], None]) -> str:
        """A copy of the database that `prepare(url)` fills, once; until `drop`."""
        if template not in self._templates:
            self._execute(f"CREATE DATABASE {template}")
            prepare(self._url_of(template))
            self._templates.add(template)
        self._execute(f"CREATE DATABASE test_{template} TEMPLATE {template} STRATEGY FILE_COPY")
        return self._url_of(f"test_{template}")

    def drop(self, template: str) -> None:
        """Throw the copy away: two thousand of them would be 20 GB."""
        self._execute(f"DROP DATABASE IF EXISTS test_{template} WITH (FORCE)")

    def stop(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
        if self._postgres is not None:
            self._postgres.stop()


class Files:
    """SQLite: a database for a test is a copy of a migrated file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def empty(self) -> str:
        """A file that does not exist yet."""
        return f"sqlite:///{self._folder / f'empty_{next(_numbers)}.db'}"

    def copy(self, template: str, prepare: Callable[[str], None]) -> str:
        """A copy of the file that `prepare(url)` fills, once; until `drop`."""
        source = self._folder / f"{template}.db"
        if not source.exists():
            prepare(f"sqlite:///{source}")
        target = self._folder / f"test_{template}.db"
        shutil.copy(source, target)
        return f"sqlite:///{target}"

    def drop(self, template: str) -> None:
        """Throw the copy away, and its log with it."""
        for file in self._folder.glob(f"test_{template}.db*"):
            file.unlink()


Server = Files | Cluster
_opened: dict[str, db.Database] = {}


@contextmanager
def _copy_of(server: Server, template: str, prepare: Callable[[str], None]) -> Iterator[db.Database]:
    """A test's own copy. Every copy has the same name, so that one engine serves them all, one after another: what it
    learnt of our statements it need not learn again, a seventh of all these tests take."""
    url = server.copy(template, prepare)
    opened = _opened.setdefault(url, db.Database(url, KEY))
    try:
        yield opened
    finally:
        opened.dispose()
        server.drop(template)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    cluster = Cluster()
    yield {"sqlite": Files(tmp_path_factory.mktemp("databases")), "postgresql": cluster}
    cluster.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Server:
    return servers[request.param]


@pytest.fixture
def empty_url(server: Server) -> str:
    return server.empty()


@pytest.fixture
def database(server: Server) -> Iterator[db.Database]:
    """Migrated, no rows."""
    with _copy_of(server, "migrated", schema.upgrade) as copy:
        yield copy


def _with_demo(url: str) -> None:
    schema.upgrade(url)
    opened = db.Database(url, KEY)
    with opened.transaction() as session:
        demo.load(session, KEY, NOON)
    opened.dispose()


@pytest.fixture
def town(server: Server) -> Iterator[db.Database]:
    """Migrated, with the demo's town of domain.md §10."""
    with _copy_of(server, "town", _with_demo) as copy:
        yield copy
