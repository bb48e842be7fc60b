"""`family-dispatch export journal|registry|efficiency|verify`: the Excel files without a browser."""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.common import Refused, records, settings_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from crm.staff import Employee

Login = Annotated[
    str, typer.Option("--as", metavar="ИМЯ", help="Имя для входа сотрудника: в файл попадёт то, что видит он.")
]
ServiceCode = Annotated[str, typer.Option(metavar="КОД", help="Код службы; обычно – первая служба этого сотрудника.")]
Target = Annotated[Path | None, typer.Option(metavar="ФАЙЛ", help="Куда записать; обычно – в текущую папку.")]
DataDir = Annotated[Path | None, typer.Option(help="Папка данных вместо DISPATCH_DATA_DIR.")]


def journal(  # noqa: PLR0917 - typer reads the parameters
    login: Login,
    since: Annotated[str, typer.Option(metavar="ДЕНЬ", help="С этого дня, например 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(metavar="ДЕНЬ", help="По этот день включительно.")] = "",
    service: ServiceCode = "",
    to: Target = None,
    data_dir: DataDir = None,
) -> None:
    """Выгрузить журнал учёта обращений (8 столбцов) в Excel."""
    days = {name: _day(text) for name, text in (("since", since), ("until", until)) if text}
    _export(settings_of(data_dir), "journal", login, to, service=service, **days)


def registry(login: Login, to: Target = None, data_dir: DataDir = None) -> None:
    """Выгрузить реестр многодетных семей (5 столбцов) в Excel."""
    _export(settings_of(data_dir), "registry", login, to)


def efficiency(  # noqa: PLR0917 - typer reads the parameters
    login: Login,
    year: Annotated[int, typer.Option(metavar="ГОД", help="Год отчёта.")],
    quarter: Annotated[int, typer.Option(min=1, max=4, metavar="КВАРТАЛ", help="Квартал отчёта, 1–4.")],
    service: ServiceCode = "",
    to: Target = None,
    data_dir: DataDir = None,
) -> None:
    """Выгрузить отчёт об эффективности за квартал в Excel."""
    _export(settings_of(data_dir), "efficiency", login, to, service=service, year=year, quarter=quarter)


def verify(
    file: Annotated[Path, typer.Argument(metavar="ФАЙЛ", help="Файл Excel, который когда-то выгрузили.")],
    data_dir: DataDir = None,
) -> None:
    """Сказать, подлинный ли файл: такой ли, каким программа его выгрузила.

    Код завершения 0 – подлинный, 1 – изменён или не наш.
    """
    from crm.audit import Actor
    from crm.papers import exporting
    from crm.papers import verify as verifying
    from crm.papers.verdict_words import sentence

    settings = settings_of(data_dir)
    if not file.is_file():
        raise Refused(f"Файла {file} нет.")
    with records(settings) as database:
        with database.reading() as session:
            verdict = verifying.verify(session, file, exporting.folder_of(settings.data_dir), None)
        with database.transaction() as session:
            verifying.verified(session, verdict, Actor(None, "console"), datetime.now(UTC))
    typer.echo(sentence(verdict, settings.zone))
    for one in verdict.differences:
        typer.echo(f"  {one.cell}")
    if verdict.outcome not in (verifying.Outcome.GENUINE, verifying.Outcome.RESAVED):
        raise typer.Exit(1)


def _export(settings: Any, kind: str, login: str, to: Path | None, *, service: str = "", **filters: Any) -> None:
    """Ask as the pages do, make the file here and now, and put a copy of it where it is wanted."""
    from crm.errors import RecordsError
    from crm.papers import exporting
    from workers.papers import LOCK
    from workers.provision.locking import locked

    if to is not None and to.exists():
        raise Refused(f"Файл {to} уже есть. Назовите другой.")
    with records(settings) as database:
        try:
            with database.transaction() as session:
                employee = _employee(session, login)
                if kind != "registry":
                    filters["service_id"] = _service_id(session, employee, service)
                export_id = exporting.ask(session, kind, filters, employee, datetime.now(UTC), ip="console").id
            folder = exporting.folder_of(settings.data_dir)
            with locked(settings.run_dir / LOCK, lambda: typer.echo("Жду: служба делает другие файлы…")):
                exporting.make(database, export_id, folder, datetime.now(UTC))
            with database.transaction() as session:
                row = exporting.fetch_export(session, export_id, employee)
                if row.error:
                    raise Refused(row.error, code=1)
                exporting.downloaded(session, export_id, employee, datetime.now(UTC), ip="console")
        except RecordsError as error:
            raise Refused(str(error)) from None
        target = to or Path(row.file_name)
        _copy(folder / row.stored_as, target)
    typer.echo(f"Выгрузка № {export_id}: {target}, строк: {row.done_rows}.\nSHA-256: {row.sha256}")


def _employee(session: Session, login: str) -> Employee:
    from crm.staff import by_login

    employee = by_login(session, login)
    if employee is None or not employee.active:
        raise Refused(f"Сотрудника «{login}» нет или его учётная запись закрыта.")
    return employee


def _service_id(session: Session, employee: Employee, code: str) -> int:
    from crm import institution
    from crm.journal import readable_services

    readable = readable_services(session, employee)
    known = [one for one in institution.services(session) if one.id in readable]
    found = next((one.id for one in known if code in ("", one.code)), None)
    if found is None:
        codes = ", ".join(one.code for one in known) or "ни одной"
        raise Refused(f"Службы «{code}» у этого сотрудника нет. Его службы: {codes}.")
    return found


def _copy(source: Path, target: Path) -> None:
    """The copy is as private as the original, and takes nobody else's place."""
    try:
        target.touch(mode=0o600, exist_ok=False)
        shutil.copyfile(source, target)
    except OSError as error:
        raise Refused(f"Файл {target} не записан: {error.strerror}.", code=1) from None


def _day(text: str) -> Any:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"«{text}» – не день. Пример: 2026-11-01.") from None
