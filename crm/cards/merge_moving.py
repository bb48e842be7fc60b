"""Moving what refers to one card, or one person, to another; found by the foreign keys of all tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, and_, delete, select, update
from sqlalchemy.orm import Session

from crm.base import Base
from crm.family_tables import Person

HISTORY = frozenset(["family_merge", "not_duplicate", "destruction_act"])
"""Tables that tell what happened to that very card: they stay its own."""

MADE_AGAIN = frozenset(["family_word"])
"""The search index: made from the records."""


@dataclass
class Moved:
    """Rows that were moved, by table: the primary key of each, as a number or a list of numbers."""

    rows: dict[str, list[Any]] = field(default_factory=dict)

    def note(self, table: str, key: tuple[Any, ...]) -> None:
        """Remember a row, once."""
        known = self.rows.setdefault(table, [])
        value = key[0] if len(key) == 1 else list(key)
        if value not in known:
            known.append(value)

    def ids_of(self, table: str) -> list[Any]:
        """The keys of the moved rows of a table."""
        return self.rows.get(table, [])

    @property
    def count(self) -> int:
        """How many rows moved."""
        return sum(map(len, self.rows.values()))

    def as_json(self) -> dict[str, list[Any]]:
        """As `FamilyMerge.moved` keeps it."""
        return self.rows


def references(target: str) -> Iterator[tuple[Table, Column[Any]]]:
    """Every column of every table that refers to `target`.id («family» or «person»), but for HISTORY and MADE_AGAIN."""
    for table in Base.metadata.sorted_tables:
        if table.name in HISTORY | MADE_AGAIN:
            continue
        for column in table.columns:
            if any(key.column.table.name == target and key.column.name == "id" for key in column.foreign_keys):
                yield table, column


def move_references(session: Session, other_id: int, kept_id: int, same: Mapping[Person, Person]) -> Moved:
    """Let all that refers to the other card refer to the kept one, and to the kept person where two are the same.

    A row that the kept one has already (one employee entrusted with both cards) is not doubled: the other's goes.
    """
    moved = Moved()
    for table, column in references("family"):
        _move(session, moved, table, column, other_id, kept_id)
    for double, person in same.items():
        for table, column in references("person"):
            _move(session, moved, table, column, double.id, person.id)
    session.expire_all()
    return moved


def _move(session: Session, moved: Moved, table: Table, column: Column[Any], old: int, new: int) -> None:  # noqa: PLR0917
    keys = list(table.primary_key.columns)
    rows = session.execute(select(*keys).where(column == old).order_by(*keys)).all()
    if not rows:
        return
    for row in rows:
        moved.note(table.name, tuple(row))
    if not _is_unique(table, column):
        session.execute(update(table).where(column == old).values({column: new}))
        return
    for row in rows:
        this = and_(*(key == value for key, value in zip(keys, row, strict=True)))
        if _is_there(session, table, column, this, new):
            session.execute(delete(table).where(this))
        else:
            session.execute(update(table).where(this).values({column: new}))


def _unique_sets(table: Table, column: Column[Any]) -> list[list[Column[Any]]]:
    sets = [list(table.primary_key.columns)]
    sets += [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    sets += [list(one.columns) for one in table.indexes if one.unique]
    return [columns for columns in sets if column in columns]


def _is_unique(table: Table, column: Column[Any]) -> bool:
    return bool(_unique_sets(table, column))


def _is_there(session: Session, table: Table, column: Column[Any], this: Any, new: int) -> bool:
    """Whether the kept one has a row that this one would be equal to."""
    row = session.execute(select(table).where(this)).mappings().one()
    for columns in _unique_sets(table, column):
        values = {one: new if one is column else row[one.name] for one in columns}
        if session.execute(select(table).where(and_(*(one == value for one, value in values.items())))).first():
            return True
    return False
