"""The search index: words, and where they stand. Made from the records, and can be made again from them."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class SearchWord(Base):
    """One word as `callflow.text.search_key` folds it. A part of a word is looked for here, not in the records."""

    __tablename__ = "search_word"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    word: Mapped[str] = mapped_column(unique=True)


class FamilyWord(Base):
    """A word of a family's card. `place` says where it stands (`crm.search.index.Place`), for ranking."""

    __tablename__ = "family_word"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's way

    word_id: Mapped[int] = mapped_column(ForeignKey("search_word.id"), primary_key=True, autoincrement=False)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), primary_key=True, index=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class EntryWord(Base):
    """A word of a journal row's printed columns."""

    __tablename__ = "entry_word"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's way

    word_id: Mapped[int] = mapped_column(ForeignKey("search_word.id"), primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), primary_key=True, index=True)
