"""What an absence may be, and who stands in for whom."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.specialists.absence_rules import Period, makes_a_loop, period_words, problems, stands_in

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)


def period(who: int, first: int, last: int, instead: int | None = None) -> Period:
    return Period(who, NOON + first * DAY, NOON + last * DAY, instead)


@pytest.mark.parametrize(
    ("kind", "since", "until", "wrong"),
    [
        ("sick", 0, 5, set()),
        ("away", 0, 1, set()),
        ("holiday", 0, 5, {"kind"}),
        ("sick", 5, 5, {"until"}),
        ("sick", 5, 0, {"until"}),
        ("sick", -5, -1, {"until"}),
        ("sick", -5, 1, set()),
        ("sick", 0, 5 * 366, {"until"}),
        ("sick", -400, 1, {"since"}),
        ("sick", 800, 801, {"since"}),
    ],
)
def test_impossible_absences_have_a_sentence(kind: str, since: int, until: int, wrong: set[str]) -> None:
    assert set(problems(kind, NOON + since * DAY, NOON + until * DAY, NOON)) == wrong


def test_the_first_of_the_chain_who_is_there_stands_in() -> None:
    away = [period(1, 0, 9, 2), period(2, 0, 5, 3)]
    assert stands_in(1, away, NOON) == 3
    assert stands_in(1, away, NOON + 6 * DAY) == 2
    assert stands_in(1, away, NOON + 9 * DAY) is None  # back: the end is not part of the absence
    assert stands_in(3, away, NOON) is None
    assert stands_in(1, [period(1, 0, 9)], NOON) is None


def test_nobody_stands_in_where_the_chain_ends_in_somebody_absent() -> None:
    assert stands_in(1, [period(1, 0, 9, 2), period(2, 0, 9)], NOON) is None
    assert stands_in(1, [period(1, 0, 9, 2), period(2, 0, 9, 1)], NOON) is None
    assert stands_in(1, [period(1, 0, 9, 2), period(2, 0, 9, 3), period(3, 0, 9, 2)], NOON) is None


def test_a_chain_that_would_come_back_is_refused_for_the_days_it_would() -> None:
    assert makes_a_loop(period(1, 0, 9, 1), [])
    assert makes_a_loop(period(1, 0, 9, 2), [period(2, 3, 5, 1)])
    assert makes_a_loop(period(1, 0, 9, 2), [period(2, 3, 5, 3), period(3, 4, 6, 1)])
    assert not makes_a_loop(period(1, 0, 9, 2), [period(2, 3, 5, 3), period(3, 5, 6, 1)])  # never on the same day
    assert not makes_a_loop(period(1, 0, 3, 2), [period(2, 3, 5, 1)])
    assert not makes_a_loop(period(1, 0, 9), [period(2, 3, 5, 1)])
    assert not makes_a_loop(period(1, 0, 9, 2), [period(2, 0, 9, 3), period(3, 0, 9, 2)])  # another's loop


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ((2026, 11, 20), (2026, 11, 28), "с 20.11.2026 по 27.11.2026"),
        ((2026, 11, 20), (2026, 11, 21), "20.11.2026"),
        ((2026, 11, 20, 9, 0), (2026, 11, 20, 15, 0), "20.11.2026 с 09:00 до 15:00"),
        ((2026, 11, 20, 9, 0), (2026, 11, 22), "с 20.11.2026 09:00 до 22.11.2026 00:00"),
    ],
)
def test_a_period_is_said_in_days_or_in_times(since: tuple[int, ...], until: tuple[int, ...], words: str) -> None:
    assert period_words(datetime(*since, tzinfo=UTC), datetime(*until, tzinfo=UTC)) == words
