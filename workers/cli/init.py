"""`family-dispatch init`: a new installation for real work."""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.common import Refused, claim_mode, records, settings_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is misread from paper


def init(  # noqa: PLR0917 - typer gives them by name
    institution: Annotated[str, typer.Option(help="Полное название учреждения.")] = "",
    short_name: Annotated[str, typer.Option(help="Краткое название учреждения.")] = "",
    service: Annotated[str, typer.Option(help="Название службы.")] = "Семейная диспетчерская",
    line: Annotated[list[str] | None, typer.Option(help="Номер линии, по одному параметру на номер.")] = None,
    area_code: Annotated[str, typer.Option(help="Телефонный код района, например 49248.")] = "",
    admin_login: Annotated[str, typer.Option(help="Имя для входа первого администратора.")] = "",
    admin_name: Annotated[str, typer.Option(help="Фамилия, имя и отчество администратора.")] = "",
    data_dir: Annotated[Path | None, typer.Option(help="Папка данных вместо DISPATCH_DATA_DIR.")] = None,
) -> None:
    """Создать учреждение, его линии и первого администратора для рабочего режима.

    Чего нет в параметрах, будет спрошено. Одноразовый пароль показывается один раз. Готовых учётных записей нет.
    Повторный вызов с --line добавляет линии.
    """
    settings = settings_of(data_dir, "live")
    claim_mode(settings)
    numbers = [_number(text, area_code) for text in line or []]
    with records(settings, make=True) as database:
        with database.reading() as session:
            has_institution, has_administrator = _present(session)
        if has_institution and has_administrator and not numbers:
            raise Refused("Учреждение и администратор уже созданы. Остальное настраивается на странице «Настройки».")
        institution = institution if has_institution else _asked(institution, "Полное название учреждения")
        short_name = short_name or institution
        admin_login = "" if has_administrator else _asked(admin_login, "Имя для входа администратора", "admin")
        admin_name = "" if has_administrator else _asked(admin_name, "Фамилия, имя и отчество администратора")
        if not has_institution and not numbers:
            text = _asked("", "Номер телефона службы (можно добавить позже)", "-")
            numbers = [] if text == "-" else [_number(text, area_code)]
        password = "" if has_administrator else one_time_password()
        with database.transaction() as session:
            service_id = _institution(
                session,
                name=institution,
                short=short_name,
                service=service,
                area_code=area_code,
                timezone=settings.timezone,
            )
            _lines(session, service_id, numbers)
            if not has_administrator:
                _administrator(session, admin_login, admin_name, password)
    if password:
        typer.echo(f"Администратор: {admin_login.strip().casefold()}\nОдноразовый пароль: {password}")
        typer.echo("Пароль больше нигде не хранится. Смените его после первого входа.")
    for number in numbers:
        typer.echo(f"Линия добавлена: {number}")
    typer.echo("Дальше: DISPATCH_MODE=live DISPATCH_TRUNK=<адрес шлюза> family-dispatch up")


def one_time_password() -> str:
    """Twenty letters in groups of five, 99 bits: easy to type once from a sheet of paper."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def _asked(given: str, question: str, default: str | None = None) -> str:
    from callflow.text import clean_line

    if not given and not sys.stdin.isatty():
        if default is not None:
            return default
        raise Refused(f"Не задано: {question}. Укажите параметром (см. family-dispatch init --help).")
    answer = clean_line(given or typer.prompt(question, default=default), limit=200)
    if not answer:
        raise Refused(f"Не задано: {question}.")
    return answer


def _number(text: str, area_code: str) -> str:
    from callflow.phone import normalise

    number = normalise(text, area_code or None)
    if number is None:
        raise Refused(f"«{text}» – не российский номер. Пример: +74951234567")
    if number.is_synthetic:
        raise Refused(f"{number.e164} – учебный номер, в рабочем режиме он не годится.")
    return number.e164


def _present(session: Session) -> tuple[bool, bool]:
    from sqlalchemy import select

    from crm.institution import Institution
    from crm.staff import Employee, Role

    administrator = select(Employee.id).where(Employee.role == Role.ADMINISTRATOR.value, Employee.active)
    return session.scalar(select(Institution.id)) is not None, session.scalar(administrator) is not None


def _institution(session: Session, *, name: str, short: str, service: str, area_code: str, timezone: str) -> int:
    from crm.institution import Institution, Service, services

    known = services(session)
    if known:
        return known[0].id
    owner = Institution(name=name, short_name=short, area_code=area_code, timezone=timezone)
    session.add(owner)
    session.flush()
    row = Service(
        institution_id=owner.id,
        code="A",
        name=service,
        journal_title=f"Журнал учёта обращений: {service}",
        queue="dispatch",
    )
    session.add(row)
    session.flush()
    return row.id


def _lines(session: Session, service_id: int, numbers: list[str]) -> None:
    from crm import exchange_state
    from crm.institution import Line, line_of

    for number in numbers:
        if line_of(session, number) is not None:
            raise Refused(f"Линия {number} уже есть.")
        kind = "mobile" if number.startswith("+79") else "landline"
        session.add(Line(service_id=service_id, did=number, kind=kind, title=""))
    if numbers:
        exchange_state.touch(session)


def _administrator(session: Session, login: str, full_name: str, password: str) -> None:
    from crm import passwords
    from crm.audit import Actor, write
    from crm.staff import Employee, Role, by_login

    login = login.strip().casefold()
    if by_login(session, login) is not None:
        raise Refused(f"Учётная запись «{login}» уже есть.")
    surname, _, rest = full_name.partition(" ")
    name, _, patronymic = rest.partition(" ")
    employee = Employee(
        surname=surname,
        name=name,
        patronymic=patronymic,
        login=login,
        password_hash=passwords.hashed(password),
        role=Role.ADMINISTRATOR.value,
        position=Role.ADMINISTRATOR.title,
        created_at=datetime.now(UTC),
    )
    session.add(employee)
    session.flush()
    write(session, Actor(None, "init"), "employee.created", subject="employee", subject_id=employee.id)
