"""Rows by the million into one table: prepared statements on SQLite, COPY on PostgreSQL.

For made data only: texts must hold neither tabs nor line ends nor backslashes, which are COPY's own signs.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Table
from sqlalchemy.orm import Session
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from crm.base import Base

ROWS_AT_ONCE = 20_000
CACHE_KILOBYTES = 400_000
"""SQLite's cache while millions of rows go into several indexes; its own two megabytes would write each page often."""


def load(session: Session, model: type[Base], rows: Iterable[dict[str, Any]]) -> int:
    """Write all rows into the model's table; return how many. What they do not name gets the model's default.

    Every dictionary has the keys of the first, in its order.
    """
    rest = iter(rows)
    first = next(rest, None)
    if first is None:
        return 0
    table = _table_of(model)
    others = [column for column in table.columns if column.key not in first and not _numbers_itself(column)]
    columns = [table.columns[name] for name in first] + others
    constants = [_default(column) for column in others]
    write = _copy if session.get_bind().dialect.name == "postgresql" else _insert
    return write(session, table, columns, constants, (list(row.values()) for row in chain((first,), rest)))


@contextmanager
def set_aside(session: Session, model: type[Base], *, really: bool) -> Iterator[None]:
    """Take the table's indexes (and on PostgreSQL its foreign keys) away for the block, and make them after it.

    Millions of rows are then sorted and checked once, not one by one. `really` False: nothing is done.
    """
    if not really:
        yield
        return
    table, connection = _table_of(model), session.connection()
    keys: list[ForeignKeyConstraint] = []
    if connection.dialect.name == "postgresql":
        keys = [constraint for constraint in table.constraints if isinstance(constraint, ForeignKeyConstraint)]
    for key in keys:
        connection.execute(DropConstraint(key))
    for index in table.indexes:
        connection.execute(DropIndex(index))
    yield
    for index in table.indexes:
        connection.execute(CreateIndex(index))
    for key in keys:
        connection.execute(AddConstraint(key))


def move_sequences(session: Session, tables: Iterable[str]) -> None:
    """On PostgreSQL the next row's number comes from a sequence, which knows nothing of numbers given by hand."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in tables:
        session.connection().exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
        )


def _table_of(model: type[Base]) -> Table:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(model)
    return table


def _numbers_itself(column: Column[Any]) -> bool:
    return column is column.table.autoincrement_column


def _default(column: Column[Any]) -> Any:
    if column.default is not None and column.default.is_scalar:
        return column.default.arg  # type: ignore[attr-defined]
    return None


def _insert(
    session: Session, table: Table, columns: list[Column[Any]], constants: list[Any], rows: Iterable[list[Any]]
) -> int:
    connection = session.connection()
    readers = [column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for column in columns]
    own = len(columns) - len(constants)
    fixed = [reader(value) if reader else value for reader, value in zip(readers[own:], constants, strict=True)]
    converted = [(place, reader) for place, reader in enumerate(readers[:own]) if reader]

    def bound() -> Iterator[list[Any]]:
        for row in rows:
            for place, reader in converted:
                row[place] = reader(row[place])
            yield row + fixed

    names = ", ".join(f'"{column.name}"' for column in columns)
    marks = ", ".join("?" * len(columns))
    connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KILOBYTES}")
    cursor: Any = connection.connection.cursor()
    cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', bound())  # noqa: S608
    written = cursor.rowcount
    cursor.close()
    return int(written)


def _copy(
    session: Session, table: Table, columns: list[Column[Any]], constants: list[Any], rows: Iterable[list[Any]]
) -> int:
    tail = "".join("\t" + _as_copied(value) for value in constants) + "\n"
    names = ", ".join(f'"{column.name}"' for column in columns)
    written = 0
    cursor: Any = session.connection().connection.cursor()
    with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copying:
        lines: list[str] = []
        for row in rows:
            lines.append("\t".join(map(_as_copied, row)) + tail)
            written += 1
            if len(lines) >= ROWS_AT_ONCE:
                copying.write("".join(lines))
                lines.clear()
        copying.write("".join(lines))
    cursor.close()
    return written


def _as_copied(value: Any) -> str:
    return "\\N" if value is None else str(value)
