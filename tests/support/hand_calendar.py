"""The production calendars of 2025, 2026 and 2027 as a person reads them off the Government's acts, written by hand.

Nothing here is computed by the code under test, nor by the package that it asks (domain.md §7; ТК art. 95, 112;
the yearly acts). Weekdays come from `datetime`.
"""

from datetime import date

# Days on which nobody works although it is Monday to Friday.
DAYS_OFF = """
2025-01-01 2025-01-02 2025-01-03 2025-01-06 2025-01-07 2025-01-08
2025-05-01 2025-05-02 2025-05-08 2025-05-09
2025-06-12 2025-06-13
2025-11-03 2025-11-04
2025-12-31

2026-01-01 2026-01-02 2026-01-05 2026-01-06 2026-01-07 2026-01-08 2026-01-09
2026-02-23
2026-03-09
2026-05-01 2026-05-11
2026-06-12
2026-11-04
2026-12-31

2027-01-01 2027-01-04 2027-01-05 2027-01-06 2027-01-07 2027-01-08
2027-02-22 2027-02-23
2027-03-08
2027-05-03 2027-05-10
2027-06-14
2027-11-04 2027-11-05
2027-12-31
"""

# Saturdays that are worked, and the weekday whose hours they take (0 Monday).
WORKING_WEEKENDS = {date(2025, 11, 1): 0, date(2027, 2, 20): 0}

# Working days that are an hour shorter.
SHORT_DAYS = """
2025-03-07 2025-04-30 2025-06-11 2025-11-01
2026-04-30 2026-05-08 2026-06-11 2026-11-03
2027-02-20 2027-04-30 2027-06-11 2027-11-03
"""

OFF = frozenset(date.fromisoformat(word) for word in DAYS_OFF.split())
SHORT = frozenset(date.fromisoformat(word) for word in SHORT_DAYS.split())
WORKING_DAYS_OF_THE_YEAR = {2025: 247, 2026: 247, 2027: 247}


def hours_by_hand(day: date) -> tuple[tuple[int, int], ...]:
    """The hours of regulation A (A-5) on this date, in minutes: Mon–Wed, Fri 8–17, Thu 8–19, break 12–13."""
    weekday = WORKING_WEEKENDS.get(day, day.weekday())
    if day in OFF or weekday >= 5:
        return ()
    end = 19 * 60 if weekday == 3 else 17 * 60
    return (8 * 60, 12 * 60), (13 * 60, end - 60 if day in SHORT else end)


def state_by_hand(day: date, minute: int) -> str:
    """open, break or closed at this local minute."""
    hours = hours_by_hand(day)
    if any(first <= minute < last for first, last in hours):
        return "open"
    return "break" if hours and hours[0][1] <= minute < hours[1][0] else "closed"
