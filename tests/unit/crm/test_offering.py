"""Which two times the robot reads out: near, of another day, in the same way of meeting, never too soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.slots import Slot
from crm.reminders.offering import SOONEST, choose

MOSCOW = ZoneInfo("Europe/Moscow")
AT = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)  # Thursday noon in Moscow


def slot(hours: float, *modes: str) -> Slot:
    """A free time so many hours from now."""
    starts = AT + timedelta(hours=hours)
    return Slot(starts_at=starts, ends_at=starts + timedelta(minutes=45), room="12", modes=modes or ("office",))


def hours(slots: list[Slot], mode: str = "office") -> list[float]:
    return [(one - AT).total_seconds() / 3600 for one in choose(slots, mode, AT, MOSCOW)]


@pytest.mark.parametrize(
    ("free", "offered"),
    [
        ([4, 5, 24, 25], [4, 24]),
        ([1, 2.9, 4, 30], [4, 30]),
        ([4, 5], [4, 5]),
        ([4], [4]),
        ([1], []),
        ([], []),
        # 11 hours from now it is 23:00 in Moscow, 12.5 hours from now the day after; in UTC both are of one day.
        ([11, 11.5, 12.5], [11, 12.5]),
    ],
)
def test_the_nearest_and_the_nearest_of_another_day(free: list[float], offered: list[float]) -> None:
    assert hours([slot(one) for one in free]) == offered


def test_only_times_held_in_the_same_way() -> None:
    free = [slot(4, "phone"), slot(5, "office", "phone"), slot(30, "video"), slot(31, "office")]
    assert hours(free) == [5, 31]
    assert hours(free, "phone") == [4, 5]


def test_the_first_moment_that_is_not_too_soon() -> None:
    soonest = SOONEST.total_seconds() / 3600
    assert hours([slot(soonest)]) == [soonest]
