"""Who works with which tips: whoever answers for the service; the head and the director all.

A tip on a restricted card is there for those entitled, and for whoever took it down; she sees what she typed herself
and no sign of a card (`is_guarded`).
"""

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from crm import institution, staff
from crm.base import MAX_ID
from crm.errors import NotFound
from crm.family_tables import Family
from crm.staff import Employee, Role
from crm.tips.tables import Tip, TipReport
from crm.visibility import family_seen_by, seen_family

WORK_WITH_IT = frozenset({Role.DISPATCHER.value, Role.COORDINATOR.value, Role.HEAD.value})
SEE_ALL = frozenset({Role.HEAD.value, Role.DIRECTOR.value})
_NONE = "Такой информации нет."


def services_of(session: Session, viewer: Employee) -> tuple[int, ...]:
    """The services whose tips this person sees."""
    if not viewer.active or viewer.role not in WORK_WITH_IT | SEE_ALL:
        return ()
    if viewer.role in SEE_ALL:
        return tuple(service.id for service in institution.services(session))
    return tuple(staff.service_ids_of(session, viewer.id))


def is_theirs(session: Session, viewer: Employee) -> ColumnElement[bool]:
    """The condition on `Tip` for lists and counts: what this person may not see is not even counted."""
    seen = family_seen_by(viewer, Tip.family_id)
    own = select(TipReport.id).where(TipReport.tip_id == Tip.id, TipReport.taken_by_id == viewer.id).exists()
    return Tip.service_id.in_(services_of(session, viewer)) & or_(Tip.family_id.is_(None), seen, own)


def fetch_tip(session: Session, tip_id: int, viewer: Employee, *, lock: bool = False) -> Tip:
    """Return the tip; with `lock` it is ours until the transaction ends. Raises NotFound where `is_theirs` says no."""
    if not 1 <= tip_id <= MAX_ID:
        raise NotFound(_NONE)
    statement = select(Tip).where(Tip.id == tip_id, is_theirs(session, viewer))
    if lock:
        statement = statement.with_for_update(of=Tip).execution_options(populate_existing=True)
    tip = session.scalars(statement).one_or_none()
    if tip is None:
        raise NotFound(_NONE)
    return tip


def working(session: Session, tip_id: int, employee: Employee) -> Tip:
    """As `fetch_tip`, locked, for those who act; the director reads. Raises NotFound."""
    if employee.role not in WORK_WITH_IT:
        raise NotFound(_NONE)
    return fetch_tip(session, tip_id, employee, lock=True)


def card_of(session: Session, tip: Tip, viewer: Employee) -> Family | None:
    """The card, if there is one and this person may see it."""
    return seen_family(session, tip.family_id, viewer) if tip.family_id is not None else None


def is_guarded(session: Session, tip: Tip, viewer: Employee) -> bool:
    """Whether there is a card that this person must not learn of."""
    return tip.family_id is not None and card_of(session, tip, viewer) is None


def takers(session: Session, tip: Tip) -> set[int]:
    """Who took down what was told."""
    return set(session.scalars(select(TipReport.taken_by_id).where(TipReport.tip_id == tip.id)))
