"""`family-dispatch import families`: a register without a browser; the same reading, preview and loading."""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.common import Refused, records, settings_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from crm.db import Database
    from crm.papers.mapping import Mapping
    from crm.papers.tables import ImportJob
    from crm.staff import Employee

AUTO = "auto"
SHOWN_ERRORS = 50
_MAX_BYTES = 20 << 20


def families(  # noqa: PLR0917 - typer reads the parameters
    file: Annotated[Path, typer.Argument(metavar="ФАЙЛ", help="Реестр или список семей: .xlsx или .csv.")],
    login: Annotated[
        str, typer.Option("--as", metavar="ИМЯ", help="Имя для входа: заведующий отделением или координатор.")
    ],
    service: Annotated[str, typer.Option(metavar="КОД", help="Код службы; обычно – первая служба сотрудника.")] = "",
    mapping: Annotated[
        str, typer.Option(metavar="auto|ФАЙЛ.json", help="Что в каких столбцах; auto – по заголовкам.")
    ] = AUTO,
    similar: Annotated[
        bool, typer.Option("--with-similar", help="Загрузить и семьи, похожие на уже заведённые.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Только показать, ничего не загружать.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Не спрашивать подтверждения.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Папка данных вместо DISPATCH_DATA_DIR.")] = None,
) -> None:
    """Загрузить семьи из файла: сначала показать, что понято, затем спросить и загрузить всё сразу.

    Файл разметки: {"header_row": 1, "first_row": 2, "columns": {"A": "full_name", "B": "birth_date", "C": "phone"}}.
    Код завершения 0 – загружено, показано или загружать нечего; 1 – файл не принят или не загружен.
    """
    from crm.errors import RecordsError
    from crm.papers import importing

    given = None if mapping == AUTO else _mapping(mapping)
    if not (yes or dry_run or sys.stdin.isatty()):
        raise Refused("Спросить некого. Добавьте --dry-run, чтобы только посмотреть, или --yes, чтобы загрузить.")
    if not file.is_file():
        raise Refused(f"Файла {file} нет.")
    if file.stat().st_size > _MAX_BYTES:
        raise Refused(f"Файл {file} больше 20 МБ. Разделите его на несколько.", code=1)
    settings = settings_of(data_dir)
    folder = importing.folder_of(settings.data_dir)
    with records(settings) as database:
        try:
            job = _bring(database, file, folder, login, service, given)
            if job is None:
                return
            with _alone(settings):
                importing.work(database, job.id, folder, datetime.now(UTC))
            job = _preview(database, job.id)
            count = importing.loadable(job, "load" if similar else "skip")
            wanted = bool(count) and not dry_run and (yes or typer.confirm(f"Загрузить семей: {count}?"))
            with database.transaction() as session:
                employee = _employee(session, login)
                at = datetime.now(UTC)
                if wanted:
                    choice = "load" if similar else "skip"
                    importing.confirm(session, job.id, employee, at, similar=choice, ip="console")
                else:
                    importing.cancel(session, job.id, employee, at, ip="console")
            if not wanted:
                importing.remove_files(folder, job.stored_as)
                typer.echo("Ничего не загружено." if count else "Загружать нечего: новых семей без ошибок нет.")
                return
            with _alone(settings):
                importing.work(database, job.id, folder, datetime.now(UTC))
        except RecordsError as error:
            raise Refused(str(error), code=1) from None
        _result(database, job.id)


