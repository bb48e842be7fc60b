"""Days of an appeal: when to look at it next, and whether it was written down after the fact. Pure; local dates."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_HOLIDAYS = frozenset({(1, day) for day in range(1, 9)} | {(2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)})
"""Labour Code art. 112. Days moved by the Government's yearly act are not known here: a control date is a proposal."""


def is_working_day(day: date) -> bool:
    """Monday to Friday and no statutory holiday."""
    return day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS


def next_working_day(day: date) -> date:
    """The first working day after `day`: when an appeal taken today is looked at again (B-23)."""
    following = day + timedelta(days=1)
    while not is_working_day(following):
        following += timedelta(days=1)
    return following


def is_late(occurred_at: datetime, entered_at: datetime, zone: ZoneInfo) -> bool:
    """Whether the row was entered on another day than the contact took place: it is marked «внесено позже»."""
    return occurred_at.astimezone(zone).date() < entered_at.astimezone(zone).date()
