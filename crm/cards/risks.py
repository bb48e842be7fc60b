"""Risks that somebody has seen in a family, raised and cleared with a reason (A-12)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.base import fetch
from crm.cards import catalogues
from crm.cards.changes import note
from crm.cards.editing import open_for_change
from crm.cards.tables import RiskFlag
from crm.errors import Incomplete, NotFound
from crm.staff import Employee


def risks_of(session: Session, family_id: int, *, with_cleared: bool = False) -> list[RiskFlag]:
    """Return the family's risks, newest first."""
    statement = select(RiskFlag).where(RiskFlag.family_id == family_id)
    if not with_cleared:
        statement = statement.where(RiskFlag.cleared_at.is_(None))
    return list(session.scalars(statement.order_by(RiskFlag.id.desc())))


def raise_flag(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, family_id: int, code: str, text: str, employee: Employee, at: datetime, *, ip: str = ""
) -> RiskFlag:
    """Note a risk; one that stands already stays the same one. Raises NotFound, RecordsError, Incomplete."""
    family = open_for_change(session, family_id, employee, at)
    if not code or not catalogues.is_known(session, "risk", code):
        raise Incomplete({"code": "Выберите признак из списка."})
    for known in risks_of(session, family.id):
        if known.code == code:
            return known
    flag = RiskFlag(family_id=family.id, code=code, note=clean_line(text, 300), raised_by_id=employee.id, raised_at=at)
    session.add(flag)
    session.flush()
    after = {"code": code, "note": flag.note}
    note(session, family, "risk", flag.id, {}, after, employee, at, action="risk.raise", ip=ip)
    return flag


def clear(
    session: Session,
    flag_id: int,
    reason: str,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> RiskFlag:
    """The risk is over. A second time changes nothing. Raises NotFound, RecordsError, Incomplete."""
    flag = fetch(session, RiskFlag, flag_id)
    if flag is None or family_id not in (None, flag.family_id):
        raise NotFound("Такого признака в карточке нет.")
    family = open_for_change(session, flag.family_id, employee, at)
    session.refresh(flag)
    if flag.cleared_at is not None:
        return flag
    reason = clean_line(reason, 200)
    if not reason:
        raise Incomplete({"reason": "Напишите, почему риска больше нет."})
    flag.cleared_at, flag.cleared_by_id, flag.cleared_reason = at, employee.id, reason
    note(session, family, "risk", flag.id, {}, {"cleared": reason}, employee, at, action="risk.clear", ip=ip)
    return flag
