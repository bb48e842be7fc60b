"""Ids taken in advance, so that many rows that refer to each other go in by few statements."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def new_ids(session: Session, model: Any, count: int) -> list[int]:
    """Return `count` ids that no row of `model` has or will get otherwise; use them in this transaction.

    PostgreSQL gives them from the column's sequence; on SQLite nobody else writes until the transaction ends.
    """
    if session.get_bind().dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(model.__tablename__, "id")
        series = func.generate_series(1, count).table_valued("place")
        return list(session.scalars(select(func.nextval(sequence)).select_from(series)))
    last = session.scalar(select(func.max(model.id))) or 0
    return list(range(last + 1, last + 1 + count))
