"""One measured figure beside its peer or limit, and the table of all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`ours` in `unit`. `limit` is the promise, kept from below (`at_most`) or from above; None: told for information.

    `peer` is somebody else's figure of the same run, or the part of ours that is not our doing.
    """

    name: str
    ours: float
    unit: str
    limit: float | None = None
    at_most: bool = True
    peer: float | None = None
    peer_name: str = ""
    note: str = ""

    @property
    def verdict(self) -> str:
        """«meets», «misses», or nothing where nothing was promised."""
        if self.limit is None:
            return ""
        return "meets" if (self.ours <= self.limit if self.at_most else self.ours >= self.limit) else "misses"

    def cells(self) -> tuple[str, ...]:
        """Its row of the table."""
        limit = "" if self.limit is None else f"{'≤' if self.at_most else '≥'} {_number(self.limit)}"
        peer = "" if self.peer is None else f"{_number(self.peer)} {self.peer_name}".strip()
        return self.name, _number(self.ours), self.unit, limit, peer, self.verdict


HEAD = ("figure", "ours", "unit", "limit", "peer in the same run", "verdict")


def table(figures: Iterable[Figure]) -> str:
    """All rows, aligned; notes below, numbered."""
    rows: list[tuple[str, ...]] = [HEAD]
    notes: list[str] = []
    for figure in figures:
        name, *rest = figure.cells()
        if figure.note and figure.note not in notes:
            notes.append(figure.note)
        mark = f" [{notes.index(figure.note) + 1}]" if figure.note else ""
        rows.append((name + mark, *rest))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(_fit(cell, width, column) for column, (cell, width) in enumerate(zip(row, widths, strict=True)))
             for row in rows]  # fmt: skip
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([line.rstrip() for line in lines] + [f"[{place}] {note}" for place, note in enumerate(notes, 1)])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least `share` of them do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _fit(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column == 1 else cell.ljust(width)


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
