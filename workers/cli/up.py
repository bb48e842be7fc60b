"""`family-dispatch up`: prepares everything, then becomes the supervisor.

The preparation needs the rich imports (database, templates); the supervisor must be small. So the process prepares,
writes a plan and executes the supervisor in its own place: same process id, same lock, 14 MB instead of 90.
"""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.common import Refused, claim_mode, records, settings_of
from workers.cli.demo import login_lines

if TYPE_CHECKING:
    from crm.db import Database

PROGRAM = "family-dispatch"
_DYING_SECONDS = 1.5


def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="Учебный режим: вымышленный город, известные пароли, только этот компьютер.")
    ] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Папка данных вместо DISPATCH_DATA_DIR.")] = None,
) -> None:
    """Запустить службу: АТС, очередь, обработчики и страницы.

    Недостающее загружается при первом запуске. Ctrl-C останавливает всё; данные сохраняются.
    """
    from workers import launch
    from workers.supervisor import lock, plan, ports

    refuse_strangers()
    settings = settings_of(data_dir, "demo" if demo else None)
    claim_mode(settings)
    try:
        held = lock.take(settings.data_dir)
    except lock.AlreadyRunning as running:
        raise Refused(str(running)) from None
    listens = launch.make_plan(settings, settings.http_address, valkey=None, guard_spec=None).processes
    addresses = [listen for process in listens for listen in process.listens]
    if settings.exchange == "embedded":
        addresses += launch.exchange_listens(settings)
    if taken := ports.taken(addresses, patience=_DYING_SECONDS):
        raise Refused(*taken)
    _say("База данных…")
    with records(settings, make=True) as database:
        if settings.mode == "demo":
            _load_demo(settings, database)
        else:
            _refuse_unready(settings, database)
        valkey = _valkey(settings)
        guard_spec = _exchange(settings, database) if settings.exchange == "embedded" else None
        announcement = _announcement(settings, database)
    wanted = launch.make_plan(
        settings, settings.http_address, valkey=valkey, guard_spec=guard_spec, announcement=announcement
    )
    path = settings.run_dir / "plan.json"
    plan.write(wanted, path)
    os.set_inheritable(held, True)
    command = [*launch.python("workers.supervisor"), str(path), "--lock-fd", str(held)]
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - a list of our own


def refuse_strangers() -> None:
    """Raises Refused where another distribution has put its files into one of our packages."""
    from workers.package_names import strangers

    if found := strangers():
        names = "; ".join(f"{name}: {', '.join(others)}" for name, others in found.items())
        raise Refused(f"В окружении Python стоят чужие пакеты с нашими именами ({names}). Нужно отдельное окружение.")


def _say(text: str) -> None:
    typer.echo(text)


def _load_demo(settings: Any, database: Database) -> None:
    from crm.demo import load

    _say("Учебные данные…")
    with database.transaction() as session:
        load(session, settings.key(), datetime.now(UTC))


def _refuse_unready(settings: Any, database: Database) -> None:
    """Live work needs somebody who administers, a number to be called on, and a way for calls to come in."""
    from sqlalchemy import select

    from crm import institution
    from crm.staff import Employee, Role

    missing = []
    with database.reading() as session:
        administrator = select(Employee).where(Employee.role == Role.ADMINISTRATOR.value, Employee.active)
        if session.scalars(administrator).first() is None:
            missing.append("Нет администратора. Выполните: family-dispatch init")
        if not institution.active_lines(session):
            missing.append("Нет ни одной линии. Выполните: family-dispatch init --line <номер учреждения>")
    if settings.exchange == "embedded" and settings.trunk is None:
        missing.append("Не задан транк: адрес шлюза или оператора связи. Задайте: DISPATCH_TRUNK=<адрес>")
    if missing:
        raise Refused("Рабочий режим ещё не готов:", *(f"  {sentence}" for sentence in missing))


def _valkey(settings: Any) -> list[str] | None:
    from workers.provision.errors import ProvisionError
    from workers.provision.valkey import valkey_command

    if settings.redis_url is not None:
        return None
    try:
        return valkey_command(settings.data_dir / "valkey", settings.run_dir / "valkey.sock")
    except ProvisionError as error:
        raise Refused(error.sentence, error.detail, code=1) from None


def _exchange(settings: Any, database: Database) -> Path:
    from telephony.config.check import UnsafeConfigValue
    from workers import exchange, launch
    from workers.provision.asterisk import find_exchange
    from workers.provision.errors import ProvisionError
    from workers.provision.machine import cache_folder

    control = settings.exchange_run_dir / "asterisk.ctl"
    if len(os.fsencode(control)) > launch.LONGEST_SOCKET_PATH:
        raise Refused("Путь к папке данных слишком длинный для АТС. Выберите для DISPATCH_DATA_DIR путь короче.")
    try:
        program = find_exchange(cache_folder(), _say)
        _say(program.origin)
        if settings.mode == "demo":
            _give_the_town_a_voice()
        rendered = exchange.prepare(settings, database, program)
    except ProvisionError as error:
        raise Refused(error.sentence, error.detail, code=1) from None
    except UnsafeConfigValue as error:
        raise Refused(f"Настройки АТС нельзя записать: {error}", code=1) from None
    return launch.write_guard_spec(settings, program, rendered.config_dir / "asterisk.conf", rendered.control_socket)


def _give_the_town_a_voice() -> None:
    """Fetched here, with its progress on the screen, rather than in the middle of the first training call."""
    from workers.provision.errors import ProvisionError
    from workers.provision.machine import cache_folder
    from workers.provision.speech import find_speech

    try:
        find_speech(cache_folder(), _say)
    except ProvisionError as error:
        _say(f"{error.sentence} Учебные звонки будут без слов.")


def _announcement(settings: Any, database: Database) -> str:
    from crm import institution

    address = settings.public_url or f"http://{settings.http_bind}"
    lines = [f"Откройте в браузере: {address}", ""]
    if settings.mode == "demo":
        with database.reading() as session:
            numbers = institution.active_lines(session)
        lines += ["Учебные учётные записи (имя, пароль):", *login_lines(), ""]
        if numbers:
            command = f"{_program()} call-in --from +79070000101"
            lines += ["Позвонить в службу из вымышленного города (в другом окне):", f"  {command}", ""]
    lines.append("Остановить: Ctrl-C")
    return "\n".join(lines)


def _program() -> str:
    """What to type to start this program again; with its folder, unless the shell finds it by its name alone."""
    program = Path(sys.argv[0])
    if program.name != PROGRAM or shutil.which(PROGRAM):
        return PROGRAM
    return os.path.relpath(program)
