"""Which two free times are read out to a family that wants another one (domain.md §9.2, key 2). Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callflow.slots import Slot

OFFERED = 2
SOONEST = timedelta(hours=3)
"""A time that begins sooner is offered to nobody by the robot: the family could not come."""
LOOKED_AT = 60
"""How many free times are looked at, the nearest first."""


def choose(slots: Iterable[Slot], mode: str, at: datetime, zone: ZoneInfo) -> Sequence[datetime]:
    """The beginnings of the nearest time and of the nearest one on another day, in this order; fewer where there are
    fewer. `slots` nearest first; `mode` is how they meet; days are those of `zone`."""
    fit = [one.starts_at for one in slots if mode in one.modes and one.starts_at >= at + SOONEST]
    if not fit:
        return ()
    first = fit[0]
    day = first.astimezone(zone).date()
    other = next((one for one in fit if one.astimezone(zone).date() != day), None)
    second = other or next(iter(fit[1:]), None)
    return (first,) if second is None else (first, second)
