"""What the commands share: settings or sentences, an opened database, the folder's mode."""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crm.db import Database
    from workers.settings import ServiceSettings


class Refused(Exception):
    """The command cannot be carried out; the sentences go to the screen, the code to the shell."""

    def __init__(self, *sentences: str, code: int = 2) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences
        self.code = code


def settings_of(data_dir: Path | None = None, mode: str | None = None) -> Any:
    """All settings of the service (`web.settings.WebSettings`), the command line's words first.

    The pages stand above the workers, so their settings are named by string, as their process is.

    Raises:
        Refused: with a sentence for each variable that is wrong.
    """
    from crm.settings import SettingsError, load

    try:
        settings = load(importlib.import_module("web.settings").WebSettings, data_dir=data_dir, mode=mode)
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if settings.data_dir.stat().st_mode & 0o077:
            settings.data_dir.chmod(0o700)
        settings.key()
    except SettingsError as error:
        raise Refused("Настройки не подходят:", *(f"  {sentence}" for sentence in error.sentences)) from None
    except OSError as error:
        sentence = f"Папка данных {error.filename} недоступна ({error.strerror}). Выберите другую: DISPATCH_DATA_DIR."
        raise Refused(sentence) from None
    return settings


@contextmanager
def records(settings: ServiceSettings, *, make: bool = False) -> Iterator[Database]:
    """The database with the present schema; `make` brings it there first.

    Raises:
        Refused: it is not there, not reachable, or of another version.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from crm.db import check_schema, open_database
    from crm.errors import RecordsError

    try:
        if make:
            from crm.schema import upgrade

            upgrade(settings.database_address())
        else:
            check_schema(settings.database_address())
    except RecordsError as error:
        raise Refused(str(error)) from None
    except SQLAlchemyError as error:
        raise Refused(
            f"База данных не открывается ({type(error).__name__}). Проверьте DISPATCH_DATABASE_URL и место на диске.",
            code=1,
        ) from None
    database = open_database(settings)
    try:
        yield database
    finally:
        database.dispose()


def claim_mode(settings: ServiceSettings) -> None:
    """Keep invented and real families apart: a data folder belongs to one mode for ever.

    Raises:
        Refused: the folder was made in the other mode; its demo accounts have printed passwords.
    """
    mark = settings.data_dir / "mode"
    known = mark.read_text(encoding="ascii").strip() if mark.exists() else ""
    if known and known != settings.mode:
        title = {"demo": "учебный", "live": "рабочий"}
        raise Refused(
            f"Папка {settings.data_dir} создана в режиме «{title.get(known, known)}», "
            f"а запуск – «{title[settings.mode]}». Учебные и настоящие данные не смешиваются: "
            "укажите другую DISPATCH_DATA_DIR или DISPATCH_MODE."
        )
    if not known:
        mark.write_text(settings.mode + "\n", encoding="ascii")
