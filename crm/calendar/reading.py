"""The calendar of a service as the rows have it, for everybody who asks what time it is for callers."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.calendar import EffectiveWeek, Interval, Override, ServiceCalendar
from crm.calendar.tables import CalendarDay, CalendarVersion, CalendarYear, ServiceHours
from crm.institution import Institution, Service

MOSCOW = ZoneInfo("Europe/Moscow")


def calendar_of(session: Session, service_id: int) -> ServiceCalendar:
    """Return the service's calendar. One without hours, or that does not exist, is always open: nobody is turned away
    because a table is empty."""
    return ServiceCalendar(
        zone_of(session, service_id),
        [week_of(row) for row in hours_rows(session, service_id)],
        {row.day: Override(intervals_of(row.intervals), row.title) for row in day_rows(session, service_id)},
        confirmed_years=confirmed_years(session),
    )


def institution_calendar(session: Session) -> ServiceCalendar:
    """Return the first service's calendar, for terms that belong to the institution and not to one line; where nobody
    set hours its working days are the state's."""
    first = session.scalars(select(Service.id).order_by(Service.id).limit(1)).first()
    return calendar_of(session, first or 0)


def hours_rows(session: Session, service_id: int) -> Sequence[ServiceHours]:
    """Return the weeks that hold or will, the earliest first."""
    statement = select(ServiceHours).where(ServiceHours.service_id == service_id, ServiceHours.replaced_at.is_(None))
    return session.scalars(statement.order_by(ServiceHours.starts_on)).all()


def day_rows(session: Session, service_id: int) -> Sequence[CalendarDay]:
    """Return the days that are set otherwise, the earliest first."""
    statement = select(CalendarDay).where(CalendarDay.service_id == service_id, CalendarDay.replaced_at.is_(None))
    return session.scalars(statement.order_by(CalendarDay.day)).all()


def year_row(session: Session, year: int) -> CalendarYear | None:
    """Return who confirmed the transfers of this year, and when."""
    statement = select(CalendarYear).where(CalendarYear.year == year, CalendarYear.replaced_at.is_(None))
    return session.scalars(statement).one_or_none()


def version_of(session: Session, service_id: int) -> int:
    """Return how often this service's calendar was changed; a form sends it back."""
    return session.scalar(select(CalendarVersion.version).where(CalendarVersion.service_id == service_id)) or 0


def week_of(row: ServiceHours) -> EffectiveWeek:
    """The row as a value."""
    return EffectiveWeek(row.starts_on, tuple(intervals_of(day) for day in row.days), row.shorten_minutes)


def intervals_of(stored: Sequence[Sequence[int]]) -> tuple[Interval, ...]:
    """[[480, 720], [780, 1020]] as intervals."""
    return tuple(Interval(first, end) for first, end in stored)


def confirmed_years(session: Session) -> frozenset[int]:
    """Return the years whose transfers a person has confirmed."""
    return frozenset(session.scalars(select(CalendarYear.year).where(CalendarYear.replaced_at.is_(None))))


def zone_of(session: Session, service_id: int) -> ZoneInfo:
    """Return the time zone of the service's institution."""
    statement = select(Institution.timezone).join(Service, Service.institution_id == Institution.id)
    name = session.scalar(statement.where(Service.id == service_id))
    return ZoneInfo(name) if name else MOSCOW
