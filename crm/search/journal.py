"""The journal's words: keeping the index of a row in step with it, and asking it. Never a LIKE over the rows.

A row is found by any part of its words, in any order, ё as е, like a card (`crm.search.families`).
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, false, func, insert, select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.journal_tables import JournalEntry
from crm.search.tables import EntryWord
from crm.search.words import CHUNK, ids_of, matching, words_of

LONGEST_TEXT = 4000
"""Letters of a column that are indexed; the longest real entry has a tenth of it."""

MOST_WORDS = 6
FEW_WORDS = 16
FEW = 3_000
"""Up to so many rows of the rarest word the list is made from that word; above it the list is walked and each row
asked for the word."""


def reindex_entry(session: Session, entry: JournalEntry) -> None:
    """Write the words of columns 2–7 and the topic as they are now; only the difference is touched."""
    session.flush()
    words = {word for text in texts_of(entry) for word in words_of(text)}
    wanted = set(ids_of(session, words).values())
    known = set(session.scalars(select(EntryWord.word_id).where(EntryWord.entry_id == entry.id)))
    for chunk in _chunks(known - wanted):
        session.execute(delete(EntryWord).where(EntryWord.entry_id == entry.id, EntryWord.word_id.in_(chunk)))
    new = [{"word_id": word_id, "entry_id": entry.id} for word_id in sorted(wanted - known)]
    if new:
        session.execute(insert(EntryWord), new)


def texts_of(entry: JournalEntry) -> list[str]:
    """What a row is found by: its printed columns and the topic."""
    columns = (
        entry.applicant_name,
        entry.family_brief,
        entry.substance,
        entry.topic,
        entry.measures,
        entry.final_result,
    )
    return [text[:LONGEST_TEXT] for text in columns]


def forget_entry(session: Session, entry_id: int) -> None:
    """Take the row out of the search: its words were destroyed."""
    session.execute(delete(EntryWord).where(EntryWord.entry_id == entry_id))


def word_ids(session: Session, text: str) -> list[list[int]]:
    """Return for each typed word the ids of the words that hold it, the rarest typed word first; an empty list in it
    says that nothing can be found. Nothing typed: [].
    """
    parts = words_of(clean_line(text, 200))[:MOST_WORDS]
    found = [matching(session, part) for part in parts]
    return sorted(found, key=lambda ids: rows_of(session, ids)) if len(found) > 1 else found


def condition(session: Session, text: str) -> ColumnElement[bool] | None:
    """Return the condition on `JournalEntry` that a row holds every typed word; None where nothing was typed."""
    found = word_ids(session, text)
    if not found:
        return None
    return holds(session, found)


def holds(session: Session, found: Sequence[Sequence[int]]) -> ColumnElement[bool]:
    """The condition for the result of `word_ids`: made from the rarest word where it is rare, else asked row by row."""
    if not all(found):
        return false()
    first, *others = found
    if is_rare(session, first):
        driving = JournalEntry.id.in_(select(EntryWord.entry_id).where(EntryWord.word_id.in_(first)))
        return and_(driving, *(row_holds(ids) for ids in others))
    return and_(*(row_holds(ids) for ids in found))


def is_rare(session: Session, ids: Sequence[int]) -> bool:
    """Whether so few rows hold one of these words that they can be gone through."""
    return rows_of(session, ids) <= FEW


def row_holds(ids: Sequence[int], entry_id: Any = JournalEntry.id) -> ColumnElement[bool]:
    """The condition that one row holds one of these words. Asked for many words, the row's own words are gone through:
    `coalesce` keeps SQLite from looking each of them up.
    """
    word_id = EntryWord.word_id if len(ids) <= FEW_WORDS else func.coalesce(EntryWord.word_id, EntryWord.word_id)
    return exists().where(EntryWord.entry_id == entry_id, word_id.in_(ids))


def rows_of(session: Session, ids: Sequence[int]) -> int:
    """How many entries of the index the words have, counted no further than is of interest."""
    if not ids:
        return 0
    some = select(EntryWord.entry_id).where(EntryWord.word_id.in_(ids)).limit(FEW + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _chunks(ids: set[int]) -> list[list[int]]:
    rest = iter(sorted(ids))
    chunks = []
    while chunk := list(islice(rest, CHUNK)):
        chunks.append(chunk)
    return chunks
