"""An import from the upload to the last family: asked, read, looked at, confirmed, loaded.

    asked → reading → ready | refused;  ready → confirmed → loading → done | failed;  ready → cancelled

The pages and the command line create, confirm and cancel jobs; `read` and `load` are done by the one maker of papers
(`workers.papers`) and take up what a killed one left. Nothing becomes a family before it is confirmed, and then all of
it at one instant (`crm.papers.loading`). Files lie in DATA_DIR/imports and are removed when the job ends.

Long because the life of a job is read in one piece.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.base import fetch
from crm.db import Database
from crm.errors import NotFound, RecordsError
from crm.papers import examining, loading, stored_rows
from crm.papers.mapping import Mapping, from_json
from crm.papers.reading import FileRefused
from crm.papers.tables import ImportJob
from crm.staff import Employee

FOLDER = "imports"
KIND = "families"
STATES = {
    "asked": "ждёт чтения",
    "reading": "читается",
    "ready": "ждёт решения",
    "refused": "не принят",
    "confirmed": "ждёт загрузки",
    "loading": "загружается",
    "done": "загружен",
    "failed": "не загружен",
    "cancelled": "отменён",
}
UNDER_WAY = ("asked", "reading", "confirmed", "loading")
ENDED = ("refused", "done", "failed", "cancelled")
MOST_ATTEMPTS = 3
FORGOTTEN = timedelta(days=30)
"""A preview that nobody confirmed for so long is cancelled: its file holds personal data."""

LEFT_SECONDS = 24 * 3600

_GONE = "Файла больше нет на сервере. Загрузите его снова."
_GAVE_UP = "Чтение файла несколько раз прерывалось. Сообщите администратору и попробуйте файл меньшего размера."

log = logging.getLogger(__name__)


class SeenBefore(RecordsError):
    """The very same file came already; `job` is that import."""

    def __init__(self, job: ImportJob) -> None:
        super().__init__("Этот файл уже загружали.")
        self.job = job


def folder_of(data_dir: Path) -> Path:
    """Where uploads and their rows lie."""
    return data_dir / FOLDER


def create(
    session: Session,
    *,
    file_name: str,
    sha256: str,
    stored_as: str,
    service_id: int | None,
    employee: Employee,
    at: datetime,
    mapping: Mapping | None = None,
    ip: str = "",
) -> ImportJob:
    """Write down that a file came in. Raises SeenBefore where the same bytes are loaded or on their way.

    `stored_as` is the file's random name in the folder; `mapping` None: proposed from the headings.
    """
    live = (*UNDER_WAY, "ready", "done")
    statement = select(ImportJob).where(ImportJob.sha256 == sha256, ImportJob.state.in_(live)).order_by(ImportJob.id)
    if (earlier := session.scalars(statement).first()) is not None:
        session.expunge(earlier)  # the rollback that follows would make it unreadable
        raise SeenBefore(earlier)
    job = ImportJob(
        kind=KIND,
        file_name=clean_line(file_name, 120),
        sha256=sha256,
        stored_as=stored_as,
        mapping=mapping.as_json() if mapping else {},
        service_id=service_id,
        employee_id=employee.id,
        asked_at=at,
    )
    session.add(job)
    session.flush()
    _log(session, job, "import.upload", employee, at, ip=ip)
    return job


def fetch_job(session: Session, job_id: int) -> ImportJob:
    """Return the job. Raises NotFound."""
    job = fetch(session, ImportJob, job_id)
    if job is None:
        raise NotFound
    return job


def recent(session: Session, employee_id: int | None, limit: int) -> Sequence[ImportJob]:
    """Return the newest jobs, of this employee or of everybody."""
    statement = select(ImportJob).where(ImportJob.kind == KIND).order_by(ImportJob.id.desc()).limit(limit)
    return session.scalars(statement.where(ImportJob.employee_id == employee_id) if employee_id else statement).all()


def remap(session: Session, job_id: int, mapping: Mapping, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """Read the file anew with other meanings of its columns. Raises NotFound, RecordsError.

    A mapping without columns names a sheet only: the columns are then proposed from that sheet's headings.
    """
    if mapping.columns and mapping.problem:
        raise RecordsError(mapping.problem)
    stored = mapping.as_json() if mapping.columns else {"sheet": mapping.sheet}
    if not _move(session, job_id, ("ready",), "asked", mapping=stored, done_rows=0):
        raise RecordsError("Разметку этого файла уже нельзя изменить: обновите страницу.")
    _log(session, fetch_job(session, job_id), "import.remap", employee, at, ip=ip)


def confirm(session: Session, job_id: int, employee: Employee, at: datetime, *, similar: str, ip: str = "") -> bool:
    """Have the families loaded; False where somebody was quicker: two clicks, two people, one load.

    `similar` «skip» or «load»: what becomes of rows that look like known families. Raises NotFound, RecordsError.
    """
    job = fetch(session, ImportJob, job_id, lock=True)
    if job is None:
        raise NotFound
    if job.state != "ready":
        return False
    if not loadable(job, similar):
        raise RecordsError("Загружать нечего: в файле нет новых семей без ошибок.")
    mapping = {**job.mapping, "similar": "load" if similar == "load" else "skip"}
    summary = {**job.summary, "attempts": 0}
    _move(session, job_id, ("ready",), "confirmed", mapping=mapping, summary=summary, confirmed_at=at, done_rows=0)
    _log(session, job, "import.confirm", employee, at, ip=ip)
    return True


def cancel(session: Session, job_id: int, employee: Employee, at: datetime, *, ip: str = "") -> bool:
    """Give an unconfirmed import up; False where it is confirmed or ended. Raises NotFound.

    After the commit the caller removes the file (`remove_files`).
    """
    job = fetch_job(session, job_id)
    if not _move(session, job_id, ("asked", "ready"), "cancelled", ended_at=at):
        return False
    _log(session, job, "import.cancel", employee, at, ip=ip)
    return True


def loadable(job: ImportJob, similar: str) -> int:
    """How many families would be loaded."""
    counts = job.summary.get("counts", {})
    return int(counts.get("new", 0)) + (int(counts.get("similar", 0)) if similar == "load" else 0)


def waiting(session: Session) -> list[int]:
    """Return the jobs that the maker of papers has to read or load, those that a killed one left included."""
    return list(session.scalars(select(ImportJob.id).where(ImportJob.state.in_(UNDER_WAY)).order_by(ImportJob.id)))


def work(database: Database, job_id: int, folder: Path, at: datetime) -> None:
    """Read or load, whichever this job waits for. What breaks is tried again, three times in all."""
    with database.reading() as session:
        state = fetch_job(session, job_id).state
    try:
        if state in ("asked", "reading"):
            read(database, job_id, folder, at)
        elif state in ("confirmed", "loading"):
            load(database, job_id, folder, at)
    except Exception as error:  # its message may quote a family (reliability.md S18), so no traceback either
        log.error("import %d: %s", job_id, type(error).__name__)


def read(database: Database, job_id: int, folder: Path, at: datetime) -> None:
    """Unpack and examine the file; the job is then ready, or refused with a sentence. Never raises for a bad file."""
    job = _claim(database, job_id, ("asked", "reading"), "reading")
    if job is None:
        return
    if job.summary["attempts"] > MOST_ATTEMPTS:
        _end(database, job, "refused", at, failure=_GAVE_UP)
        remove_files(folder, job.stored_as)
        return
    try:
        result = examining.examine(database, job, folder, at)
    except FileNotFoundError:
        _end(database, job, "refused", at, failure=_GONE)
    except FileRefused as refusal:
        _end(database, job, "refused", at, failure=str(refusal))
        remove_files(folder, job.stored_as)
    else:
        with database.transaction() as session:
            _move(session, job_id, ("reading",), "ready", **result)
    _tidy(database, folder, at)


def load(database: Database, job_id: int, folder: Path, at: datetime) -> None:
    """Load a confirmed file, or go on with one whose loader was killed; every family appears at the same instant."""
    job = _claim(database, job_id, ("confirmed", "loading"), "loading")
    if job is None:
        return
    if job.summary["attempts"] > MOST_ATTEMPTS:
        loading.forget(database, job_id)
        _end(database, job, "failed", at, failure="Загрузка несколько раз прерывалась; ни одна семья не загружена.")
        remove_files(folder, job.stored_as)
        return
    try:
        loading.load(database, job, from_json(job.mapping), stored_rows.path_of(folder, job.stored_as), at)
    except (FileNotFoundError, RecordsError) as error:
        loading.forget(database, job_id)
        sentence = str(error) if isinstance(error, RecordsError) else _GONE
        _end(database, job, "failed", at, failure=f"{sentence} Ни одна семья не загружена.")
    remove_files(folder, job.stored_as)


def remove_files(folder: Path, stored_as: str) -> None:
    """Remove the upload and its rows."""
    (folder / stored_as).unlink(missing_ok=True)
    stored_rows.path_of(folder, stored_as).unlink(missing_ok=True)


def _claim(database: Database, job_id: int, before: tuple[str, ...], state: str) -> ImportJob | None:
    with database.transaction() as session:
        job = fetch(session, ImportJob, job_id, lock=True)
        if job is None or job.state not in before:
            return None
        job.state = state
        job.summary = {**job.summary, "attempts": int(job.summary.get("attempts", 0)) + 1}
        return job


def _move(session: Session, job_id: int, before: tuple[str, ...], state: str, **values: Any) -> bool:
    statement = update(ImportJob).where(ImportJob.id == job_id, ImportJob.state.in_(before))
    moved = session.execute(statement.values(state=state, **values).execution_options(synchronize_session="fetch"))
    return bool(moved.rowcount)  # type: ignore[attr-defined]


def _end(database: Database, job: ImportJob, state: str, at: datetime, *, failure: str) -> None:
    with database.transaction() as session:
        summary = {**fetch_job(session, job.id).summary, "failure": failure}
        _move(session, job.id, ("reading", "loading"), state, summary=summary, ended_at=at)
        employee = session.get(Employee, job.employee_id) if job.employee_id else None
        if employee is not None:
            _log(session, job, f"import.{state}", employee, at)


def _tidy(database: Database, folder: Path, at: datetime) -> None:
    """Cancel what nobody confirmed, and remove files of no living job (a crash between file and row left them)."""
    with database.transaction() as session:
        statement = select(ImportJob).where(ImportJob.state == "ready", ImportJob.asked_at < at - FORGOTTEN)
        forgotten = session.scalars(statement).all()
        for job in forgotten:
            job.state, job.ended_at = "cancelled", at
        session.flush()
        living = set(session.scalars(select(ImportJob.stored_as).where(ImportJob.state.not_in(ENDED))))
    for job in forgotten:
        remove_files(folder, job.stored_as)
    for path in folder.iterdir():
        if path.name.split(".")[0] not in living and at.timestamp() - path.stat().st_mtime > LEFT_SECONDS:
            path.unlink(missing_ok=True)


def _log(session: Session, job: ImportJob, action: str, employee: Employee, at: datetime, *, ip: str = "") -> None:
    write(session, Actor.of(employee, ip), action, subject="import_job", subject_id=job.id, at=at)
