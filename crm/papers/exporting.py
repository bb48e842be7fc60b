"""Exports as records: asked for, found again, downloaded, forgotten (B-19; reliability.md S21).

The row is written first; a worker makes the file (`crm.papers.making`) as whoever asked may see the data at that
moment. The row stays for good, the file a week.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import NotFound
from crm.papers.forgetting import KEPT
from crm.papers.kinds import Filters, kind_of
from crm.papers.making import make, waiting
from crm.papers.tables import ASKED, MAKING, READY, ExportedFile
from crm.staff import Employee, Role

__all__ = ["KEPT", "ask", "downloaded", "fetch_export", "folder_of", "make", "recent", "waiting"]

SAME_CLICK = timedelta(seconds=10)
_SEE_ALL = {Role.HEAD.value, Role.DIRECTOR.value}


def folder_of(data_dir: Path) -> Path:
    """Return DATA_DIR/exports, made if it is not there, open to nobody else.

    Raises:
        OSError: it cannot be made.
    """
    folder = data_dir / "exports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def ask(
    session: Session, kind: str, filters: Filters, employee: Employee, at: datetime, *, ip: str = ""
) -> ExportedFile:
    """Write down that this export is wanted; the same wish still unmade, or of a moment ago, is returned as it is.

    `filters` are those of the page that the export is of; words searched by are kept only until the file is made.
    Raises NotFound where this person may not have such a file.
    """
    cleaned = kind_of(kind, employee).clean(session, filters, employee)
    words = cleaned.pop("text", "")
    if (same := _same_wish(session, kind, cleaned, words, employee=employee, at=at)) is not None:
        return same
    row = ExportedFile(kind=kind, filters=cleaned, words=words, state=ASKED, employee_id=employee.id, asked_at=at)
    session.add(row)
    session.flush()
    details: dict[str, Any] = {"kind": kind, **({"by": "text"} if words else {})}
    write(
        session,
        Actor.of(employee, ip),
        "export.ask",
        subject="exported_file",
        subject_id=row.id,
        details=details,
        at=at,
    )
    return row


def _same_wish(
    session: Session, kind: str, filters: Filters, words: str, *, employee: Employee, at: datetime
) -> ExportedFile | None:
    statement = select(ExportedFile).where(ExportedFile.employee_id == employee.id, ExportedFile.kind == kind)
    for row in session.scalars(statement.order_by(ExportedFile.id.desc()).limit(20)):
        unmade = row.state in (ASKED, MAKING)
        just_made = row.state == READY and at - row.asked_at < SAME_CLICK
        if row.filters == filters and row.words == words and (unmade or just_made):
            return row
    return None


def fetch_export(session: Session, export_id: int, viewer: Employee) -> ExportedFile:
    """Return the export: one's own, or anybody's for the head and the director. Raises NotFound."""
    row = fetch(session, ExportedFile, export_id)
    if row is None or (row.employee_id != viewer.id and viewer.role not in _SEE_ALL):
        raise NotFound("Такой выгрузки нет.")
    kind_of(row.kind, viewer)
    return row


def recent(session: Session, viewer: Employee, limit: int = 50) -> Sequence[ExportedFile]:
    """Return the newest exports, one's own or everybody's as in `fetch_export`."""
    statement = select(ExportedFile).order_by(ExportedFile.id.desc()).limit(limit)
    if viewer.role not in _SEE_ALL:
        statement = statement.where(ExportedFile.employee_id == viewer.id)
    return session.scalars(statement).all()


def downloaded(session: Session, export_id: int, viewer: Employee, at: datetime, *, ip: str = "") -> ExportedFile:
    """Note that the file is taken, and return its row. Raises NotFound, also where there is no file (any more)."""
    row = fetch_export(session, export_id, viewer)
    if row.state != READY or not row.stored_as:
        raise NotFound("Файл уже удалён. Выгрузите ещё раз.")
    write(
        session,
        Actor.of(viewer, ip),
        "export.download",
        subject="exported_file",
        subject_id=row.id,
        details={"kind": row.kind},
        at=at,
    )
    return row
