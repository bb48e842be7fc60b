"""Сб, Кг, K and the verdict: the procedure's arithmetic, without records and clock (B-36, B-37; domain.md §1.3).

K = Сб / Кг × 10. Кг counts ratings given: a mother who rates two solved cases took part twice, otherwise two tens
would make 200 on a scale of 100. The bands are printed in whole points and K is not whole, so the printed lower bounds
are thresholds for the unrounded K: «ниже 25 баллов» is an inequality already, and thresholds never flatter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

LOWEST, HIGHEST = 1, 10
NOT_COMPUTED = "не рассчитывается (оценок нет)"
BANDS = (
    (Decimal(76), "эффективной"),
    (Decimal(50), "условно эффективной"),
    (Decimal(25), "удовлетворительной"),
    (Decimal(0), "неэффективной"),
)
"""Lower bound and the procedure's own word, the best first."""

METHOD = (
    "Кэф = Сб / Кг × 10, где Сб — сумма баллов, Кг — число полученных оценок (одна оценка — одно участие). "
    "Отказы от оценки и случаи, когда связаться не удалось, в Сб и Кг не входят. Границы сравниваются с неокруглённым "
    "значением: 76 и выше — эффективная, от 50 до 76 — условно эффективная, от 25 до 50 — удовлетворительная, "
    "ниже 25 — неэффективная. Показан один знак после запятой, без округления вверх. Квартал оценки — по дате, "
    "когда она дана. Без оценок коэффициент не рассчитывается."
)
"""The footnote under every report."""


@dataclass(frozen=True)
class Efficiency:
    """Сб, Кг, unrounded K (None without raters) and the procedure's word for it ('' without raters)."""

    total: int
    raters: int
    k: Decimal | None
    verdict: str

    @property
    def shown(self) -> str:
        """«75,5»; cut, not rounded: 75.96 must not read as 76,0 beside «условно эффективной»."""
        if self.k is None:
            return NOT_COMPUTED
        return str(self.k.quantize(Decimal("0.1"), rounding=ROUND_FLOOR)).replace(".", ",")

    @property
    def sentence(self) -> str:
        """The verdict as the procedure words it; without raters there is none."""
        return f"Работа Сервиса считается {self.verdict}." if self.verdict else ""


def efficiency(scores: Iterable[int]) -> Efficiency:
    """Return the coefficient of these scores. Raises ValueError for one that is not a whole number from 1 to 10."""
    total = raters = 0
    for score in scores:
        if isinstance(score, bool) or not isinstance(score, int) or not LOWEST <= score <= HIGHEST:
            raise ValueError("a score is a whole number from 1 to 10")
        total, raters = total + score, raters + 1
    return of_totals(total, raters)


def of_totals(total: int, raters: int) -> Efficiency:
    """Return the coefficient of a sum and a count. Raises ValueError for a pair that no scores give."""
    if raters == 0 and total == 0:
        return Efficiency(0, 0, None, "")
    if raters <= 0 or not LOWEST * raters <= total <= HIGHEST * raters:
        raise ValueError("these totals do not come from scores of 1 to 10")
    k = Decimal(total) * 10 / Decimal(raters)
    assert 10 <= k <= 100  # noqa: S101 - domain.md §1.3 asks for it in so many words
    return Efficiency(total, raters, k, next(word for bound, word in BANDS if k >= bound))


def quarter_of(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """Return (year, quarter) of this instant by the institution's clock; `at` must be aware."""
    local = at.astimezone(zone)
    return local.year, (local.month + 2) // 3


def bounds(year: int, quarter: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the quarter's first instant and the first one after it, in UTC. Raises ValueError for no such quarter."""
    if not 1 <= quarter <= 4:
        raise ValueError("a year has four quarters")
    following = (year, quarter + 1) if quarter < 4 else (year + 1, 1)
    return _start(year, quarter, zone), _start(*following, zone)


def days(year: int, quarter: int) -> tuple[date, date]:
    """Return the quarter's first and last day."""
    following = date(year, quarter * 3 + 1, 1) if quarter < 4 else date(year + 1, 1, 1)
    return date(year, quarter * 3 - 2, 1), date.fromordinal(following.toordinal() - 1)


def earlier(year: int, quarter: int, count: int) -> list[tuple[int, int]]:
    """Return the `count` quarters before this one, the oldest first."""
    index = year * 4 + quarter - 1
    return [(one // 4, one % 4 + 1) for one in range(index - count, index)]


def title_of(year: int, quarter: int) -> str:
    """«III квартал 2026 года»."""
    return f"{('I', 'II', 'III', 'IV')[quarter - 1]} квартал {year} года"


def _start(year: int, quarter: int, zone: ZoneInfo) -> datetime:
    return datetime(year, quarter * 3 - 2, 1, tzinfo=zone).astimezone(UTC)
