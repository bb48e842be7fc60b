"""`family-dispatch audit verify`: is the audit log whole?"""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workers.cli.common import Refused, records, settings_of


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
