"""When the hours next let people call families from a list, for the pages of the lists."""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.dialler import window
from crm.calendar.reading import calendar_of
from crm.dialler.settings import settings_of
from crm.missed.access import services_of
from crm.staff import Employee


def opens_at(session: Session, viewer: Employee, at: datetime) -> datetime | None:
    """The beginning of the next calling hours of the services she answers for (UTC); None where one of them may call
    at `at`, or none may within a month."""
    starts = []
    for service_id in services_of(session, viewer):
        settings = settings_of(session, service_id)
        start = window.next_start(calendar_of(session, service_id), settings.hours, at, settings.caps.ring)
        if start == at:
            return None
        if start is not None:
            starts.append(start)
    return min(starts, default=None)
