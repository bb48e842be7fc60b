"""Making the file of an export: claimed by its row, written aside, put in place, then told.

One worker at a time does this (`workers.papers` holds a lock), so a row found in the making belongs to a worker that
was killed; it is begun anew, three times at most.
"""

import errno
import logging
import secrets
import shutil
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.base import fetch
from crm.db import Database
from crm.errors import RecordsError
from crm.institution import Institution
from crm.keys import key_of
from crm.papers.kinds import kind_of
from crm.papers.tables import FAILED, MAKING, READY, ExportedFile
from crm.papers.waiting import EXPORTS_WAIT
from crm.papers.workbook import MOST_ROWS, Stamp, TooManyRows, Written, write_workbook
from crm.staff import Employee

MOST_ATTEMPTS = 3
TELL_EVERY = 5_000  # rows; each telling is a transaction
_ASIDE = "making-"
log = logging.getLogger(__name__)

_KILLED = "Файл не удалось сделать за три попытки. Сузьте период и повторите; если не поможет, скажите администратору."
_BROKEN = "Файл не удалось сделать. Повторите; если не поможет, скажите администратору номер выгрузки."
_TOO_MANY = f"В файле было бы больше {MOST_ROWS} строк. Сузьте период и повторите."
_NO_ROOM = "Файл не записан: на диске нет места. Скажите администратору и повторите."
_NO_FOLDER = "Файл не записан: папка выгрузок недоступна. Скажите администратору и повторите."
_GONE = "Файл не сделан: учётная запись того, кто просил, закрыта."


@dataclass(frozen=True)
class _Task:
    id: int
    kind: str
    filters: dict[str, Any]
    employee_id: int
    asked_at: datetime


def waiting(session: Session) -> Sequence[int]:
    """Return the exports to be made, oldest first; those begun and abandoned are among them."""
    statement = select(ExportedFile.id).where(ExportedFile.state.in_(EXPORTS_WAIT))
    return session.scalars(statement.order_by(ExportedFile.id)).all()


def clear_left(folder: Path) -> None:
    """Remove the half-made parts of a killed worker; only for whoever is the one worker now."""
    for left in folder.glob(f"{_ASIDE}*"):
        shutil.rmtree(left, ignore_errors=True)


def make(database: Database, export_id: int, folder: Path, at: datetime) -> None:
    """Make this export's file in `folder`; whatever goes wrong becomes a sentence in the row.

    The rows are those that the asker may see now. An export that is made already, or failed, is left alone.
    """
    task = _claim(database, export_id)
    if task is None:
        return
    try:
        written, stored_as = _write(database, task, folder, at)
    except TooManyRows:
        _fail(database, export_id, _TOO_MANY)
    except RecordsError as error:
        _fail(database, export_id, str(error))
    except OperationalError:
        raise  # the database is away: the row stays as it is, to be begun anew
    except OSError as error:
        log.warning("export %s not written: %s", export_id, error.strerror)
        _fail(database, export_id, _NO_ROOM if error.errno in (errno.ENOSPC, errno.EDQUOT) else _NO_FOLDER)
    except Exception as error:
        places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        log.error("export %s failed: %s at %s", export_id, type(error).__name__, " ".join(places))
        _fail(database, export_id, _BROKEN)
    else:
        _finish(database, task, written, stored_as, at)


def _claim(database: Database, export_id: int) -> _Task | None:
    with database.transaction() as session:
        row = fetch(session, ExportedFile, export_id, lock=True)
        if row is None or row.state not in EXPORTS_WAIT:
            return None
        if row.attempts >= MOST_ATTEMPTS:
            _settle(row, FAILED, _KILLED)
            return None
        row.attempts += 1
        row.state, row.done_rows, row.total_rows = MAKING, 0, 0
        filters = {**row.filters, "text": row.words} if row.words else dict(row.filters)
        return _Task(row.id, row.kind, filters, row.employee_id or 0, row.asked_at)


def _write(database: Database, task: _Task, folder: Path, at: datetime) -> tuple[Written, str]:
    def tell(done: int) -> None:
        if done % TELL_EVERY == 0:
            _note(database, task.id, done_rows=done)

    with _snapshot(database) as session:
        employee = fetch(session, Employee, task.employee_id)
        if employee is None or not employee.active:
            raise RecordsError(_GONE)
        kind = kind_of(task.kind, employee)
        _note(database, task.id, total_rows=kind.count(session, task.filters, employee, at))
        sheet, rows = kind.prepare(session, task.filters, employee, at)
        local = task.asked_at.astimezone(_zone(session))
        # Derived, so that the same data give the same bytes; nobody is told it: who needs the rows exports them again.
        password = key_of(session, "sheet-protection").hex()[:20]
        stamp = Stamp(task.id, employee.short_name, local, password)
        with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=folder) as aside:
            path = Path(aside) / "file.xlsx"
            written = write_workbook(path, sheet, rows, on_progress=tell, stamp=stamp)
            stored_as = f"{secrets.token_hex(16)}.xlsx"
            path.rename(folder / stored_as)
    return written, stored_as


@contextmanager
def _snapshot(database: Database) -> Iterator[Session]:
    """All queries of the file see the records as of one moment; SQLite's reading does so by itself."""
    with database.reading() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def _zone(session: Session) -> ZoneInfo:
    name = session.scalars(select(Institution.timezone).order_by(Institution.id)).first()
    return ZoneInfo(name or "Europe/Moscow")


def _note(database: Database, export_id: int, **values: int) -> None:
    """Tell the page how far it is; where the database is busy, the page learns it a little later."""
    with suppress(OperationalError), database.transaction() as session:
        row = fetch(session, ExportedFile, export_id)
        if row is not None:
            for name, value in values.items():
                setattr(row, name, value)


def _finish(database: Database, task: _Task, written: Written, stored_as: str, at: datetime) -> None:
    with database.transaction() as session:
        row = fetch(session, ExportedFile, task.id, lock=True)
        employee = fetch(session, Employee, task.employee_id)
        if row is None or employee is None:
            return
        _settle(row, READY)
        row.file_name = kind_of(task.kind, employee).file_name(task.asked_at.astimezone(_zone(session)).date())
        row.stored_as, row.sha256, row.content_sha256 = stored_as, written.sha256, written.content_sha256
        row.done_rows = row.total_rows = written.rows
        row.made_at = at
        write(
            session,
            Actor.of(employee),
            "export.make",
            subject="exported_file",
            subject_id=row.id,
            details={"kind": row.kind, "rows": written.rows, "sha256": written.sha256},
            at=at,
        )


def _fail(database: Database, export_id: int, sentence: str) -> None:
    with database.transaction() as session:
        row = fetch(session, ExportedFile, export_id, lock=True)
        if row is not None:
            _settle(row, FAILED, sentence)


def _settle(row: ExportedFile, state: str, error: str = "") -> None:
    row.state, row.error, row.words = state, error, ""
