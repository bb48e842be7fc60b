"""Orders as the pages show them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from callflow.names import full_name
from crm.family_tables import Family, Person
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee
from crm.visibility import family_seen_by, seen_by

SHOWN_FOR = timedelta(minutes=10)


def order_of_call(session: Session, call_id: int) -> OutgoingCall | None:
    """The order that made this call; None for one that came in."""
    return session.scalars(select(OutgoingCall).where(OutgoingCall.call_id == call_id)).first()


def last_order(session: Session, employee: Employee, at: datetime) -> OutgoingCall | None:
    """Her newest order while it is of interest: not over, or over for less than ten minutes."""
    own = _own(employee)
    last = session.scalars(own.order_by(OutgoingCall.requested_at.desc(), OutgoingCall.id.desc()).limit(1)).first()
    if last is None or (last.ended_at is not None and at - last.ended_at > SHOWN_FOR):
        return None
    return last


def _own(employee: Employee) -> Select[OutgoingCall]:
    """Her own calls; without those to a family that she may no longer know of."""
    seen = family_seen_by(employee, OutgoingCall.family_id)
    return select(OutgoingCall).where(
        OutgoingCall.employee_id == employee.id, or_(OutgoingCall.family_id.is_(None), seen)
    )


def names_of(session: Session, orders: Sequence[OutgoingCall], viewer: Employee) -> dict[int, str]:
    """Whom these calls were for, by the order's id, as far as this employee may know."""
    people = {order.id: order.person_id for order in orders if order.person_id is not None}
    statement = (
        select(Person)
        .outerjoin(Person.family)
        .where(Person.id.in_(set(people.values())), or_(Family.id.is_(None), seen_by(viewer)))
    )
    known = {one.id: full_name(one.surname, one.name, one.patronymic) for one in session.scalars(statement)}
    return {order_id: known[person_id] for order_id, person_id in people.items() if person_id in known}


def own_orders(session: Session, employee: Employee, limit: int = 20) -> Sequence[OutgoingCall]:
    """Her last calls, the newest first."""
    own = _own(employee)
    return session.scalars(own.order_by(OutgoingCall.requested_at.desc(), OutgoingCall.id.desc()).limit(limit)).all()
