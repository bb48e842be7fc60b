"""What nobody did in time: the head is told, and after three vain attempts the visit is planned by itself (§6.3)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.errors import RecordsError
from crm.staff import Employee
from crm.tips import attempts, clock, head, next_steps
from crm.tips.rules import ATTEMPTS
from crm.tips.tables import Tip

WHO = "назначит заведующий"
WHERE = "адрес в карточке семьи"


def run(session: Session, at: datetime) -> list[int]:
    """Look at the open tips whose time to be reached is over; return the services in which something changed.

    Called by the housekeeper every minute; told once, a tip is not told again.
    """
    rows = select(Tip).where(Tip.ended_at.is_(None), Tip.reach_due_at <= at).order_by(Tip.id)
    found = session.scalars(rows.with_for_update(of=Tip).execution_options(populate_existing=True)).all()
    tried = attempts.numbers_of(session, [tip.id for tip in found])
    changed = []
    for tip in found:
        is_unreached = tried.get(tip.id, 0) >= ATTEMPTS
        done = is_unreached and tip.visit_on is None and _plan(session, tip, at)
        told = tip.head_why not in ("late", "unreached") and head.tell(
            session, tip, "unreached" if is_unreached else "late", at
        )
        if done or told:
            changed.append(tip.service_id)
    session.flush()
    return changed


def _plan(session: Session, tip: Tip, at: datetime) -> bool:
    """Nobody planned the visit: it is planned in the name of whoever took the tip, for the head to say who goes."""
    taker = session.get(Employee, tip.taken_by_id)
    day = clock.next_working_day(session, tip.service_id, at)
    if taker is None:
        return False
    try:
        next_steps.plan(session, tip, WHO, tip.about_address or WHERE, day, taker, at)
    except RecordsError:  # the row is somebody else's by now, or not in work: the head knows of it all the same
        return False
    return True
