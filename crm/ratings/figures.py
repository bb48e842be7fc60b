"""The figures of one quarter, as they are shown, printed and frozen (domain.md §5.7). No records here."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from crm.journal_tables import CONTACT_METHODS
from crm.ratings.efficiency import Efficiency, of_totals, title_of


@dataclass(frozen=True)
class Total:
    """Сб and Кг of an earlier quarter."""

    year: int
    quarter: int
    total: int
    raters: int

    @property
    def title(self) -> str:
        """«II квартал 2026 года»."""
        return title_of(self.year, self.quarter)

    @property
    def efficiency(self) -> Efficiency:
        """K of that quarter."""
        return of_totals(self.total, self.raters)


@dataclass(frozen=True)
class Specialist:
    """Whose work was rated: «Громова А. Ю.», Сб, Кг, refusals, not reached."""

    name: str
    total: int
    raters: int
    refused: int
    unreached: int

    @property
    def efficiency(self) -> Efficiency:
        """The same formula for one employee's cases; the procedure has no verdict for it."""
        return of_totals(self.total, self.raters)


@dataclass(frozen=True)
class QuarterFigures:
    """One quarter of one service. `appeals` counts by the four ways of column 4; `distribution[0]` are the ones, [9]
    the tens; `self_taken`: answers that the rated employee took himself (A-32)."""

    institution: str
    department: str
    service: str
    year: int
    quarter: int
    appeals: dict[str, int]
    closed: int
    refused: int
    unreached: int
    self_taken: int
    distribution: list[int]
    specialists: list[Specialist] = field(default_factory=list)
    earlier: list[Total] = field(default_factory=list)

    @property
    def title(self) -> str:
        """«III квартал 2026 года»."""
        return title_of(self.year, self.quarter)

    @property
    def efficiency(self) -> Efficiency:
        """Сб, Кг, K and the verdict."""
        return of_totals(sum(score * count for score, count in enumerate(self.distribution, start=1)), self.rated)

    @property
    def rated(self) -> int:
        """Кг: how many scores were given."""
        return sum(self.distribution)

    @property
    def surveyed(self) -> int:
        """How many cases were asked about: scores, refusals, not reached."""
        return self.rated + self.refused + self.unreached

    @property
    def all_appeals(self) -> int:
        """By all four ways."""
        return sum(self.appeals.values())

    def written(self) -> dict[str, Any]:
        """The figures for the closed report: plain values, with K and the verdict as they were printed."""
        result = self.efficiency
        printed = {"total": result.total, "raters": result.raters, "k": result.shown, "verdict": result.verdict}
        return {**asdict(self), "printed": printed}

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        """The figures of a closed report."""
        values = {name: value for name, value in written.items() if name != "printed"}
        values["appeals"] = {method: values["appeals"].get(method, 0) for method in CONTACT_METHODS}
        values["specialists"] = [Specialist(**one) for one in values["specialists"]]
        values["earlier"] = [Total(**one) for one in values["earlier"]]
        return cls(**values)
