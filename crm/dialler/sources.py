"""Whether what a call is about still holds: a booking ahead, a family that its campaign has not told, a case that waits
for its rating. Read anew every time (I7)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from crm.appointments.tables import AHEAD, Appointment
from crm.campaigns import tables as campaigns
from crm.campaigns.known import known_otherwise
from crm.campaigns.tables import Campaign, CampaignTarget
from crm.dialler.tables import DialSubject, DialTask
from crm.journal_tables import JournalEntry

SURVEY = "survey"
"""`JournalEntry.progress` of a solved case that nobody has rated yet."""


@dataclass(frozen=True)
class Source:
    """`stands`: there is something to call about; `paused`: somebody holds it back for now; `yields`: it is never worth
    a line or an operator for whom a caller waits, whoever would make the call."""

    stands: bool
    paused: bool = False
    yields: bool = False


def of(session: Session, task: DialTask, at: datetime) -> Source:
    """What this task is about, at `at` (aware)."""
    return Source(
        any(stands(session, one, at) for one in task.subjects),
        paused=any(_is_paused(session, one) for one in task.subjects),
        yields=any(one.appointment_id is None for one in task.subjects),
    )


def stands(session: Session, subject: DialSubject, at: datetime) -> bool:
    """Whether this is still to be said, and nothing has settled it."""
    if subject.withdrawn_at is not None:
        return False
    if subject.target_id is not None:
        found = _campaign_of(session, subject.target_id)
        return found is not None and found[0] in (campaigns.RUNNING, campaigns.PAUSED) and found[1] == campaigns.PLANNED
    if subject.entry_id is not None:
        entry = session.get(JournalEntry, subject.entry_id, populate_existing=True)
        return entry is not None and entry.progress == SURVEY
    row = session.execute(_BOOKING, {"booking": subject.appointment_id}).one_or_none()
    return row is not None and row.state in AHEAD and row.starts_at > at


_BOOKING = select(Appointment.state, Appointment.starts_at).where(Appointment.id == bindparam("booking"))


def booking_ahead(session: Session, subject: DialSubject, at: datetime) -> Appointment | None:
    """The booking that this is about, if the family still has to be told of it."""
    if subject.withdrawn_at is not None or subject.appointment_id is None:
        return None
    row = session.get(Appointment, subject.appointment_id, populate_existing=True)
    return row if row is not None and row.state in AHEAD and row.starts_at > at else None


def _is_paused(session: Session, subject: DialSubject) -> bool:
    found = _campaign_of(session, subject.target_id) if subject.target_id is not None else None
    return found is not None and found[0] == campaigns.PAUSED


def _campaign_of(session: Session, target_id: int) -> tuple[str, str] | None:
    """State of the campaign, and of this family in it; None where the family knows by now what it would be told."""
    asked = (
        select(Campaign.state, CampaignTarget.state)
        .join(CampaignTarget, CampaignTarget.campaign_id == Campaign.id)
        .where(CampaignTarget.id == target_id, ~known_otherwise())
    )
    row = session.execute(asked).one_or_none()
    return (row[0], row[1]) if row is not None else None
