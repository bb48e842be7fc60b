"""Which times suit somebody on the waiting list (B-22). Pure: days are 0 Monday … 6, minutes local."""

from collections.abc import Collection
from datetime import datetime


def suits(  # noqa: PLR0917 - the wish, then the time
    weekdays: Collection[int],
    starts: int | None,
    ends: int | None,
    mode: str,
    local: datetime,
    modes: Collection[str],
) -> bool:
    """Whether a reception that begins at `local`, held in `modes`, suits the wish; an empty wish suits always."""
    minute = local.hour * 60 + local.minute
    return (
        (not weekdays or local.weekday() in weekdays)
        and (starts is None or minute >= starts)
        and (ends is None or minute < ends)
        and (not mode or mode in modes)
    )
