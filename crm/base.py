"""Column types and the base class that every table of the records shares."""

from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Session

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

MAX_ID = 2**63 - 1
"""The largest identifier that both engines can compare; anything outside 1…MAX_ID names no record (reliability.md
B61).
"""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: takes aware datetimes only, stores UTC, gives aware UTC back.

    SQLite has no time zones and silently drops the offset (libraries.md §5); a naive value is therefore refused with
    ValueError before it can be stored three hours off.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
"""64-bit identifiers; SQLite numbers rows by itself only for a column declared exactly INTEGER."""


class Base(DeclarativeBase):
    """All tables of the records; Alembic compares this metadata with the database."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {datetime: UtcDateTime, str: Text}  # noqa: RUF012


Row = TypeVar("Row", bound=Base)


def fetch(session: Session, model: type[Row], identifier: int, *, lock: bool = False) -> Row | None:
    """Return the row of `model` with this primary key; None also for numbers no key can have (B61).

    With `lock` the row stays ours until the transaction ends (PostgreSQL; on SQLite the whole database already is).
    """
    if not 1 <= identifier <= MAX_ID:
        return None
    return session.get(model, identifier, with_for_update=lock, populate_existing=lock)
