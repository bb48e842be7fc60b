"""«Позвонить» in the list: the row is claimed by whoever dials, and the number comes from here, not from the page."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm.errors import Incomplete
from crm.missed.claiming import claim
from crm.staff import Employee


def begin(session: Session, missed_id: int, employee: Employee, at: datetime, *, ip: str = "") -> str:
    """Claim the row for a call and return what to dial (E.164).

    Raises NotFound, Claimed (two people must not call one family at once), Incomplete where no number is known.
    """
    row = claim(session, missed_id, employee, at, ip=ip)
    if row.number is None:
        raise Incomplete({"number": "Номер неизвестен: перезвонить по этой строке нельзя."})
    return row.number
