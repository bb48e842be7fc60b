"""Whether a service records its inbound talks: the head proposes, the director turns it on by an order (§3.4).

Off by default in every mode. Order, legal ground and the notice that callers hear are mandatory.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line, clean_text
from crm import exchange_state
from crm.audit import Actor, write
from crm.base import fetch
from crm.consents.rules import local_date
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.institution import Service
from crm.recordings.access import heads
from crm.recordings.tables import OFF, ON, PROPOSED, RecordingRule
from crm.staff import Employee, Role
from crm.upsert import insert_missing

FIRST_NOTICE = (
    "Обращаем ваше внимание: разговор записывается для контроля качества. Если вы не согласны на запись, нажмите "
    "девять или сообщите об этом специалисту."
)
"""S-1 of domain.md §9.2."""
FIRST_GROUND = (
    "152-ФЗ ст. 6 ч. 1 п. 1: согласие, выраженное продолжением разговора после предупреждения; "
    "отказавшихся не записывают"
)
KEEP_DAYS = 90
LONGEST_KEPT = 1095


@dataclass(frozen=True)
class Wanted:
    """What the form says."""

    order_number: str = ""
    order_date: date | None = None
    ground: str = ""
    notice: str = ""
    keep_days: int = KEEP_DAYS


def rule_of(session: Session, service_id: int) -> RecordingRule:
    """Return the rule; before anybody proposed one, an unsaved one that is off."""
    return session.get(RecordingRule, service_id) or RecordingRule(
        service_id=service_id, state=OFF, order_number="", ground="", notice="", keep_days=KEEP_DAYS, version=1
    )


def notice_of(session: Session, service_id: int) -> str:
    """What callers of this service are told of recording, to stand in the greeting; '' where nothing is recorded."""
    rule = session.get(RecordingRule, service_id)
    return rule.notice if rule is not None and rule.state == ON else ""


@dataclass(frozen=True)
class ServiceRule:
    """A service, its rule, and who proposed and decided it."""

    service: Service
    rule: RecordingRule
    proposed_by: Employee | None
    decided_by: Employee | None


def overview(session: Session, service_ids: Collection[int]) -> list[ServiceRule]:
    """The rules of these services."""
    found = []
    for service in session.scalars(select(Service).where(Service.id.in_(service_ids)).order_by(Service.id)):
        rule = rule_of(session, service.id)
        people = [session.get(Employee, one) if one else None for one in (rule.proposed_by_id, rule.decided_by_id)]
        found.append(ServiceRule(service, rule, *people))
    return found


def recorded_queues(session: Session) -> Sequence[str]:
    """The queues of the services that record, for the exchange."""
    statement = select(Service.queue).join(RecordingRule, RecordingRule.service_id == Service.id)
    return session.scalars(statement.where(RecordingRule.state == ON).order_by(Service.id)).all()


def propose(
    session: Session,
    service_id: int,
    wanted: Wanted,
    employee: Employee,
    at: datetime,
    *,
    version: int,
    ip: str = "",
) -> RecordingRule:
    """The head of the service asks the director to turn recording on, or (the director) it is turned on at once.

    Raises Incomplete by field, StaleVersion, NotFound; RecordsError for others, and where recording is on already.
    """
    _may_propose(session, service_id, employee)
    rule = _locked(session, service_id)
    values = _checked(session, wanted, at)
    if employee.role == Role.DIRECTOR.value:
        return _turn_on(session, rule, values, employee, at, version=version, ip=ip)
    if rule.state == ON:
        raise RecordsError("Запись уже включена. Изменить условия может директор.")
    if rule.state == PROPOSED and all(getattr(rule, name) == value for name, value in values.items()):
        return rule
    _change(rule, values, version)
    rule.state, rule.proposed_by_id, rule.proposed_at = PROPOSED, employee.id, at
    session.flush()
    _log(session, "recording.propose", rule, employee, at, ip=ip)
    return rule


def turn_off(session: Session, service_id: int, employee: Employee, at: datetime, *, ip: str = "") -> RecordingRule:
    """Nothing is recorded from now on; talks that are being recorded go on to their end. Off again changes nothing.

    The head may take her proposal back and stop recording; to begin again takes the director.
    """
    _may_propose(session, service_id, employee)
    rule = _locked(session, service_id)
    if rule.state != OFF:
        rule.state, rule.decided_by_id, rule.decided_at = OFF, employee.id, at
        rule.version += 1
        exchange_state.touch(session)
        session.flush()
        _log(session, "recording.off", rule, employee, at, ip=ip)
    return rule


def _turn_on(
    session: Session,
    rule: RecordingRule,
    values: dict[str, Any],
    employee: Employee,
    at: datetime,
    *,
    version: int,
    ip: str,
) -> RecordingRule:
    if rule.state == ON and all(getattr(rule, name) == value for name, value in values.items()):
        return rule
    _change(rule, values, version)
    rule.state, rule.decided_by_id, rule.decided_at = ON, employee.id, at
    exchange_state.touch(session)
    session.flush()
    _log(session, "recording.on", rule, employee, at, ip=ip)
    return rule


def _change(rule: RecordingRule, values: dict[str, Any], version: int) -> None:
    if version != rule.version:
        raise StaleVersion({name: getattr(rule, name) for name in values}, rule.version)
    for name, value in values.items():
        setattr(rule, name, value)
    rule.version += 1


def _checked(session: Session, wanted: Wanted, at: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "order_number": clean_line(wanted.order_number, 40),
        "order_date": wanted.order_date,
        "ground": clean_text(wanted.ground, 1000),
        "notice": clean_line(wanted.notice, 600),
        "keep_days": wanted.keep_days,
    }
    problems = {}
    if not values["order_number"]:
        problems["order_number"] = "Укажите номер приказа."
    if wanted.order_date is None:
        problems["order_date"] = "Укажите дату приказа."
    elif wanted.order_date > local_date(session, at):
        problems["order_date"] = "Дата приказа ещё не наступила."
    if not values["ground"]:
        problems["ground"] = "Укажите правовое основание."
    if not values["notice"]:
        problems["notice"] = "Без предупреждения записывать нельзя: напишите его текст."
    elif "девять" not in values["notice"].casefold():
        problems["notice"] = "Скажите звонящему, как отказаться: «нажмите девять»."
    if not 1 <= wanted.keep_days <= LONGEST_KEPT:
        problems["keep_days"] = f"От 1 до {LONGEST_KEPT} дней."
    if problems:
        raise Incomplete(problems)
    return values


def _may_propose(session: Session, service_id: int, employee: Employee) -> None:
    if fetch(session, Service, service_id) is None:
        raise NotFound("Такого сервиса нет.")
    if employee.role != Role.DIRECTOR.value and not heads(session, service_id, employee):
        raise RecordsError("О записи разговоров решают заведующий этим сервисом и директор.")


def _locked(session: Session, service_id: int) -> RecordingRule:
    insert_missing(session, RecordingRule, {"service_id": service_id}, ["service_id"])
    return session.get_one(RecordingRule, service_id, with_for_update=True, populate_existing=True)


def _log(session: Session, action: str, rule: RecordingRule, employee: Employee, at: datetime, *, ip: str) -> None:
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="service",
        subject_id=rule.service_id,
        details={"order": rule.order, "days": rule.keep_days},
        at=at,
    )
