"""The engine, its transactions, and which schema it finds (`crm.schema` makes it).

The only place that knows how the two engines differ in locking.

A writing transaction on SQLite begins with BEGIN IMMEDIATE: a deferred one lets two claimers read the same row and
answers "locked" too late (libraries.md §5). On PostgreSQL (READ COMMITTED) the verbs lock the rows they change.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crm import audit
from crm.errors import SchemaError
from crm.settings import RecordsSettings

BUSY_MILLISECONDS = 10_000
ASK_AGAIN_SECONDS = 0.002
LETS_GO_SECONDS = 0.003
JUST_NOW_SECONDS = 0.05
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One database, opened. `secret_key` signs the audit log and the telephone secrets; without it neither can be
    written.
    """

    def __init__(self, url: str, secret_key: str | None = None) -> None:
        self._engine = make_engine(url)
        self._reading_engine = self._engine.execution_options(dispatch_reading=True)
        self._info = {"secret_key": secret_key}

    @property
    def engine(self) -> Engine:
        """The engine, for bulk loading and migrations' tests; everything else uses the two context managers."""
        return self._engine

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session that is committed at the end of the block, or rolled back when the block raises.

        Audit events written in the block go in last, so that their lock is held only for the commit.
        """
        with Session(self._engine, expire_on_commit=False, info=dict(self._info)) as session, session.begin():
            yield session
            audit.flush_pending(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that cannot change anything; rows stay readable after the block."""
        info = {**self._info, "read_only": True}
        with Session(self._reading_engine, expire_on_commit=False, autoflush=False, info=info) as session:
            yield session
            session.expunge_all()  # a rollback would expire what the page is about to show

    def dispose(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def open_database(settings: RecordsSettings) -> Database:
    """Open the database that the settings name; SQLite's folder is made, the schema is not (see `upgrade`)."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Database(settings.database_address(), settings.key())


def make_engine(url: str, *, foreign_keys: bool = True) -> Engine:
    """Return an engine with our locking rules for either kind of database.

    `foreign_keys=False` is for migrations: SQLite alters a table by copying it, and checks afterwards.
    """
    if make_url(url).get_backend_name() == "postgresql":
        # Compiling a statement (jit) takes 60 ms where answering it takes five; no question of ours is that long.
        quick = {"options": "-c jit=off"}
        engine = create_engine(
            url, pool_size=5, max_overflow=20, pool_timeout=10, pool_pre_ping=True, connect_args=quick
        )
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    engine = create_engine(
        url, pool_size=5, max_overflow=40, pool_timeout=10, connect_args={"timeout": BUSY_MILLISECONDS / 1000}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    if not foreign_keys:
        event.listen(engine, "connect", _without_foreign_keys)
    event.listen(engine, "begin", partial(_begin_sqlite, _Writers()))
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; Python's driver would say it late and deferred
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    _enter_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # NORMAL may lose the last commits at a power cut: a journal row is one
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _enter_wal(cursor: Any) -> None:
    """Switch to the write-ahead log. Two that open a new file at once: SQLite refuses one without waiting (busy_timeout
    does not apply to this change), so we wait."""
    deadline = time.monotonic() + BUSY_MILLISECONDS / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _without_foreign_keys(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")


class _Writers:
    """The threads of this process that write into one database of SQLite.

    Its lock has no queue: who has just let it go and asks again at once gets it again, while the others ask every other
    millisecond in vain. So whoever has just written lets those go first who wait.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = 0
        self._mine = threading.local()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """This thread becomes the writer in the block."""
        if self._waiting and time.monotonic() - getattr(self._mine, "began", 0.0) < JUST_NOW_SECONDS:
            time.sleep(LETS_GO_SECONDS)
        with self._lock:
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
            self._mine.began = time.monotonic()


def _begin_sqlite(writers: _Writers, connection: Connection) -> None:
    # Told to the driver itself: a transaction of one question would else spend most of its time on these four lines,
    # and one that waits for its turn half a core on SQLAlchemy's errors.
    driver: Any = connection.connection.dbapi_connection
    try:
        if connection.get_execution_options().get("dispatch_reading", False):
            driver.execute("PRAGMA query_only=ON")
            driver.execute("BEGIN")
        else:
            driver.execute("PRAGMA query_only=OFF")
            with writers.one_more():
                _become_writer(driver)
    except sqlite3.Error as error:
        raise DBAPIError.instance("BEGIN", None, error, sqlite3.Error) from error


def _become_writer(driver: sqlite3.Connection) -> None:
    # SQLite's own waiting sleeps up to 100 ms at a time, and a ringing card cannot; so the turn is asked for by us.
    deadline = time.monotonic() + BUSY_MILLISECONDS / 1000
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(ASK_AGAIN_SECONDS)
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("dispatch_reading", False):
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def known_revisions() -> list[str]:
    """The schema versions that this program knows, oldest first: each migration's file is named for its revision."""
    return sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def check_schema(url: str) -> None:
    """Raise SchemaError, with what to do, unless the database has exactly this program's schema.

    Asks without Alembic: every process of ours checks, and only `upgrade` needs eight megabytes to do it.
    """
    engine = make_engine(url).execution_options(dispatch_reading=True)
    try:
        with engine.connect() as connection:
            refuse_newer(connection)
            if current_revision(connection) != known_revisions()[-1]:
                raise SchemaError("База данных от прежней версии программы. Выполните «family-dispatch init».")
    finally:
        engine.dispose()


def current_revision(connection: Connection) -> str | None:
    """The schema version written in the database; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()


def refuse_newer(connection: Connection) -> None:
    """Raise SchemaError where the database was made by a program newer than this one."""
    current = current_revision(connection)
    if current is not None and current not in known_revisions():
        raise SchemaError(
            "База данных создана более новой версией программы. Обновите программу: старая версия её не откроет."
        )
