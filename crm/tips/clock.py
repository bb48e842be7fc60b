"""The deadlines of a tip, in open time of the service's calendar: told at 16:55 on Wednesday, it goes on at 8:00 on
Thursday; the break does not count (domain.md §6.3, §11 check 6).
"""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar
from callflow.calendar.instants import instant_of
from crm.calendar.reading import calendar_of
from crm.tips.rules import FIRST_MINUTES, REACH_MINUTES
from crm.tips.tables import Tip


def deadlines(calendar: ServiceCalendar, taken_at: datetime) -> tuple[datetime, datetime]:
    """By when the first attempt is made, and by when the family is reached (UTC)."""
    first = calendar.add_working_minutes(taken_at, FIRST_MINUTES)
    return first, calendar.add_working_minutes(taken_at, REACH_MINUTES)


def end_of(calendar: ServiceCalendar, day: date) -> datetime:
    """The end of this day's open time (UTC); of a day without any, its midnight."""
    intervals = calendar.hours_of(day).intervals
    return instant_of(day, intervals[-1].ends if intervals else 24 * 60, calendar.zone)


def next_working_day(session: Session, service_id: int, at: datetime) -> date:
    """The day on which somebody goes there."""
    calendar = calendar_of(session, service_id)
    return calendar.next_working_day(at.astimezone(calendar.zone).date())


def set_clocks_again(session: Session) -> int:
    """Bring the open tips' deadlines into agreement with the calendar; return how many changed.

    Called by the housekeeper: somebody may have changed the hours, or declared tomorrow a day off.
    """
    calendars: dict[int, ServiceCalendar] = {}
    changed = 0
    rows = select(Tip).where(Tip.ended_at.is_(None)).order_by(Tip.id).with_for_update(of=Tip)
    for tip in session.scalars(rows).all():
        if tip.service_id not in calendars:
            calendars[tip.service_id] = calendar_of(session, tip.service_id)
        calendar = calendars[tip.service_id]
        before = (tip.first_due_at, tip.reach_due_at, tip.visit_due_at)
        tip.first_due_at, tip.reach_due_at = deadlines(calendar, tip.taken_at)
        tip.visit_due_at = end_of(calendar, tip.visit_on) if tip.visit_on else None
        changed += before != (tip.first_due_at, tip.reach_due_at, tip.visit_due_at)
    session.flush()
    return changed
