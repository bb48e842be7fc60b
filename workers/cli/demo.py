"""`family-dispatch demo`: the invented town's families, staff and directory."""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from workers.cli.common import claim_mode, records, settings_of


def demo(
    data_dir: Annotated[Path | None, typer.Option(help="Папка данных вместо DISPATCH_DATA_DIR.")] = None,
) -> None:
    """Загрузить вымышленные семьи, сотрудников и справочник для знакомства с программой.

    Повторный вызов ничего не портит. В папку с настоящими данными учебные не загружаются.
    """
    from crm.demo import load

    settings = settings_of(data_dir, "demo")
    claim_mode(settings)
    with records(settings, make=True) as database:
        with database.transaction() as session:
            load(session, settings.key(), datetime.now(UTC))
        typer.echo("Учебные данные загружены. Учётные записи:")
        for line in login_lines():
            typer.echo(line)


def login_lines() -> list[str]:
    """The demo accounts for the screen."""
    from crm.demo import logins

    rows = [(login.login, login.password, f"{login.full_name}, {login.role}") for login in logins()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"  {login:<{widths[0]}}  {password:<{widths[1]}}  {title}" for login, password, title in rows]
