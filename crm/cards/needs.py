"""What a family needs, as an employee decided it: ground, form, kinds of service (442-ФЗ art. 15, 19, 20; A-16, A-17).

A new assessment ends the one before; all of them stay as the history of the decision.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line, clean_text
from crm.base import fetch
from crm.cards import catalogues
from crm.cards.changes import note
from crm.cards.editing import Fields, open_for_change, refuse
from crm.cards.tables import NeedAssessment
from crm.consents.rules import locked
from crm.errors import Incomplete, NotFound
from crm.family_tables import Family
from crm.staff import Employee

HEALTH_GROUNDS = frozenset(["self_care", "disabled_care"])
"""These say something of a member's health: kept only with a written consent (152-ФЗ art. 10)."""

URGENT = "urgent"
FLAGS = ("urgent", "remote_explained", "long_support")
NEED_FIELDS = ("ground", "form", "kinds", *FLAGS, "reason")


def needs_of(session: Session, family_id: int) -> list[NeedAssessment]:
    """Return the family's assessments, newest first."""
    statement = select(NeedAssessment).where(NeedAssessment.family_id == family_id)
    return list(session.scalars(statement.order_by(NeedAssessment.id.desc())))


def current_need(session: Session, family_id: int) -> NeedAssessment | None:
    """Return the need of today: the newest assessment that has not ended."""
    statement = select(NeedAssessment).where(NeedAssessment.family_id == family_id, NeedAssessment.ended_at.is_(None))
    return session.scalars(statement.order_by(NeedAssessment.id.desc())).first()


def assess(
    session: Session,
    family_id: int,
    fields: Fields,
    employee: Employee,
    at: datetime,
    *,
    journal_entry_id: int | None = None,
    ip: str = "",
) -> NeedAssessment:
    """Write down what the family needs now; the same form sent twice is one assessment.

    `journal_entry_id`: the appeal in which it came up. Raises NotFound, RecordsError, Incomplete.
    """
    family = open_for_change(session, family_id, employee, at)
    wanted = _cleaned(fields)
    _check(session, family, wanted, at)
    former = current_need(session, family.id)
    before = {name: getattr(former, name) for name in NEED_FIELDS} if former else {}
    if former is not None and before == wanted:
        return former
    if former is not None:
        former.ended_at, former.ended_reason = at, "новая оценка"
    need = NeedAssessment(
        family_id=family.id,
        journal_entry_id=journal_entry_id,
        assessed_by_id=employee.id,
        assessed_at=at,
        **wanted,
    )
    session.add(need)
    session.flush()
    note(session, family, "need", need.id, before, wanted, employee, at, action="need.assess", ip=ip)
    return need


def end(
    session: Session,
    need_id: int,
    reason: str,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> NeedAssessment:
    """The need is no longer there. A second time changes nothing. Raises NotFound, RecordsError, Incomplete."""
    need = fetch(session, NeedAssessment, need_id)
    if need is None or family_id not in (None, need.family_id):
        raise NotFound("Такой оценки в карточке нет.")
    family = open_for_change(session, need.family_id, employee, at)
    session.refresh(need)
    if need.ended_at is not None:
        return need
    reason = clean_line(reason, 200)
    if not reason:
        raise Incomplete({"reason": "Напишите, почему помощь больше не нужна."})
    need.ended_at, need.ended_reason = at, reason
    note(session, family, "need", need.id, {}, {"ended": reason}, employee, at, action="need.end", ip=ip)
    return need


def _cleaned(fields: Fields) -> dict[str, Any]:
    kinds = sorted(set(fields.get("kinds") or ()))
    wanted: dict[str, Any] = {name: bool(fields.get(name)) for name in FLAGS}
    wanted["urgent"] = wanted["urgent"] or URGENT in kinds
    return {
        "ground": fields.get("ground", ""),
        "form": fields.get("form", ""),
        "kinds": kinds,
        **wanted,
        "reason": clean_text(fields.get("reason", ""), 2000),
    }


def _check(session: Session, family: Family, wanted: dict[str, Any], at: datetime) -> None:
    problems = {}
    grounds = {item.code for item in catalogues.items(session, "ground")}
    forms = {item.code for item in catalogues.items(session, "service_form")}
    kinds = {item.code for item in catalogues.items(session, "service_kind")}
    if wanted["ground"] not in grounds:
        problems["ground"] = "Выберите основание."
    elif wanted["ground"] in HEALTH_GROUNDS and "health" in locked(session, family, at):
        problems["ground"] = "Это сведения о здоровье: сначала нужно письменное согласие. До него выберите другое."
    if not wanted["kinds"] or not kinds.issuperset(wanted["kinds"]):
        problems["kinds"] = "Выберите хотя бы один вид услуг."
    if wanted["form"] not in forms and not (wanted["form"] == "" and wanted["urgent"]):
        problems["form"] = "Выберите форму обслуживания; без неё обходятся только срочные услуги."
    refuse(problems)
