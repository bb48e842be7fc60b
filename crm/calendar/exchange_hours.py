"""The next weeks of every service's hours, for the exchange to know without us; and when it needs a new table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from callflow.calendar import Moment, ServiceCalendar
from crm import exchange_state, institution
from crm.calendar.reading import calendar_of

DAYS_AHEAD = 60
"""As long may our programs be away; after that the exchange lets everybody in."""


@dataclass(frozen=True)
class Table:
    """A queue's changes of state from yesterday's midnight in UTC (with which the first stands) up to `until`."""

    queue: str
    edges: tuple[tuple[datetime, Moment], ...]
    until: datetime


def tables(session: Session, at: datetime) -> Iterator[Table]:
    """Every service's table as of `at`; the same all through one day of UTC, so that nothing is reloaded for nothing.

    A service without hours has none: the exchange lets its callers in.
    """
    today = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = today - timedelta(days=1), today + timedelta(days=DAYS_AHEAD)
    for service in institution.services(session):
        calendar = calendar_of(session, service.id)
        if calendar.always_open and not calendar.overrides:
            continue
        yield table_of(calendar, service.queue, since, until)


def table_of(calendar: ServiceCalendar, queue: str, since: datetime, until: datetime) -> Table:
    """The table of one queue; both instants are midnights in UTC."""
    edges = tuple(edge for edge in calendar.edges(since, until) if edge[0] != since)
    return Table(queue, ((since, calendar.at(since)), *edges), until)


def renew_if_old(session: Session, now: datetime) -> bool:
    """Ask for a new rendering if the exchange's table is of an earlier day than `now`; return whether it was asked for.
    Not while an order is already waiting."""
    state = exchange_state.exchange_state(session)
    if state.applied_at is None or state.wanted_version > state.applied_version:
        return False
    if state.applied_at.astimezone(UTC).date() >= now.astimezone(UTC).date():
        return False
    exchange_state.touch(session)
    return True
