"""`family-dispatch export person`: everything held on one person, as a file to give him (152-ФЗ art. 14)."""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.common import Refused, records, settings_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def person(
    who: Annotated[str, typer.Argument(metavar="КТО", help="№ карточки (С-00029: заявитель) или № человека из базы.")],
    out: Annotated[Path, typer.Option("--out", metavar="ФАЙЛ", help="Куда записать: .html для чтения или .json.")],
    data_dir: Annotated[Path | None, typer.Option(help="Папка данных вместо DISPATCH_DATA_DIR.")] = None,
) -> None:
    """Выгрузить всё, что хранится об одном человеке, чтобы выдать ему. Запись об этом попадает в журнал аудита."""
    from crm.audit import Actor
    from crm.consents import subject
    from crm.consents.subject_paper import as_html
    from crm.errors import RecordsError

    if out.suffix not in (".html", ".json"):
        raise Refused("Имя файла должно оканчиваться на .html или .json.")
    if out.exists():
        raise Refused(f"Файл {out} уже есть. Назовите другой.")
    with records(settings_of(data_dir)) as database:
        try:
            with database.transaction() as session:
                actor = Actor(None, "console", ip="console")
                paper = subject.hand_out(session, _person_id(session, who), actor, datetime.now(UTC))
        except RecordsError as error:
            raise Refused(str(error)) from None
    _write(out, subject.as_json(paper) if out.suffix == ".json" else as_html(paper))
    typer.echo(f"Записано: {out}. В файле персональные данные: передайте его только этому человеку и удалите копию.")


def _person_id(session: Session, who: str) -> int:
    """A card's number names its applicant. Raises Refused where there is nobody."""
    from sqlalchemy import select

    from crm.errors import NotFound
    from crm.family_tables import ACTIVE, Family, Person

    typed = who.strip().upper()
    if typed.isascii() and typed.isdecimal() and len(typed) < 19:
        return int(typed)
    card = typed.replace("C-", "С-")  # Latin C looks the same on the screen
    statement = select(Person.id).join(Family, Family.id == Person.family_id)
    statement = statement.where(Family.card_number == card, Family.state == ACTIVE, Person.is_applicant)
    found = session.scalars(statement.order_by(Person.id).limit(1)).one_or_none()
    if found is None:
        raise NotFound(f"Карточки «{who}» нет. Номер карточки выглядит так: С-00029.")
    return found


def _write(target: Path, text: str) -> None:
    """Readable by the owner alone, and never over another file."""
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused(f"Файл {target} не записан: {error.strerror}.", code=1) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
