"""Inserting a row that somebody else may be inserting at this very moment, the same on both engines."""

from collections.abc import Sequence
from typing import Any

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
    return session.connection().execute(statement).rowcount == 1
