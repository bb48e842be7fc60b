"""«Справочник»: institutions and NGOs to which families are directed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import JSON, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm.base import Base, Id


class DirectoryEntry(Base):
    """An institution or NGO. `kind` is "institution" or "ngo"; `address_hidden` keeps a shelter's address out of
    exports.

    `hours` maps "mon"…"sun" to a list of ["08:00", "17:00"] pairs of local time; a missing day is closed.
    """

    __tablename__ = "directory_entry"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    address_hidden: Mapped[bool] = mapped_column(default=False)
    phones: Mapped[list[str]] = mapped_column(JSON, default=list)
    hours: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    hours_note: Mapped[str] = mapped_column(default="")
    topics: Mapped[str] = mapped_column(default="")
    help_types: Mapped[str] = mapped_column(default="")
    area: Mapped[str] = mapped_column(default="")
    contact: Mapped[str] = mapped_column(default="")
    agreement: Mapped[str] = mapped_column(default="")
    verified_on: Mapped[date | None]


def directory_entries(session: Session, kind: str | None = None) -> Sequence[DirectoryEntry]:
    """Return the directory by name; with `kind`, only "institution" or only "ngo"."""
    statement = select(DirectoryEntry).order_by(DirectoryEntry.kind, DirectoryEntry.name)
    if kind is not None:
        statement = statement.where(DirectoryEntry.kind == kind)
    return session.scalars(statement).all()
