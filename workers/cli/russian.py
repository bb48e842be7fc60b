"""The few words that typer says itself, in Russian.

Imported before anything else that imports typer: it looks its words up through gettext, once, when it is imported.
"""

from __future__ import annotations

import gettext
from typing import Any

_WORDS = {
    "Options": "Параметры",
    "Arguments": "Аргументы",
    "Commands": "Команды",
    "Error": "Ошибка",
    "Aborted.": "Прервано.",
    "[default: {}]": "[обычно: {}]",
    "[required]": "[обязательно]",
    "Try [blue]'{command_path} {help_option}'[/] for help.": "Справка: [blue]{command_path} {help_option}[/]",
    "Missing command.": "Не названа команда.",
    "No such command {name!r}.": "Нет команды {name!r}.",
}

_gettext = gettext.gettext
gettext.gettext = lambda message: _WORDS.get(message) or _gettext(message)
try:
    import typer.rich_utils
    from typer.core import TyperCommand, TyperGroup
finally:
    gettext.gettext = _gettext


assert _WORDS["Options"] == typer.rich_utils.OPTIONS_PANEL_TITLE, "typer was imported before its words"  # noqa: S101


class _Russian:
    """The words that typer takes from nowhere."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = "Показать эту справку."
        return option

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx))  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, pieces, prefix="Вызов: ")


class Command(_Russian, TyperCommand):
    """A command whose help is Russian throughout."""


class Group(_Russian, TyperGroup):
    """A list of commands whose help is Russian throughout."""
