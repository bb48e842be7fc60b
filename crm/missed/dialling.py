"""«Позвонить»: the row is claimed by whoever dials, from the list or by a number; two people never call one family."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm.errors import Incomplete
from crm.missed.claiming import claim
from crm.missed.tables import MissedCall
from crm.staff import Employee


def begin(session: Session, missed_id: int, employee: Employee, at: datetime, *, ip: str = "") -> str:
    """Claim the row for a call and return what to dial (E.164).

    Raises NotFound, Claimed (two people must not call one family at once), Incomplete where no number is known.
    """
    row = claim(session, missed_id, employee, at, ip=ip)
    if row.number is None:
        raise Incomplete({"number": "Номер неизвестен: перезвонить по этой строке нельзя."})
    return row.number


def owed(session: Session, service_ids: Collection[int], number: str, family_id: int | None) -> int | None:
    """The open row of this number or family in these services: whoever calls them by hand calls them back."""
    whose = MissedCall.number == number
    if family_id is not None:
        whose = or_(whose, MissedCall.family_id == family_id)
    open_rows = select(MissedCall.id).where(MissedCall.service_id.in_(service_ids), MissedCall.closed_at.is_(None))
    return session.scalars(open_rows.where(whose).order_by(MissedCall.first_at, MissedCall.id)).first()
