"""The institution's rule of listening in: an order of the director, and every operator's signature under it (§4).

Without both nobody may listen to anybody; who has not signed is not listened to.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.base import fetch
from crm.consents.rules import local_date
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.institution import Service
from crm.recordings.tables import MonitorNotice, MonitorRule
from crm.staff import Employee, Role, operators
from crm.upsert import insert_missing


def rule_of(session: Session, service_id: int | None) -> MonitorRule:
    """Return the rule; before anybody set one, an unsaved one that forbids."""
    stored = session.get(MonitorRule, service_id) if service_id else None
    return stored or MonitorRule(service_id=service_id or 0, on=False, order_number="", tell_listening=True, version=1)


def set_rule(
    session: Session,
    service_id: int,
    employee: Employee,
    at: datetime,
    *,
    on: bool,
    order_number: str,
    order_date: date | None,
    tell_listening: bool,
    version: int,
    ip: str = "",
) -> MonitorRule:
    """The director writes the order down, and turns listening on or off; the same again changes nothing.

    Raises Incomplete by field, StaleVersion, NotFound, RecordsError for anybody but a director.
    """
    if employee.role != Role.DIRECTOR.value:
        raise RecordsError("Правило прослушивания вводит директор.")
    if fetch(session, Service, service_id) is None:
        raise NotFound("Такого сервиса нет.")
    number = clean_line(order_number, 40)
    problems = {}
    if on and not number:
        problems["order_number"] = "Укажите номер приказа."
    if on and order_date is None:
        problems["order_date"] = "Укажите дату приказа."
    if order_date is not None and order_date > local_date(session, at):
        problems["order_date"] = "Дата приказа ещё не наступила."
    if problems:
        raise Incomplete(problems)
    insert_missing(session, MonitorRule, {"service_id": service_id}, ["service_id"])
    rule = session.get_one(MonitorRule, service_id, with_for_update=True, populate_existing=True)
    wanted = {"on": on, "order_number": number, "order_date": order_date, "tell_listening": tell_listening}
    known = {name: getattr(rule, name) for name in wanted}
    if known == wanted:
        return rule
    if version != rule.version:
        raise StaleVersion(known, rule.version)
    for name, value in wanted.items():
        setattr(rule, name, value)
    rule.version += 1
    rule.set_by_id, rule.set_at = employee.id, at
    session.flush()
    details = {
        "order": rule.order,
        "monitoring": "введено" if on else "снято",
        "told": "да" if tell_listening else "нет",
    }
    write(session, Actor.of(employee, ip), "monitor.rule", subject="service", subject_id=service_id, details=details,
          at=at)  # fmt: skip
    return rule


def sign(
    session: Session,
    rule: MonitorRule,
    operator_id: int,
    employee: Employee,
    at: datetime,
    *,
    signed_on: date,
    ip: str = "",
) -> None:
    """Note that an operator has signed that she knows of the order; the same again changes nothing.

    Raises RecordsError where there is no order, Incomplete for a date before the order or in the future, NotFound.
    """
    if employee.role not in (Role.HEAD.value, Role.DIRECTOR.value):
        raise RecordsError("Отметку об ознакомлении вносит заведующий или директор.")
    service_id = rule.service_id
    if rule.order_date is None:
        raise RecordsError("Сначала директор вносит приказ.")
    if operator_id not in {one.id for one, _, _ in operators(session, service_id)}:
        raise NotFound("Такого оператора в сервисе нет.")
    if not rule.order_date <= signed_on <= local_date(session, at):
        raise Incomplete({"signed_on": f"Дата от {rule.order_date:%d.%m.%Y} до сегодняшнего дня."})
    values = {
        "service_id": service_id,
        "employee_id": operator_id,
        "order_words": rule.order,
        "signed_on": signed_on,
        "noted_by_id": employee.id,
        "noted_at": at,
    }
    if insert_missing(session, MonitorNotice, values, ["service_id", "employee_id", "order_words"]):
        details = {"order": rule.order}
        write(session, Actor.of(employee, ip), "monitor.signed", subject="employee", subject_id=operator_id,
              details=details, at=at)  # fmt: skip


def signed(session: Session, rule: MonitorRule, operator_id: int) -> date | None:
    """The day on which this operator signed the order in force; None where she has not."""
    statement = select(MonitorNotice.signed_on).where(
        MonitorNotice.service_id == rule.service_id,
        MonitorNotice.employee_id == operator_id,
        MonitorNotice.order_words == rule.order,
    )
    return session.scalars(statement).first()


@dataclass(frozen=True)
class ServiceRule:
    """A service, its rule, and who has signed under it."""

    service: Service
    rule: MonitorRule
    signatures: Sequence["Signature"]
    set_by: Employee | None


def overview(session: Session, service_ids: Collection[int]) -> list[ServiceRule]:
    """The rules of these services."""
    found = []
    for service in session.scalars(select(Service).where(Service.id.in_(service_ids)).order_by(Service.id)):
        rule = rule_of(session, service.id)
        set_by = session.get(Employee, rule.set_by_id) if rule.set_by_id else None
        found.append(ServiceRule(service, rule, signatures(session, rule), set_by))
    return found


@dataclass(frozen=True)
class Signature:
    """An operator and the day she signed, if she has."""

    operator: Employee
    on: date | None


def signatures(session: Session, rule: MonitorRule) -> Sequence[Signature]:
    """Every operator of the service, with or without her signature."""
    return [Signature(one, signed(session, rule, one.id)) for one, _, _ in operators(session, rule.service_id)]
