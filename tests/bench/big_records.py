"""Databases with a hundred thousand or a million families, built once and copied for each bench that wants one.

    with big_records("sqlite", families=100_000, rows=1_000_000) as database: ...

What is handed out is a copy: the bench may write. The staff is the demo's (logins «lavrova», «roshchina», …), the
families are `crm.demo.bulk`, indexed for the search, the journal is `crm.demo.bulk_journal`.

SQLite's file is kept in the cache folder, named for what it is made of (migrations and generators), so that a second
run does not build it again; older ones are removed. PostgreSQL's cluster lives as long as the process.
"""

from __future__ import annotations

import atexit
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from sqlalchemy import create_engine, text

from crm import demo
from crm.db import Database, make_engine
from crm.demo import bulk, bulk_journal
from crm.schema import upgrade
from tests.support.postgres import TemporaryPostgres
from workers.provision.machine import cache_folder

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789abcdef" * 4
"""The installation's secret of every big database (`WebSettings(secret_key=KEY)`)."""
Engine = Literal["sqlite", "postgresql"]
_MADE_OF = ("crm/migrations/versions", "crm/demo", "crm/search", "tests/bench/big_records.py")


@contextmanager
def big_records(engine: Engine, families: int, rows: int = 0) -> Iterator[Database]:
    """A database of one's own with so many families and so many journal rows, until the end of the block."""
    server: _Files | _Cluster = _files() if engine == "sqlite" else _cluster()
    name = f"big_{families}_{rows}"
    if not server.has(name):
        _say(f"building {families:,} families and {rows:,} journal rows on {engine}")
        started = time.monotonic()
        server.build(name, lambda url: _fill(url, families, rows))
        _say(f"built in {time.monotonic() - started:.0f} s")
    copy = server.copy(name)
    database = Database(server.url(copy), KEY)
    try:
        yield database
    finally:
        database.dispose()
        server.drop(copy)


def url_of(database: Database) -> str:
    """The address of a handed-out database, for a process of its own."""
    return database.engine.url.render_as_string(hide_password=False)


def _fill(url: str, families: int, rows: int) -> None:
    upgrade(url)
    database = Database(url, KEY)
    try:
        with database.transaction() as session:
            demo.load(session, KEY, datetime.now(UTC))
        with database.transaction() as session:
            bulk.families(session, families)
        if rows:
            with database.transaction() as session:
                bulk_journal.journal(session, rows)
    finally:
        database.dispose()
    _settle(url)


def _settle(url: str) -> None:
    """Leave the file as it is after a quiet night: PostgreSQL's autovacuum has been round, SQLite's log is written
    back."""
    engine = make_engine(url)
    if engine.dialect.name == "postgresql":
        engine.dispose()
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
    else:
        with engine.connect() as connection:
            connection.commit()
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


class _Files:
    """SQLite files in the cache folder."""

    def __init__(self) -> None:
        self._folder = cache_folder() / "bench" / _key()
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.parent.iterdir():
            if old != self._folder:
                shutil.rmtree(old, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.db"

    def url(self, name: str) -> str:
        return f"sqlite:///{self._path(name)}"

    def has(self, name: str) -> bool:
        return self._path(name).exists()

    def build(self, name: str, fill: Callable[[str], None]) -> None:
        aside = f"building-{secrets.token_hex(4)}"
        try:
            fill(self.url(aside))
            self._path(aside).rename(self._path(name))
        finally:
            self.drop(aside)

    def copy(self, name: str) -> str:
        copy = f"copy-{secrets.token_hex(4)}"
        shutil.copy(self._path(name), self._path(copy))
        return copy

    def drop(self, name: str) -> None:
        for file in self._folder.glob(f"{name}.db*"):
            file.unlink()


class _Cluster:
    """Databases of one private PostgreSQL cluster."""

    def __init__(self) -> None:
        self._postgres = TemporaryPostgres().start()
        self._known: set[str] = set()

    def url(self, name: str) -> str:
        return self._postgres.url_of(name)

    def has(self, name: str) -> bool:
        return name in self._known

    def build(self, name: str, fill: Callable[[str], None]) -> None:
        self._execute(f"CREATE DATABASE {name}")
        fill(self.url(name))
        self._known.add(name)

    def copy(self, name: str) -> str:
        copy = f"copy_{secrets.token_hex(4)}"
        self._execute(f"CREATE DATABASE {copy} TEMPLATE {name} STRATEGY FILE_COPY")
        return copy

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        engine = create_engine(self._postgres.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def stop(self) -> None:
        self._postgres.stop()


_servers: dict[str, _Files | _Cluster] = {}


def _files() -> _Files | _Cluster:
    if "sqlite" not in _servers:
        _servers["sqlite"] = _Files()
    return _servers["sqlite"]


def _cluster() -> _Files | _Cluster:
    if "postgresql" not in _servers:
        cluster = _servers["postgresql"] = _Cluster()
        atexit.register(cluster.stop)
    return _servers["postgresql"]


def _key() -> str:
    """A name for what the databases are made of."""
    digest = sha256()
    for part in _MADE_OF:
        path = ROOT / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _say(line: str) -> None:
    print(f"    {line}", flush=True)
