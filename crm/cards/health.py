"""Disability of a member: the fact, group, term and certificate; never a diagnosis (152-ФЗ art. 10; domain.md §2.6).

Nothing of it is kept or shown without a written consent in force; a child's is signed by the parent or guardian.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.base import fetch
from crm.cards.changes import note
from crm.cards.editing import Fields, date_problem, open_for_change, open_person, refuse
from crm.cards.tables import HealthRecord
from crm.consents.rules import may_hold_health
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family
from crm.staff import Employee

KINDS = {"disabled_child": "ребёнок-инвалид", "disabled": "инвалид"}
GROUPS = {"1": "I группа", "2": "II группа", "3": "III группа"}
LOCKED = (
    "Сведения о здоровье вносятся только после письменного согласия этого человека (за ребёнка подписывает родитель)."
)
HEALTH_FIELDS = ("kind", "group", "valid_to", "certificate")


def records_of(session: Session, family: Family, at: datetime) -> list[HealthRecord]:
    """Return what may be shown today: records that have not ended, of members whose written consent is in force."""
    statement = select(HealthRecord).where(HealthRecord.family_id == family.id, HealthRecord.ended_at.is_(None))
    records = session.scalars(statement.order_by(HealthRecord.id)).all()
    return [record for record in records if may_hold_health(session, record.person_id, at)]


def open_records(session: Session, family: Family, at: datetime) -> frozenset[int]:
    """Return the ids of all records, ended ones too, whose history may be shown: a written consent is in force."""
    records = session.scalars(select(HealthRecord).where(HealthRecord.family_id == family.id)).all()
    allowed = {one: may_hold_health(session, one, at) for one in {record.person_id for record in records}}
    return frozenset(record.id for record in records if allowed[record.person_id])


def record_of(session: Session, person_id: int) -> HealthRecord | None:
    """Return what holds for this person today, consent or not: not for showing."""
    statement = select(HealthRecord).where(HealthRecord.person_id == person_id, HealthRecord.ended_at.is_(None))
    return session.scalars(statement.order_by(HealthRecord.id.desc())).first()


def record(
    session: Session,
    person_id: int,
    fields: Fields,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> HealthRecord:
    """Write down a member's disability; the same form sent twice is one record, a new one ends the former.

    Raises NotFound, RecordsError (no written consent), Incomplete.
    """
    family, person = open_person(session, person_id, employee, at, family_id=family_id)
    if not may_hold_health(session, person.id, at):
        raise RecordsError(LOCKED)
    wanted = _cleaned(fields)
    _check(wanted)
    former = record_of(session, person.id)
    before = {name: getattr(former, name) for name in HEALTH_FIELDS} if former else {}
    if former is not None:
        if before == wanted:
            return former
        former.ended_at, former.ended_reason = at, "новые сведения"
    new = HealthRecord(family_id=family.id, person_id=person.id, entered_by_id=employee.id, entered_at=at, **wanted)
    session.add(new)
    session.flush()
    note(session, family, "health", new.id, before, wanted, employee, at, action="health.record", ip=ip)
    return new


def end(
    session: Session,
    record_id: int,
    reason: str,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> HealthRecord:
    """The record no longer holds. A second time changes nothing. Raises NotFound, RecordsError, Incomplete."""
    known = fetch(session, HealthRecord, record_id)
    if known is None or family_id not in (None, known.family_id):
        raise NotFound("Такой записи в карточке нет.")
    family = open_for_change(session, known.family_id, employee, at)
    session.refresh(known)
    if known.ended_at is not None:
        return known
    reason = clean_line(reason, 200)
    if not reason:
        raise Incomplete({"reason": "Напишите причину, например «срок справки истёк»."})
    known.ended_at, known.ended_reason = at, reason
    note(session, family, "health", known.id, {}, {"ended": reason}, employee, at, action="health.end", ip=ip)
    return known


def _cleaned(fields: Fields) -> dict[str, Any]:
    return {
        "kind": fields.get("kind", ""),
        "group": fields.get("group", "") if fields.get("kind") == "disabled" else "",
        "valid_to": fields.get("valid_to"),
        "certificate": clean_line(fields.get("certificate", ""), 80),
    }


def _check(wanted: dict[str, Any]) -> None:
    refuse(
        {
            "kind": "" if wanted["kind"] in KINDS else "Выберите из списка.",
            "group": "" if wanted["group"] in ("", *GROUPS) else "Выберите группу.",
            "valid_to": date_problem(wanted["valid_to"]),
        }
    )
