"""Exported files are personal data in a heap: they are removed after a week, and their rows stay (domain.md §4.3)."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from crm.db import Database
from crm.papers.tables import ExportedFile

KEPT = timedelta(days=7)
"""How long a file can be fetched; afterwards it is exported anew."""
ORPHAN_AFTER = timedelta(days=1)
"""A file that no row names was left by a worker killed between writing it and telling; none takes a day."""


def forget_old(database: Database, folder: Path, at: datetime) -> None:
    """Remove the files older than KEPT and those that no row names; the row first, then its file. Doing it twice does
    no harm."""
    with database.transaction() as session:
        old = select(ExportedFile).where(ExportedFile.stored_as != "", ExportedFile.made_at < at - KEPT)
        gone = []
        for row in session.scalars(old):
            gone.append(row.stored_as)
            row.stored_as, row.removed_at = "", at
        kept = set(session.scalars(select(ExportedFile.stored_as).where(ExportedFile.stored_as != "")))
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    for path in folder.glob("*.xlsx"):
        if path.name not in kept and path.stat().st_mtime < (at - ORPHAN_AFTER).timestamp():
            path.unlink(missing_ok=True)
