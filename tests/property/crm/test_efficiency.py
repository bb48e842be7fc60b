"""K against an independent recount in whole fractions, on any scores."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from crm.ratings.efficiency import bounds, efficiency, of_totals, quarter_of

SCORES = st.lists(st.integers(1, 10), max_size=300)
ZONES = st.sampled_from(["Europe/Moscow", "Asia/Vladivostok", "Europe/Kaliningrad", "Asia/Kamchatka"]).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of the strategy are naive


def verdict_by_hand(scores: list[int]) -> str:
    """The bands by whole-number inequalities: no division, no rounding."""
    tenfold, raters = 10 * sum(scores), len(scores)
    if tenfold < 25 * raters:
        return "неэффективной"
    if tenfold < 50 * raters:
        return "удовлетворительной"
    return "условно эффективной" if tenfold < 76 * raters else "эффективной"


@given(SCORES)
def test_it_is_what_a_recount_in_fractions_gives(scores):
    result = efficiency(scores)
    if not scores:
        assert result.k is None
        return
    exact = Fraction(sum(scores) * 10, len(scores))
    assert abs(Fraction(result.k) - exact) < Fraction(1, 10**20)
    assert 10 <= result.k <= 100
    assert result.verdict == verdict_by_hand(scores)
    assert result.shown == f"{int(exact * 10) // 10},{int(exact * 10) % 10}"


@given(SCORES)
def test_the_order_of_scores_and_the_way_of_adding_do_not_matter(scores):
    assert efficiency(sorted(scores)) == efficiency(scores) == of_totals(sum(scores), len(scores))


@given(SCORES.filter(bool), st.integers(1, 10))
def test_a_better_score_never_lowers_k(scores, better):
    raised = [max(scores[0], better), *scores[1:]]
    assert efficiency(raised).k >= efficiency(scores).k


@given(MOMENTS, ZONES)
def test_every_instant_lies_in_its_quarter_and_in_no_other(moment, zone):
    year, quarter = quarter_of(moment, zone)
    since, until = bounds(year, quarter, zone)
    assert since <= moment < until
    assert quarter_of(since, zone) == (year, quarter) != quarter_of(until, zone)
    assert quarter_of(until - timedelta(microseconds=1), zone) == (year, quarter)
