"""The act of destruction as papers: the extract of the log that goes with it (приказ РКН 28.10.2022 № 179 п. 2, 4)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.base import fetch
from crm.consents.destruction import fetch_act
from crm.consents.tables import DONE, SCOPES
from crm.consents.texts import institution_of
from crm.errors import RecordsError
from crm.families import fetch_family
from crm.staff import Employee

SYSTEM = "Семейная диспетчерская"
HOW = "перезапись полей базы данных программными средствами, без возможности восстановления"


def log_of(
    session: Session, act_id: int, employee: Employee, at: datetime, zone: ZoneInfo, *, ip: str = ""
) -> dict[str, Any]:
    """Return the extract: whose, what, in which system, why, when, who. Logged as an export. Raises NotFound, and
    RecordsError for a proposal."""
    act = fetch_act(session, act_id)
    family = fetch_family(session, act.family_id, employee)
    if act.state != DONE or act.decided_at is None:
        raise RecordsError("Акта ещё нет: данные не уничтожены.")
    operator = institution_of(session, employee)
    who = [fetch(session, Employee, one or 0) for one in (act.proposed_by_id, act.decided_by_id)]
    write(session, Actor.of(employee, ip), "destruction.log", subject="destruction_act", subject_id=act.id,
          family_id=family.id, at=at)  # fmt: skip
    return {
        "Документ": f"Выгрузка из журнала регистрации событий к акту № {act.number} за {act.year} год",
        "Оператор": f"{operator.name}, {operator.address}",
        "Информационная система": SYSTEM,
        "Субъект": f"карточка {family.card_number}" + (f", человек № {act.person_id}" if act.person_id else ""),
        "Что уничтожено": SCOPES[act.scope],
        "Категории данных": [f"{one['title']}: {one['rows']}" for one in act.destroyed],
        "Сохранено по закону": [f"{one['title']}: {one['ground']}, до {one['until']}" for one in act.kept],
        "Причина": act.ground,
        "Способ": HOW,
        "Дата и время": f"{act.decided_at.astimezone(zone):%d.%m.%Y %H:%M:%S}",
        "Предложил": who[0].full_name if who[0] else "",
        "Подтвердил": who[1].full_name if who[1] else "",
    }


def as_json(log: Mapping[str, Any]) -> str:
    """The extract for programs."""
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def as_text(log: Mapping[str, Any]) -> str:
    """The extract for people."""
    lines = []
    for name, value in log.items():
        if isinstance(value, list):
            lines.append(f"{name}:")
            lines += [f"  – {one}" for one in value]
        else:
            lines.append(f"{name}: {value}")
    return "\n".join(lines) + "\n"
