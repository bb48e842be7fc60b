"""`family-dispatch doctor`: what works and what to do about the rest."""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workers.cli.common import settings_of


def doctor(
    data_dir: Annotated[Path | None, typer.Option(help="Папка данных вместо DISPATCH_DATA_DIR.")] = None,
) -> None:
    """Проверить АТС, базу данных, очередь, телефон в браузере, диск и часы.

    По строке на каждую часть: она работает, или что сделать. Код завершения 0 – всё работает.
    """
    from workers.doctor import examine

    checks = examine(settings_of(data_dir))
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = typer.style("работает", fg="green") if check.ok else typer.style("ОШИБКА  ", fg="red")
        typer.echo(f"{check.name:<{width}}  {mark}  {check.sentence}")
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)
