"""Inserting a row that somebody else may be inserting at this very moment, the same on both engines."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from crm.base import Base


def insert_missing(session: Session, model: type[Base], values: dict[str, Any], unique: Sequence[str]) -> bool:
    """Insert unless a row with the same `unique` columns exists; return whether it was inserted.

    On PostgreSQL the loser waits for the winner's commit, so that the row can be read (and locked) right afterwards.
    Column defaults written in Python are not applied by hand-made inserts of another kind; here they are.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(model).values(**values).on_conflict_do_nothing(index_elements=list(unique))
    # Asked for by RETURNING: psycopg's count of rows is not known for every insert.
    inserted = session.connection().execute(statement.returning(inspect(model).primary_key[0]))
    return inserted.first() is not None
