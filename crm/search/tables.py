"""The search index: words, and where they stand. Made from the records, and can be made again from them."""

from sqlalchemy import ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class SearchWord(Base):
    """One word as `callflow.text.search_key` folds it. A part of a word is looked for here, not in the records.

    `of_cards`: some card holds it, not only journal rows.
    """

    __tablename__ = "search_word"
    __table_args__ = (
        Index(
            "ix_search_word_of_cards",
            "word",
            sqlite_where=text("of_cards = 1"),
            postgresql_where=text("of_cards"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    word: Mapped[str] = mapped_column(unique=True)
    of_cards: Mapped[bool] = mapped_column(default=False)


class FamilyWord(Base):
    """A word of a family's card. `place` says where it stands (`crm.search.index.Place`): the best one only.

    The key gives a word's cards with the best places first, the index a card's words.
    """

    __tablename__ = "family_word"
    __table_args__ = (
        Index("ix_family_word_family_id_word_id", "family_id", "word_id"),
        {"sqlite_with_rowid": False},
    )

    word_id: Mapped[int] = mapped_column(ForeignKey("search_word.id"), primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), primary_key=True, autoincrement=False)


class EntryWord(Base):
    """A word of a journal row's printed columns."""

    __tablename__ = "entry_word"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's way

    word_id: Mapped[int] = mapped_column(ForeignKey("search_word.id"), primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), primary_key=True, index=True)
