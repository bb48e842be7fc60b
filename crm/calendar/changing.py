"""What every change of a service's calendar does: one at a time, against the version it was seen in, with a trace."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import exchange_state
from crm.audit import Actor, write
from crm.base import fetch
from crm.calendar.reading import zone_of
from crm.calendar.tables import CalendarChange, CalendarVersion
from crm.errors import NotFound, StaleVersion
from crm.institution import Service
from crm.staff import Employee
from crm.upsert import insert_missing

FARTHEST = timedelta(days=750)
"""Nobody plans hours for a year after the next; a date beyond is a slip of the finger."""
SHOWN = 20


@dataclass(frozen=True)
class Told:
    """A change as it is told to others: who («» for the program itself), when, and what is different since."""

    who: str
    at: datetime
    words: str


class Change:
    """A change of one calendar in the making: the version is held until the transaction ends."""

    def __init__(self, session: Session, service_id: int, employee: Employee, at: datetime, ip: str = "") -> None:
        """Take the calendar. Raises NotFound for a service that there is not."""
        if fetch(session, Service, service_id) is None:
            raise NotFound("Такой службы нет.")
        insert_missing(session, CalendarVersion, {"service_id": service_id, "version": 0}, ["service_id"])
        held = session.get_one(CalendarVersion, service_id, with_for_update=True, populate_existing=True)
        self.session, self.service_id, self.employee, self.at, self.ip = session, service_id, employee, at, ip
        self._held = held

    @property
    def today(self) -> date:
        """The date at the service."""
        return self.at.astimezone(zone_of(self.session, self.service_id)).date()

    def check(self, version: int) -> None:
        """Raise StaleVersion, with what others changed since, unless `version` is the one that stands."""
        if self._held.version != version:
            raise StaleVersion({}, self._held.version, history(self.session, self.service_id, since=version))

    def done(self, words: str, subject_id: int, details: Mapping[str, Any], *, action: str) -> None:
        """Count the version, log, and ask the exchange to follow."""
        self._held.version += 1
        change = CalendarChange(
            service_id=self.service_id,
            version=self._held.version,
            words=words,
            employee_id=self.employee.id,
            at=self.at,
        )
        self.session.add(change)
        self.session.flush()
        exchange_state.touch(self.session)
        actor = Actor.of(self.employee, self.ip)
        told = {"service": self.service_id, **details}
        write(self.session, actor, action, subject="calendar", subject_id=subject_id, details=told, at=self.at)


def history(session: Session, service_id: int, *, since: int = 0) -> list[Told]:
    """Return the latest changes after the version `since`, the newest first."""
    statement = (
        select(CalendarChange, Employee)
        .outerjoin(Employee, Employee.id == CalendarChange.employee_id)
        .where(CalendarChange.service_id == service_id, CalendarChange.version > since)
        .order_by(CalendarChange.version.desc())
        .limit(SHOWN)
    )
    found = session.execute(statement)
    return [Told(who.short_name if who else "", change.at, change.words) for change, who in found]
