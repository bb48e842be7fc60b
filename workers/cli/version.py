"""`family-dispatch version`."""

from __future__ import annotations

import platform
from importlib import metadata

import typer


def version() -> None:
    """Показать версию программы."""
    typer.echo(f"family-dispatch {metadata.version('family-dispatch')}, Python {platform.python_version()}")
