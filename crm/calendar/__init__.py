# ruff: noqa: A005 - `calendar` of the standard library is not what a service has
"""Hours of the services, days that differ, confirmed years (A-5, A-6; domain.md §7).

`reading` gives a service's calendar to whoever needs one (`callflow.calendar` is what it can answer); `hours`, `days`
and `years` change it, each change with a person, a moment and an entry in the audit log; `exchange_hours` is the same
for the telephone exchange, which must know it without us.
"""
