"""The head's task: told of a danger at once, and of a family that was not reached; she says that she has seen it."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm.errors import NotFound
from crm.staff import Employee, Role
from crm.tips.access import fetch_tip
from crm.tips.log import log
from crm.tips.rules import WHY
from crm.tips.tables import Tip


def tell(session: Session, tip: Tip, why: str, at: datetime, *, again: bool = False) -> bool:
    """Put the tip on the head's list; return whether it is there anew. `again`: even if she has seen it before."""
    if why not in WHY:
        raise ValueError(why)
    if tip.head_told_at is not None and not again and (tip.head_seen_at is None or tip.head_why == why):
        return False
    # A danger stays the reason, whatever comes after it, until it was seen.
    if not (tip.head_why == "risk" and tip.head_seen_at is None and tip.head_told_at is not None):
        tip.head_why = why
    tip.head_told_at, tip.head_seen_at, tip.head_seen_by_id = at, None, None
    session.flush()
    return True


def seen(session: Session, tip_id: int, employee: Employee, at: datetime, *, ip: str = "") -> Tip:
    """«Приняла к сведению». Said again, it changes nothing. Raises NotFound for anybody but the head."""
    if employee.role != Role.HEAD.value:
        raise NotFound("Такой информации нет.")
    tip = fetch_tip(session, tip_id, employee, lock=True)
    if tip.head_told_at is not None and tip.head_seen_at is None:
        tip.head_seen_at, tip.head_seen_by_id = at, employee.id
        log(session, "tip.seen", tip, employee, at, ip, why=tip.head_why)
        session.flush()
    return tip
