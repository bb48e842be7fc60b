"""Whether a row of the journal was written down after the fact. Pure; local dates."""

from datetime import datetime
from zoneinfo import ZoneInfo


def is_late(occurred_at: datetime, entered_at: datetime, zone: ZoneInfo) -> bool:
    """Whether the row was entered on another day than the contact took place: it is marked «внесено позже»."""
    return occurred_at.astimezone(zone).date() < entered_at.astimezone(zone).date()
