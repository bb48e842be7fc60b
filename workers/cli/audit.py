"""`family-dispatch audit verify`: is the audit log whole? `audit query`: who did what."""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

import importlib
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from workers.cli.common import Refused, records, settings_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from crm.audit import AuditEvent
    from crm.audit_reading import AuditFilters


def verify(
    data_dir: Annotated[Path | None, typer.Option(help="Папка данных вместо DISPATCH_DATA_DIR.")] = None,
) -> None:
    """Проверить, что журнал действий никто не изменил и не укоротил.

    Каждая запись подписана вместе с предыдущей. Код завершения 0 – журнал цел, 1 – найдено повреждение.
    """
    from sqlalchemy import func, select

    from crm import audit, keys

    settings = settings_of(data_dir)
    with records(settings) as database, database.reading() as session:
        bad = audit.verify(session, keys.derive(settings.key(), "audit"), settings.audit_anchor)
        count = session.scalar(select(func.count()).select_from(audit.AuditEvent)) or 0
        if bad is None:
            typer.echo(f"Журнал действий цел, записей: {count}.")
            return
        row = session.get(audit.AuditEvent, bad)
        when = f", время в записи {row.at.astimezone(settings.zone):%d.%m.%Y %H:%M:%S}" if row else ", её нет в базе"
    raise Refused(
        f"Журнал действий повреждён: первая неверная запись № {bad}{when}.",
        "Сохраните копию базы и папки данных, сообщите ответственному за защиту персональных данных.",
        code=1,
    )


def query(  # noqa: PLR0917 - typer reads the parameters
    employee: Annotated[str, typer.Option(metavar="ИМЯ", help="Имя для входа сотрудника.")] = "",
    family: Annotated[str, typer.Option(metavar="НОМЕР", help="Номер карточки, например С-00012.")] = "",
    action: Annotated[str, typer.Option(metavar="КОД", help="Код действия, например family.open, или его слова.")] = "",
    since: Annotated[str, typer.Option(metavar="ДЕНЬ", help="С этого дня, например 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(metavar="ДЕНЬ", help="По этот день включительно.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, metavar="ЧИСЛО", help="Сколько записей.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Одна запись JSON на строку.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Папка данных вместо DISPATCH_DATA_DIR.")] = None,
) -> None:
    """Показать, кто что делал: новые записи сверху.

    Время – по часам учреждения (с --json – UTC). Сведений из карточек журнал действий не содержит, только их номера.
    """
    from crm import audit_reading

    settings = settings_of(data_dir)
    with records(settings) as database, database.reading() as session:
        filters = _filters(session, settings.zone, employee, family, action, since, until)
        found = audit_reading.page(session, filters, limit=limit)
        show = _as_json if as_json else _as_line
        for row in found.rows:
            typer.echo(show(row, found.cards.get(row.family_id or 0, ""), settings.zone))
    if found.older is not None:
        typer.echo(f"Показаны последние {limit}; есть более ранние записи: увеличьте --limit.", err=True)
    elif not found.rows:
        typer.echo("По этим условиям записей нет.", err=True)


def _filters(  # noqa: PLR0917 - as they stand on the command line
    session: Session, zone: ZoneInfo, employee: str, family: str, action: str, since: str, until: str
) -> AuditFilters:
    """What was asked. Raises Refused for a login, card, action or day that there is not."""
    from crm.audit_reading import NOBODY, AuditFilters, family_of_card
    from crm.staff import by_login

    employee_id = family_id = None
    if employee:
        known = by_login(session, employee)
        if known is None:
            raise Refused(f"Сотрудника с именем для входа «{employee}» нет.")
        employee_id = known.id
    if family:
        family_id = family_of_card(session, family)
        if family_id == NOBODY:
            raise Refused(f"Карточки «{family}» нет.")
    codes = tuple(code for code, words in _words().ACTIONS.items() if action.casefold() in (code, words))
    if action and not codes:
        raise Refused(f"Действия «{action}» нет. Коды видны в выводе с --json.")
    last = _day("--until", until)
    return AuditFilters(
        employee_id, family_id, codes, _start(_day("--since", since), zone),
        _start(last + timedelta(days=1) if last else None, zone),
    )  # fmt: skip


def _words(of: str = "audit_words") -> Any:
    """The pages stand above the workers, so their words are named by string, as their process is."""
    return importlib.import_module(f"web.{of}")


def _day(option: str, text: str) -> date | None:
    if not text:
        return None
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Refused(f"{option}: нужна дата, например 2026-11-12 или 12.11.2026.")


def _start(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone).astimezone(UTC) if day else None


def _as_line(row: AuditEvent, card: str, zone: ZoneInfo) -> str:
    words = _words()
    subject = f"{words.SUBJECTS.get(row.subject, row.subject)} {row.subject_id}".strip()
    parts = (
        f"{row.seq}",
        f"{row.at.astimezone(zone):%d.%m.%Y %H:%M:%S}",
        row.actor_name or "—",
        words.ACTIONS.get(row.action, row.action),
        card or subject,
        _words("audit_details").details(row.details),
        row.ip,
    )
    return "\t".join(parts)


def _as_json(row: AuditEvent, card: str, _zone: ZoneInfo) -> str:
    values = {
        "seq": row.seq,
        "at": row.at.isoformat(),
        "employee_id": row.actor_id,
        "employee": row.actor_name,
        "action": row.action,
        "subject": row.subject,
        "subject_id": row.subject_id,
        "card": card,
        "details": json.loads(row.details or "{}"),
        "ip": row.ip,
    }
    return json.dumps(values, ensure_ascii=False)
