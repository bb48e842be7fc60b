"""Who works with which service's ledger: whoever answers for the service; heads without a service of their own see all
(as with the queue).
"""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from crm import institution, staff
from crm.base import MAX_ID
from crm.errors import NotFound
from crm.missed.tables import MissedCall
from crm.staff import Employee, Role
from crm.visibility import family_seen_by

_WORK_WITH_IT = {Role.DISPATCHER.value, Role.COORDINATOR.value, Role.HEAD.value}


def services_of(session: Session, viewer: Employee) -> tuple[int, ...]:
    """The services whose missed calls this person sees; none for roles that call nobody back."""
    if not viewer.active or viewer.role not in _WORK_WITH_IT:
        return ()
    own = tuple(staff.service_ids_of(session, viewer.id))
    if not own and viewer.role == Role.HEAD:
        return tuple(service.id for service in institution.services(session))
    return own


def is_theirs(session: Session, viewer: Employee) -> ColumnElement[bool]:
    """The condition on `MissedCall` for lists and counts.

    An open row is everybody's who answers the service's telephone: somebody has to call back, and of a restricted card
    the number is all that is shown (`crm.missed.reading`). A closed one is history, and that of a restricted family is
    known to those entitled only.
    """
    seen = family_seen_by(viewer, MissedCall.family_id)
    known = or_(MissedCall.closed_at.is_(None), MissedCall.family_id.is_(None), seen)
    return and_(MissedCall.service_id.in_(services_of(session, viewer)), known)


def fetch_row(session: Session, missed_id: int, viewer: Employee, *, lock: bool = False) -> MissedCall:
    """Return the row; with `lock` it is ours until the transaction ends. Raises NotFound where `is_theirs` says no."""
    if not 1 <= missed_id <= MAX_ID:
        raise NotFound("Такого звонка в списке нет.")
    statement = select(MissedCall).where(MissedCall.id == missed_id, is_theirs(session, viewer))
    if lock:
        statement = statement.with_for_update(of=MissedCall).execution_options(populate_existing=True)
    row = session.scalars(statement).one_or_none()
    if row is None:
        raise NotFound("Такого звонка в списке нет.")
    return row
