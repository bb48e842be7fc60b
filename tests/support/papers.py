"""Journal rows and exports for the tests of the papers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.db import Database
from crm.family_tables import Family
from crm.journal_tables import DRAFT, SAVED, JournalCounter, JournalEntry
from crm.papers import exporting
from crm.papers.tables import ExportedFile
from crm.papers.verify import cells_of
from crm.search.journal import reindex_entry
from crm.staff import Employee, by_login

NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)


def person(session: Session, login: str) -> Employee:
    """An employee of the demo."""
    found = by_login(session, login)
    assert found is not None
    return found


def empty_journal(session: Session) -> None:
    """Take the demo's rows out of the journal (they become drafts), so that a test knows what is in it."""
    session.execute(update(JournalEntry).values(state=DRAFT, number=None, progress=""))
    session.execute(update(JournalCounter).values(last=0))


def add_rows(session: Session, number: int, *, service_id: int = 1, login: str = "lavrova", **values: Any) -> list[int]:
    """Saved rows of this year behind those that there are, a minute apart; return their ids."""
    author = person(session, login)
    counter = session.get(JournalCounter, (service_id, 2026))
    if counter is None:
        counter = JournalCounter(service_id=service_id, year=2026, last=0)
        session.add(counter)
    made = []
    for _ in range(number):
        counter.last += 1
        moment = NOON + timedelta(minutes=counter.last)
        row = JournalEntry(
            service_id=service_id,
            year=2026,
            number=counter.last,
            state=SAVED,
            author_id=author.id,
            created_at=moment,
            **{
                "progress": "in_work",
                "applicant_name": "Иванова Анна Ивановна",
                "family_brief": "Ивановы, 3 детей",
                "substance": f"Вопрос {counter.last}",
                "occurred_at": moment,
                "saved_at": moment,
                **values,
            },
        )
        session.add(row)
        session.flush()
        reindex_entry(session, row)
        made.append(row.id)
    return made


def restrict(session: Session, name: str = "Захаровы") -> Family:
    """Make the card of this family one that only those entitled may see."""
    family = session.scalars(select(Family).where(Family.name == name)).one()
    family.restricted = True
    session.flush()
    return family


def ask(database: Database, login: str, kind: str = "journal", at: datetime = NOON, **filters: Any) -> int:
    """Ask for an export as this employee; return its id."""
    if kind == "journal":
        filters.setdefault("service_id", 1)
    with database.transaction() as session:
        return exporting.ask(session, kind, filters, person(session, login), at).id


def export(
    database: Database, folder: Path, login: str, kind: str = "journal", at: datetime = NOON, **filters: Any
) -> ExportedFile:
    """Ask for an export and make it; return its row."""
    export_id = ask(database, login, kind, at, **filters)
    exporting.make(database, export_id, folder, at)
    return row(database, export_id)


def row(database: Database, export_id: int) -> ExportedFile:
    """The export as it stands now."""
    with database.reading() as session:
        return session.get_one(ExportedFile, export_id)


def cells(folder: Path, made: ExportedFile) -> list[tuple[str, ...]]:
    """What stands in the made file, without empty cells at the rows' ends."""
    assert made.state == "ready", made.error
    return list(cells_of(folder / made.stored_as))
