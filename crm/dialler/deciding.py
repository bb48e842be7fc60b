"""What the head decides about calls of a service: whether the robot may call at all, when, how often, and what next.

The robot is off until a named person has ticked the legal ground and written it down (domain.md §3.2); it never has all
lines of the trunk.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from callflow.dialler.plan import ReminderPlan
from callflow.dialler.retry import EDITABLE, RetryRule, Then
from callflow.dialler.rules import Caps
from callflow.dialler.states import Disposition
from callflow.dialler.window import CallingHours
from callflow.text import clean_line, clean_text
from crm.audit import Actor, write
from crm.base import fetch
from crm.dialler.tables import DiallerSettings
from crm.errors import Incomplete, NotFound, StaleVersion
from crm.institution import Line, Service
from crm.staff import Employee
from crm.upsert import insert_missing

LONGEST_LABEL: Final = 32
SHORTEST_GROUND: Final = 10
_CAPS, _HOURS, _PLAN = Caps(), CallingHours(), ReminderPlan()
_EARLIEST, _LATEST = 8 * 60, 21 * 60
"""No call of ours outside of these, whatever is decided (230-ФЗ, domain.md §3.3)."""

LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "lines": (1, 50),
    "trunk_lines": (2, 100),
    "per_second": (1, 10),
    "ring_seconds": (15, 60),
    "gap_minutes": (15, 1440),
    "attempts": (1, 5),
    "per_day": (1, 5),
    "per_week": (1, 14),
    "per_month": (1, 60),
    "per_service_day": (1, 5000),
}


def _retry_default() -> dict[str, dict[str, Any]]:
    return {one.value: {"then": rule.then.value, "minutes": rule.minutes, "times": rule.times}
            for one, rule in EDITABLE.items()}  # fmt: skip


def _plan_default() -> dict[str, Any]:
    return {
        "days_before": _PLAN.days_before,
        "since": _PLAN.since,
        "until": _PLAN.until,
        "morning": _PLAN.morning,
        "morning_since": _PLAN.morning_since,
        "morning_until": _PLAN.morning_until,
        "lead_minutes": int(_PLAN.lead / timedelta(minutes=1)),
        "rate_by_robot": True,
    }


@dataclass(frozen=True)
class Decided:
    """One service's decision. Minutes are of the institution's day; `latest` weekday («3» Thursday) → minute.

    `legal`: the ground stands ticked; `legal_ground`: in the words of whoever ticked it.
    """

    robot_on: bool = False
    legal: bool = False
    legal_ground: str = ""
    shown_line_id: int | None = None
    caller_label: str = ""
    lines: int = _CAPS.lines
    trunk_lines: int = _CAPS.trunk_lines
    per_second: int = _CAPS.per_second
    ring_seconds: int = int(_CAPS.ring / timedelta(seconds=1))
    earliest: int = _HOURS.earliest
    latest_usual: int = _HOURS.latest_usual
    latest: Mapping[str, int] = field(default_factory=lambda: {str(day): one for day, one in _HOURS.latest.items()})
    gap_minutes: int = int(_CAPS.gap / timedelta(minutes=1))
    attempts: int = _CAPS.attempts
    per_day: int = _CAPS.per_day
    per_week: int = _CAPS.per_week
    per_month: int = _CAPS.per_month
    per_service_day: int = _CAPS.per_service_day
    retry: Mapping[str, Mapping[str, Any]] = field(default_factory=_retry_default)
    plan: Mapping[str, Any] = field(default_factory=_plan_default)
    version: int = 0


_STORED = tuple(one.name for one in fields(Decided) if one.name not in ("legal", "version"))


def decided_of(session: Session, service_id: int) -> Decided:
    """What stands; the defaults, with the robot off, where nobody has decided (`version` 0)."""
    row = session.get(DiallerSettings, service_id, populate_existing=True)
    if row is None:
        return Decided()
    values = {name: getattr(row, name) for name in _STORED}
    values["retry"] = {**_retry_default(), **row.retry}
    values["plan"] = {**_plan_default(), **row.plan}
    return Decided(**values, legal=row.legal_ticked_at is not None, version=row.version)


def ticked_by(session: Session, service_id: int) -> tuple[Employee, datetime] | None:
    """Who ticked the legal ground, and when."""
    row = session.get(DiallerSettings, service_id)
    if row is None or row.legal_ticked_at is None or row.legal_ticked_by_id is None:
        return None
    return session.get_one(Employee, row.legal_ticked_by_id), row.legal_ticked_at


def decide(
    session: Session,
    service_id: int,
    wanted: Decided,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> Decided:
    """Store the decision that was made upon `wanted.version`. The same again writes nothing.

    Raises NotFound for no service, Incomplete with a sentence per field, StaleVersion.
    """
    if fetch(session, Service, service_id) is None:
        raise NotFound("Такой службы нет.")
    before = decided_of(session, service_id)
    wanted = _cleaned(wanted)
    if asdict(wanted) | {"version": 0} == asdict(before) | {"version": 0}:
        return before
    if problems := dict(_problems(session, service_id, wanted)):
        raise Incomplete(problems)
    insert_missing(session, DiallerSettings, _first_row(service_id, at), ["service_id"])
    values: dict[str, Any] = {name: getattr(wanted, name) for name in _STORED}
    values["latest"], values["retry"], values["plan"] = dict(wanted.latest), dict(wanted.retry), dict(wanted.plan)
    if not wanted.legal:
        values |= {"legal_ticked_at": None, "legal_ticked_by_id": None}
    elif not before.legal or before.legal_ground != wanted.legal_ground:
        values |= {"legal_ticked_at": at, "legal_ticked_by_id": employee.id}
    ours = update(DiallerSettings).where(
        DiallerSettings.service_id == service_id, DiallerSettings.version == wanted.version
    )
    values |= {"changed_at": at, "changed_by_id": employee.id, "version": wanted.version + 1}
    if session.execute(ours.values(**values).returning(DiallerSettings.service_id)).first() is None:
        raise StaleVersion(asdict(before), before.version)
    changed = sorted(name for name, value in asdict(wanted).items() if value != asdict(before)[name])
    write(
        session, Actor.of(employee, ip), "dialler.settings", subject="service", subject_id=service_id,
        details={"fields": [name for name in changed if name != "version"]}, at=at,
    )  # fmt: skip
    return decided_of(session, service_id)


def _first_row(service_id: int, at: datetime) -> dict[str, Any]:
    first = {name: getattr(Decided(), name) for name in _STORED}
    return {**first, "service_id": service_id, "latest": {}, "retry": {}, "plan": {}, "changed_at": at, "version": 0}


def _cleaned(wanted: Decided) -> Decided:
    values = {one.name: getattr(wanted, one.name) for one in fields(Decided)}
    values["legal_ground"] = clean_text(wanted.legal_ground, 1000)
    values["caller_label"] = clean_line(wanted.caller_label, 200)
    return Decided(**values)


def _problems(session: Session, service_id: int, wanted: Decided) -> Iterator[tuple[str, str]]:
    for name, (least, most) in LIMITS.items():
        if not least <= getattr(wanted, name) <= most:
            yield name, f"От {least} до {most}."
    if wanted.lines >= wanted.trunk_lines:
        yield "lines", "Хотя бы одна линия остаётся входящим: меньше, чем линий всего."
    if not wanted.per_day <= wanted.per_week <= wanted.per_month:
        yield "per_week", "За неделю не меньше, чем за день, за месяц не меньше, чем за неделю."
    if wanted.legal and len(wanted.legal_ground) < SHORTEST_GROUND:
        yield "legal_ground", "Напишите основание: договор с оператором, приказ, дата и номер."
    if wanted.robot_on and not wanted.legal:
        yield "legal", "Робот включается только с отмеченным правовым основанием."
    if len(wanted.caller_label) > LONGEST_LABEL:
        yield "caller_label", f"Не длиннее {LONGEST_LABEL} знаков: столько показывает оператор связи."
    line = fetch(session, Line, wanted.shown_line_id) if wanted.shown_line_id is not None else None
    if wanted.shown_line_id is not None and (line is None or not line.active or line.service_id != service_id):
        yield "shown_line_id", "Такой линии у службы нет: выберите из списка."
    yield from _time_problems(wanted)
    yield from _retry_problems(wanted)


def _time_problems(wanted: Decided) -> Iterator[tuple[str, str]]:
    if not _EARLIEST <= wanted.earliest < wanted.latest_usual <= _LATEST:
        yield "earliest", "Звонить можно с 8:00 до 21:00, начало раньше конца."
    for day, minute in wanted.latest.items():
        if day not in tuple("01234") or not wanted.earliest < minute <= _LATEST:
            yield f"latest_{day}", "Позже начала и не позже 21:00."
    plan = wanted.plan
    if not 0 <= plan["days_before"] <= 10:
        yield "days_before", "От 0 до 10 рабочих дней."
    if not 0 <= plan["since"] < plan["until"] <= 24 * 60:
        yield "since", "Начало раньше конца."
    if plan["morning"] and not 0 <= plan["morning_since"] < plan["morning_until"] <= 24 * 60:
        yield "morning_since", "Начало раньше конца."
    if not 0 <= plan["lead_minutes"] <= 24 * 60:
        yield "lead_minutes", "От 0 до 1440 минут."


def _retry_problems(wanted: Decided) -> Iterator[tuple[str, str]]:
    for name, rule in wanted.retry.items():
        known = {one.value for one in EDITABLE}
        if name not in known or rule.get("then") not in {one.value for one in Then}:
            yield f"then_{name}", "Выберите из списка."
            continue
        read = RetryRule(Then(rule["then"]), int(rule["minutes"]), int(rule["times"]))
        if read.then is Then.AGAIN_AFTER and not 15 <= read.minutes <= 24 * 60:
            yield f"minutes_{name}", "От 15 до 1440 минут."
        if not 1 <= read.times <= 5:
            yield f"times_{name}", "От 1 до 5 раз."


def titles() -> dict[str, str]:
    """What the rows of the table «что дальше» are called."""
    return {one.value: one.title for one in Disposition if one in EDITABLE}
