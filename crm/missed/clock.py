"""The deadline of a call-back in working minutes of the service's calendar (domain.md §6.2, anchors.md idea 10)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar
from crm.calendar.reading import calendar_of
from crm.missed.rules import DEFAULT_CLAIM_MINUTES, DEFAULT_MINUTES
from crm.missed.tables import MissedCall, MissedSetting


@dataclass(frozen=True)
class Terms:
    """How soon a service calls back (working minutes), how long a claim holds (minutes)."""

    minutes: int = DEFAULT_MINUTES
    claim_minutes: int = DEFAULT_CLAIM_MINUTES


def terms_of(session: Session, service_id: int) -> Terms:
    """Return the service's terms; those of domain.md where nobody set others."""
    row = session.get(MissedSetting, service_id)
    return Terms(row.minutes, row.claim_minutes) if row else Terms()


def deadline(session: Session, service_id: int, first_at: datetime) -> datetime:
    """Return by when a call missed at `first_at` is to be called back (UTC)."""
    return calendar_of(session, service_id).add_working_minutes(first_at, terms_of(session, service_id).minutes)


def set_clocks_again(session: Session) -> int:
    """Bring the open rows' deadlines into agreement with calendar and terms; return how many changed.

    Called by the housekeeper: somebody may have changed the hours, or declared tomorrow a day off. What was promised
    stays promised.
    """
    open_rows = select(MissedCall).where(MissedCall.closed_at.is_(None), MissedCall.promised_for.is_(None))
    calendars: dict[int, tuple[ServiceCalendar, int]] = {}
    changed = 0
    for row in session.scalars(open_rows.order_by(MissedCall.id).with_for_update(of=MissedCall)).all():
        if row.service_id not in calendars:
            minutes = terms_of(session, row.service_id).minutes
            calendars[row.service_id] = calendar_of(session, row.service_id), minutes
        calendar, minutes = calendars[row.service_id]
        due_at = calendar.add_working_minutes(row.first_at, minutes)
        if row.due_at != due_at:
            row.due_at = due_at
            changed += 1
    session.flush()
    return changed
