"""Bar charts as plain SVG, drawn by the server: they print, need no script, and say in words what they show.

Colours and fonts come from web/assets/reports.css; the same numbers stand in a table beside each chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

HEIGHT, TOP, BOTTOM, LEFT = 190, 22, 34, 34
STEP, THICK = 58, 36


@dataclass(frozen=True)
class Bar:
    """One column: its words below, its words above, its height; `value` None leaves the place empty.

    `marked` is the column that the page is about.
    """

    label: str
    value: float | None
    shown: str
    marked: bool = False


def bars(identifier: str, title: str, columns: Sequence[Bar], *, top: float, lines: Sequence[float] = ()) -> Markup:
    """Return a chart whose full height stands for `top`; `lines` are thresholds drawn across it.

    Screen readers get the title and every column in words. `top` must be above zero.
    """
    width = LEFT + STEP * len(columns) + 8
    words = "; ".join(f"{one.label}: {one.shown}" for one in columns)
    parts = [
        f'<svg class="chart" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" role="img"',
        f' aria-labelledby="{escape(identifier)}-t {escape(identifier)}-d">',
        f'<title id="{escape(identifier)}-t">{escape(title)}</title>',
        f'<desc id="{escape(identifier)}-d">{escape(words)}</desc>',
    ]
    parts.extend(_line(value, top, width) for value in lines)
    base = HEIGHT - BOTTOM
    parts.append(f'<line class="chart-base" x1="{LEFT}" x2="{width - 8}" y1="{base}" y2="{base}"/>')
    for place, one in enumerate(columns):
        parts.append(_bar(one, LEFT + place * STEP + STEP // 2, top))
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - every word in it was escaped above


def _line(value: float, top: float, width: int) -> str:
    y = _y(value, top)
    return (
        f'<line class="chart-line" x1="{LEFT}" x2="{width - 8}" y1="{y}" y2="{y}"/>'
        f'<text class="chart-scale" x="{LEFT - 5}" y="{y + 4}" text-anchor="end">{value:g}</text>'
    )


def _bar(one: Bar, middle: int, top: float) -> str:
    base = HEIGHT - BOTTOM
    y = _y(one.value, top) if one.value else base
    mark = " marked" if one.marked else ""
    lines = str(one.label).split("\n")
    label = "".join(
        f'<text class="chart-label{mark}" x="{middle}" y="{base + 14 + 13 * number}" text-anchor="middle">'
        f"{escape(line)}</text>"
        for number, line in enumerate(lines)
    )
    rectangle = f'<rect class="chart-bar{mark}" x="{middle - THICK // 2}" y="{y}" width="{THICK}" height="{base - y}"/>'
    value = f'<text class="chart-value{mark}" x="{middle}" y="{y - 5}" text-anchor="middle">{escape(one.shown)}</text>'
    return (rectangle if one.value else "") + value + label


def _y(value: float, top: float) -> int:
    height = HEIGHT - BOTTOM - TOP
    return HEIGHT - BOTTOM - round(height * min(max(value / top, 0), 1))
