"""How soon missed calls were called back, and how soon an appeal led to an appointment (A-11, A-13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import mean, median

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from callflow.service_level import percent
from crm.appointments.tables import CANCELLED, MOVED, Appointment
from crm.calendar.reading import calendar_of
from crm.journal_tables import JournalEntry
from crm.missed.rows import BY_REASON, TALK
from crm.missed.tables import MissedCall
from crm.staff import EmployeeService

AT_ONCE = 1_000
"""Ids in one question: both engines take many more."""


@dataclass(frozen=True)
class CallBacks:
    """Rows of the missed calls that began in the period. Minutes are working minutes of the service's calendar."""

    rows: int = 0
    talked: int = 0
    in_time: int = 0
    by_reason: int = 0
    open: int = 0
    average_minutes: float | None = None
    longest_minutes: float | None = None

    @property
    def share(self) -> Decimal | None:
        """Called back in time, of all that are settled or late."""
        return percent(self.in_time, self.rows - self.by_reason)


def call_backs(session: Session, service_id: int, since: datetime, until: datetime, minutes: int) -> CallBacks:
    """Return the figures of the rows whose first call was missed in [since, until).

    Rows that turned out to be answered, or were joined to another, are not counted. An open row is not in time.
    """
    statement = select(MissedCall.first_at, MissedCall.closed_at, MissedCall.closed_how).where(
        MissedCall.service_id == service_id, MissedCall.first_at >= since, MissedCall.first_at < until
    )
    calendar = calendar_of(session, service_id)
    spans: list[float] = []
    by_reason = still_open = 0
    for first_at, closed_at, how in session.execute(statement):
        if closed_at is None:
            still_open += 1
        elif how == BY_REASON:
            by_reason += 1
        elif how == TALK:
            spans.append(max(0.0, calendar.working_minutes(first_at, closed_at)))
    return CallBacks(
        rows=len(spans) + by_reason + still_open,
        talked=len(spans),
        in_time=sum(span <= minutes for span in spans),
        by_reason=by_reason,
        open=still_open,
        average_minutes=mean(spans) if spans else None,
        longest_minutes=max(spans, default=None),
    )


@dataclass(frozen=True)
class ToAppointment:
    """Days (24 hours each) from the appeal to the reception, of appointments first booked in the period."""

    booked: int = 0
    average_days: float | None = None
    median_days: float | None = None
    longest_days: float | None = None


def to_appointment(session: Session, service_id: int, since: datetime, until: datetime) -> ToAppointment:
    """Return how long people waited for a reception that was booked in [since, until).

    The appeal is the journal row of the booking, else the booking itself. A moved appointment counts once, from the
    first booking to the time it was moved to; one called off does not count.
    """
    first = aliased(Appointment)
    staff = select(EmployeeService.employee_id).where(EmployeeService.service_id == service_id)
    statement = (
        select(
            first.id, first.booked_at, first.starts_at, first.state, JournalEntry.occurred_at, JournalEntry.created_at
        )
        .outerjoin(JournalEntry, JournalEntry.id == first.entry_id)
        .where(first.booked_at >= since, first.booked_at < until, first.moved_from_id.is_(None))
        .where(or_(JournalEntry.service_id == service_id, first.entry_id.is_(None) & first.booked_by_id.in_(staff)))
    )
    booked = session.execute(statement).all()
    moved = _where_they_went(session, [row.id for row in booked if row.state == MOVED])
    days = []
    for row in booked:
        starts_at, state = moved.get(row.id, (row.starts_at, row.state))
        if state not in {CANCELLED, MOVED}:  # one that was moved nowhere never took place
            appealed_at = row.occurred_at or row.created_at or row.booked_at
            days.append(max(0.0, (starts_at - appealed_at).total_seconds() / 86_400))
    return ToAppointment(
        booked=len(days),
        average_days=mean(days) if days else None,
        median_days=median(days) if days else None,
        longest_days=max(days, default=None),
    )


def _where_they_went(session: Session, moved: Sequence[int]) -> dict[int, tuple[datetime, str]]:
    """The time and state that these appointments have in the end, however often they were moved: one question for each
    time that the most restless of them was moved, not one for each appointment."""
    found: dict[int, tuple[datetime, str]] = {}
    first_of = {one: one for one in moved}
    while first_of:
        later: dict[int, int] = {}
        waiting = list(first_of)
        for start in range(0, len(waiting), AT_ONCE):
            after = select(Appointment.id, Appointment.moved_from_id, Appointment.starts_at, Appointment.state)
            some = waiting[start : start + AT_ONCE]
            for row in session.execute(after.where(Appointment.moved_from_id.in_(some))):
                first = first_of[row.moved_from_id]
                found[first] = row.starts_at, row.state
                if row.state == MOVED:
                    later[row.id] = first
        first_of = later
    return found
