"""The list of commands."""

from __future__ import annotations

import sys

from workers.cli.russian import Command, Group  # isort: skip - first: it teaches typer Russian

import typer

from workers.cli import audit, call_in, demo, doctor, export, export_person, import_families, init, up, version
from workers.cli.common import Refused

app = typer.Typer(
    name="family-dispatch",
    help="Семейная диспетчерская: телефонная служба помощи семьям.\n\n"
    "Первый запуск для знакомства: family-dispatch up. Для работы с настоящими семьями: "
    "family-dispatch init, затем DISPATCH_MODE=live family-dispatch up.\n\n"
    "Настройки читаются из переменных DISPATCH_… и из файла .env.",
    cls=Group,
    options_metavar="[ПАРАМЕТРЫ]",
    subcommand_metavar="КОМАНДА …",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
audit_app = typer.Typer(
    help="Журнал действий сотрудников: проверка целости и отбор записей.",
    cls=Group,
    options_metavar="[ПАРАМЕТРЫ]",
    subcommand_metavar="КОМАНДА …",
    no_args_is_help=True,
)
audit_app.command("verify", cls=Command, options_metavar="[ПАРАМЕТРЫ]")(audit.verify)
audit_app.command("query", cls=Command, options_metavar="[ПАРАМЕТРЫ]")(audit.query)
export_app = typer.Typer(
    help="Выгрузка журнала, реестра и отчёта в Excel; проверка выгруженного файла.",
    cls=Group,
    options_metavar="[ПАРАМЕТРЫ]",
    subcommand_metavar="КОМАНДА …",
    no_args_is_help=True,
)
for command in (export.journal, export.registry, export.efficiency, export.verify):
    export_app.command(command.__name__, cls=Command, options_metavar="[ПАРАМЕТРЫ]")(command)

export_app.command("person", cls=Command, options_metavar="[ПАРАМЕТРЫ]")(export_person.person)

import_app = typer.Typer(
    help="Загрузка семей из файлов, которые учреждение вело раньше.",
    cls=Group,
    options_metavar="[ПАРАМЕТРЫ]",
    subcommand_metavar="КОМАНДА …",
    no_args_is_help=True,
)
import_app.callback()(lambda: None)  # a group of one command stays a group
import_app.command("families", cls=Command, options_metavar="[ПАРАМЕТРЫ]")(import_families.families)

app.command("up", cls=Command, options_metavar="[ПАРАМЕТРЫ]")(up.up)
app.command("init", cls=Command, options_metavar="[ПАРАМЕТРЫ]")(init.init)
app.command("demo", cls=Command, options_metavar="[ПАРАМЕТРЫ]")(demo.demo)
app.command("doctor", cls=Command, options_metavar="[ПАРАМЕТРЫ]")(doctor.doctor)
app.command("call-in", cls=Command, options_metavar="[ПАРАМЕТРЫ]")(call_in.call_in)
app.add_typer(audit_app, name="audit")
app.add_typer(export_app, name="export")
app.add_typer(import_app, name="import")
app.command("version", cls=Command, options_metavar="[ПАРАМЕТРЫ]")(version.version)


def main() -> None:
    """The console script. A refusal is told in sentences, never as a traceback."""
    try:
        app()
    except Refused as refusal:
        for sentence in refusal.sentences:
            typer.echo(sentence, err=True)
        sys.exit(refusal.code)
    except KeyboardInterrupt:
        typer.echo("\nПрервано.", err=True)
        sys.exit(130)
