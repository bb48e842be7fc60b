"""Сб, Кг, K and the verdict: the procedure's formula and domain.md §1.3, §11.2."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from crm.ratings.efficiency import (
    METHOD,
    NOT_COMPUTED,
    bounds,
    days,
    earlier,
    efficiency,
    of_totals,
    quarter_of,
    title_of,
)

MOSCOW, VLADIVOSTOK = ZoneInfo("Europe/Moscow"), ZoneInfo("Asia/Vladivostok")


def scores(total: int, raters: int) -> list[int]:
    """So many scores with this sum, as even as they can be."""
    low, more = divmod(total, raters)
    return [low + 1] * more + [low] * (raters - more)


def test_without_raters_nothing_is_computed_and_nothing_is_judged():
    result = efficiency([])
    assert (result.total, result.raters, result.k, result.verdict) == (0, 0, None, "")
    assert result.shown == NOT_COMPUTED == "не рассчитывается (оценок нет)"
    assert result.sentence == ""


@pytest.mark.parametrize(
    ("total", "raters", "k", "shown", "verdict"),
    [
        (151, 20, "75.5", "75,5", "условно эффективной"),
        (99, 20, "49.5", "49,5", "удовлетворительной"),
        (123, 50, "24.6", "24,6", "неэффективной"),
        (76, 10, "76", "76,0", "эффективной"),
        (20, 2, "100", "100,0", "эффективной"),
        (50, 10, "50", "50,0", "условно эффективной"),
        (25, 10, "25", "25,0", "удовлетворительной"),
        (1, 1, "10", "10,0", "неэффективной"),
        (10, 1, "100", "100,0", "эффективной"),
        (7599, 1000, "75.99", "75,9", "условно эффективной"),
        (4999, 1000, "49.99", "49,9", "удовлетворительной"),
        (2499, 1000, "24.99", "24,9", "неэффективной"),
    ],
)
def test_thresholds_are_the_printed_lower_bounds_on_the_unrounded_value(total, raters, k, shown, verdict):
    result = efficiency(scores(total, raters))
    assert result.k == Decimal(k)
    assert result.shown == shown
    assert result.verdict == verdict
    assert result.sentence == f"Работа Сервиса считается {verdict}."


def test_two_tens_of_one_family_are_two_participations():
    assert efficiency([10, 10]).k == 100


@pytest.mark.parametrize("score", [0, 11, -1, 7.5, "8", True, None])
def test_what_is_no_score_is_refused(score):
    with pytest.raises(ValueError, match="from 1 to 10"):
        efficiency([5, score])


@pytest.mark.parametrize(("total", "raters"), [(5, 0), (0, 1), (11, 1), (1, -1), (201, 20)])
def test_totals_that_no_scores_give_are_refused(total, raters):
    with pytest.raises(ValueError, match="totals"):
        of_totals(total, raters)


def test_the_verdict_is_worded_as_the_procedure_words_it():
    """«Работа Сервиса считается эффективной, если …»: mission/social-coordinator-procedure, point 7."""
    words = [of_totals(total, 1).verdict for total in (8, 5, 3, 1)]
    assert words == ["эффективной", "условно эффективной", "удовлетворительной", "неэффективной"]
    assert "Кэф = Сб / Кг × 10" in METHOD


@pytest.mark.parametrize(
    ("moment", "zone", "quarter"),
    [
        ("2026-12-31T23:30+03:00", MOSCOW, (2026, 4)),
        ("2026-12-31T20:59:59.999999+00:00", MOSCOW, (2026, 4)),
        ("2026-12-31T21:00+00:00", MOSCOW, (2027, 1)),
        ("2026-03-31T20:59:59+00:00", MOSCOW, (2026, 1)),
        ("2026-03-31T21:00+00:00", MOSCOW, (2026, 2)),
        ("2026-06-30T14:00+00:00", VLADIVOSTOK, (2026, 3)),
        ("2026-06-30T14:00+00:00", MOSCOW, (2026, 2)),
    ],
)
def test_the_quarter_is_that_of_the_institutions_clock(moment, zone, quarter):
    at = datetime.fromisoformat(moment)
    assert quarter_of(at, zone) == quarter
    since, until = bounds(*quarter, zone)
    assert since <= at < until


def test_a_quarters_bounds_are_instants_in_utc():
    assert bounds(2026, 4, MOSCOW) == (
        datetime(2026, 9, 30, 21, tzinfo=UTC),
        datetime(2026, 12, 31, 21, tzinfo=UTC),
    )
    with pytest.raises(ValueError, match="four"):
        bounds(2026, 5, MOSCOW)


def test_words_and_days_of_a_quarter():
    assert title_of(2026, 3) == "III квартал 2026 года"
    assert days(2026, 1) == (date(2026, 1, 1), date(2026, 3, 31))
    assert days(2026, 4) == (date(2026, 10, 1), date(2026, 12, 31))
    assert earlier(2026, 2, 3) == [(2025, 3), (2025, 4), (2026, 1)]
