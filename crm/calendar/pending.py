"""What the head has still to do about the calendar: for a line at the top of her pages."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.calendar import production
from crm.calendar.reading import confirmed_years
from crm.calendar.tables import ServiceHours
from crm.calendar.years import due_years
from crm.institution import Service


@dataclass(frozen=True)
class Pending:
    """`year`: its transfers are not known and should be; `without_hours`: services that are open round the clock
    because nobody said otherwise."""

    year: int | None
    without_hours: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.year is not None or bool(self.without_hours)


def pending(session: Session, today: date) -> Pending:
    """Return what is missing on this date at the institution."""
    known = confirmed_years(session)
    year = next((one for one in due_years(today) if one not in known and not production.transfers_known(one)), None)
    keeps = select(ServiceHours.id).where(ServiceHours.service_id == Service.id, ServiceHours.replaced_at.is_(None))
    without = session.scalars(select(Service.name).where(~keeps.exists()).order_by(Service.id)).all()
    return Pending(year, tuple(without))