def _bring(  # noqa: PLR0917 - what the command was given
    database: Database, file: Path, folder: Path, login: str, service: str, mapping: Mapping | None
) -> ImportJob | None:
    """Copy the file in and write it down; None, with the reason said, where it has come before."""
    from crm.papers import importing

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stored_as = secrets.token_hex(16)
    copy = folder / stored_as
    with file.open("rb") as source, os.fdopen(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as to:
        shutil.copyfileobj(source, to)
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    try:
        with database.transaction() as session:
            employee = _employee(session, login)
            return importing.create(
                session,
                file_name=file.name,
                sha256=digest,
                stored_as=stored_as,
                service_id=_service_id(session, employee, service),
                employee=employee,
                at=datetime.now(UTC),
                mapping=mapping,
                ip="console",
            )
    except importing.SeenBefore as seen:
        copy.unlink()
        state = importing.STATES[seen.job.state]
        typer.echo(f"Этот же файл уже принят: загрузка № {seen.job.id}, {state}. Второй раз ничего не создано.")
        return None
    except Refused:
        copy.unlink()
        raise


def _preview(database: Database, job_id: int) -> ImportJob:
    """Say what the pages would show; no value of the file goes to the screen, which may be a log."""
    from crm.papers import importing
    from crm.papers.mapping import letters_of

    with database.reading() as session:
        job = importing.fetch_job(session, job_id)
    if job.state != "ready":
        raise Refused(job.summary.get("failure", "Файл не прочитан."), code=1)
    counts = job.summary["counts"]
    titles = {
        "new": "Новых семей",
        "already": "Уже загружены раньше",
        "similar": "Похожи на известных",
        "repeated": "Повторы в файле",
        "error": "Строк с ошибками",
        "review": "Проверить состав",
    }
    for note in job.summary["file"]["notes"]:
        typer.echo(note)
    for name, title in titles.items():
        typer.echo(f"{title}: {counts.get(name, 0)}")
    for row, column, sentence, fatal in job.errors[:SHOWN_ERRORS]:
        where = f"строка {row}" + (f", столбец {letters_of(column)}" if column is not None else "")
        typer.echo(f"  {where}: {'НЕ ВОЙДЁТ. ' if fatal else ''}{sentence}")
    if job.summary["errors"] > SHOWN_ERRORS:
        typer.echo(f"  … всего замечаний: {job.summary['errors']}")
    return job


def _result(database: Database, job_id: int) -> None:
    from crm.papers import importing

    with database.reading() as session:
        job = importing.fetch_job(session, job_id)
    if job.state != "done":
        raise Refused(job.summary.get("failure", "Загрузка не закончена: её продолжит служба."), code=1)
    typer.echo(f"Загрузка № {job.id}: заведено семей: {job.summary['created']}.")


def _employee(session: Session, login: str) -> Employee:
    from crm.staff import Role, by_login

    employee = by_login(session, login)
    if employee is None or not employee.active or employee.role not in (Role.HEAD.value, Role.COORDINATOR.value):
        raise Refused(f"«{login}» – не заведующий отделением и не координатор: загружать семьи может только он.")
    return employee


def _service_id(session: Session, employee: Employee, code: str) -> int | None:
    from crm import institution
    from crm.staff import service_ids_of

    if not code:
        return next(iter(service_ids_of(session, employee.id)), None)
    for service in institution.services(session):
        if service.code.casefold() == code.casefold():
            return service.id
    raise Refused(f"Службы с кодом «{code}» нет.")


def _mapping(path: str) -> Mapping:
    """The mapping of a file; columns by Excel's letters, meanings by the codes of `crm.papers.mapping.MEANINGS`."""
    from crm.papers.mapping import MEANINGS, from_json, place_of

    try:
        stored: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        columns = {str(place_of(letters)): meaning for letters, meaning in stored["columns"].items()}
        mapping = from_json({**stored, "columns": columns})
    except OSError:
        raise Refused(f"Файл разметки {path} не читается.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        codes = ", ".join(MEANINGS)
        raise Refused(f"Файл разметки {path} не понят. Значения столбцов: {codes}.") from None
    if mapping.problem:
        raise Refused(mapping.problem)
    return mapping


@contextmanager
def _alone(settings: Any) -> Iterator[None]:
    """As the only maker of papers (`workers.papers`)."""
    from workers.papers import LOCK
    from workers.provision.locking import locked

    with locked(settings.run_dir / LOCK, lambda: typer.echo("Жду: служба делает другие файлы…")):
        yield
