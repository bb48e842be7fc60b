# ruff: noqa: A005 - `calendar` of the standard library is not what a service has
"""One calendar for everything: line states, greetings, working minutes, working days, slots (domain.md §7). Pure.

* ``production``        the state's calendar: holidays, moved days off, working Saturdays, short days
* ``hours``             intervals of a day, weeks that hold from a date on, days that the director has set otherwise
* ``day_rules``         which hours a date has, and why
* ``service_calendar``  all of that as one service's hours: state at an instant, edges, arithmetic of working time
* ``moment``            what a caller meets at an instant
* ``instants``          local minutes of a day as instants, whatever the clocks do that night
* ``words``, ``typed``  hours and states as the pages say them, and as people type them

Intervals are half-open: at 17:00:00 a day that ends at 17:00 is over.
"""

from callflow.calendar.hours import DayHours, DayKind, EffectiveWeek, Interval, Override
from callflow.calendar.moment import LineState, Moment, NeverOpen
from callflow.calendar.service_calendar import ServiceCalendar

__all__ = [
    "DayHours",
    "DayKind",
    "EffectiveWeek",
    "Interval",
    "LineState",
    "Moment",
    "NeverOpen",
    "Override",
    "ServiceCalendar",
]
