"""How long the institution has to answer a person about his data (152-ФЗ art. 20, 21; domain.md §4.2). Pure."""

from collections.abc import Callable
from datetime import date, timedelta

WITHDRAWAL_DAYS = 30
WORKING_DAYS = {"access": 10, "correct": 7, "stop": 10}
"""Art. 20 ч. 1, ч. 3; art. 21 ч. 5.1. An access request may be extended by five more, with reasons."""

IsWorking = Callable[[date], bool]


def after_working_days(start: date, count: int, is_working: IsWorking) -> date:
    """The `count`-th working day after `start`; the day of the request itself is not counted."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= is_working(day)
    return day


def due_on(kind: str, received_on: date, is_working: IsWorking) -> date:
    """The last day to answer a request of this kind; a withdrawal has 30 calendar days (art. 21 ч. 5).

    `is_working`: which days the law counts (`ServiceCalendar.counts_in_terms`).
    """
    if kind == "withdraw":
        return received_on + timedelta(days=WITHDRAWAL_DAYS)
    return after_working_days(received_on, WORKING_DAYS[kind], is_working)
