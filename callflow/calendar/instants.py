"""Local minutes of a day as instants. Pure.

The clocks of some zones jump: a local minute may come twice or never. The rule here is one and makes later minutes
never earlier instants: the instant of a local minute is the first at which the wall clock shows it, or anything later.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo


def instant_of(day: date, minute: int, zone: tzinfo) -> datetime:
    """The instant (UTC) at which the local `minute` (0…1440) of `day` begins in `zone`."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - what a wall clock shows
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    # The minute does not exist: the clock jumps over it somewhere between these two readings of it.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), first
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
