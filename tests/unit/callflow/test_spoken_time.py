from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.spoken_time import ago

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 12, 15, 0, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (NOW, "только что"),
        (NOW - timedelta(seconds=59), "только что"),
        (NOW - timedelta(seconds=60), "1 мин назад"),
        (NOW - timedelta(minutes=5, seconds=50), "5 мин назад"),
        (NOW - timedelta(minutes=59, seconds=59), "59 мин назад"),
        (NOW - timedelta(hours=1), "сегодня 14:00"),
        (NOW + timedelta(seconds=1), "через 1 мин"),
        (NOW + timedelta(minutes=11, seconds=1), "через 12 мин"),
        (NOW + timedelta(minutes=12), "через 12 мин"),
        (NOW + timedelta(hours=1), "сегодня 16:00"),
        (datetime(2026, 11, 11, 14, 30, tzinfo=MOSCOW), "вчера 14:30"),
        (datetime(2026, 11, 13, 9, 0, tzinfo=MOSCOW), "завтра 09:00"),
        (datetime(2026, 11, 10, 10, 15, tzinfo=MOSCOW), "10.11 10:15"),
        (datetime(2025, 11, 12, 10, 15, tzinfo=MOSCOW), "12.11.2025 10:15"),
        (datetime(2026, 11, 11, 21, 30, tzinfo=UTC), "сегодня 00:30"),
    ],
)
def test_a_moment_is_said_as_the_dispatcher_would_say_it(then: datetime, words: str) -> None:
    assert ago(then, NOW, MOSCOW) == words
    assert ago(then.astimezone(UTC), NOW.astimezone(UTC), MOSCOW) == words


def test_midnight_makes_it_yesterday_only_when_minutes_no_longer_tell() -> None:
    just_after_midnight = datetime(2026, 11, 13, 0, 10, tzinfo=MOSCOW)
    assert ago(just_after_midnight - timedelta(minutes=20), just_after_midnight, MOSCOW) == "20 мин назад"
    assert ago(just_after_midnight - timedelta(hours=2), just_after_midnight, MOSCOW) == "вчера 22:10"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ago(datetime(2026, 11, 12, 15), NOW, MOSCOW)  # noqa: DTZ001 - that is what is refused
