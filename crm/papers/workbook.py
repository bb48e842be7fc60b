"""An .xlsx file as the regulation wants it: fixed headings, protected from damage, fit for paper (B-17, B-19).

Rows go through in a stream: a hundred thousand of them need no more memory than a hundred. Every cell is text, written
as such, so that nothing a caller said can become a formula (reliability.md B27). The same rows give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LONGEST_CELL = 32_767
"""Excel's limit, in UTF-16 units; one longer and it calls the file damaged."""
MOST_ROWS = 1_000_000
"""Excel has 1,048,576; the titles and what the program may add need some."""
PROGRESS_EVERY = 1_000
LINE_POINTS = 13.0  # of 10 point Times New Roman
TALLEST_POINTS = 409.0  # Excel's limit of a row
WRAPS_AT = 1.15  # letters of 10 point text to a unit of width; words do not quite fill their lines
NUMBER_PROPERTY = "Номер выгрузки"
_NOTHING = datetime(2000, 1, 1)  # noqa: DTZ001 - xlsxwriter writes it as it is; a file without an export has no date
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n?")
_TITLE_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_COUNT = re.compile(r"[0-9]{1,15}")
"""As much as Excel keeps to the last digit."""
_LOCKED = {"select_locked_cells": True, "format_columns": True, "format_rows": True, "autofilter": True}


class TooManyRows(Exception):
    """More rows than one sheet of Excel can hold."""


class Struck(tuple[str, ...]):
    """A row that no longer counts (annulled): printed struck through; what it says is all there."""

    __slots__ = ()


@dataclass(frozen=True)
class Sheet:
    """What stands around the rows.

    `heading_lines` stand above the table, the first one large; `widths` are in characters; `numbered` adds the row
    «1 2 3 …» under the headings (B-5, B-17); `footer_lines` stand below the last row. `counts`: columns (from 0) whose
    whole numbers Excel may add up; everywhere else a cell is text, and a telephone or a date stays as it is written.
    """

    title: str
    headings: tuple[str, ...]
    widths: tuple[float, ...]
    heading_lines: tuple[str, ...] = ()
    numbered: bool = True
    footer_lines: tuple[str, ...] = ()
    counts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Stamp:
    """Which export this is: printed at the foot of every page and kept in the file's properties, never in a cell.

    `at` is the institution's local time. `password` keeps a hand from slipping; it is no secret worth keeping.
    """

    number: int
    who: str
    at: datetime
    password: str = ""


@dataclass(frozen=True)
class Written:
    """The finished file: `sha256` of its bytes, `content_sha256` of its cells (see `ContentHash`), `rows` of data."""

    sha256: str
    content_sha256: str
    rows: int


class ContentHash:
    """SHA-256 over the cells alone, row by row: equal for equal data, whoever exported or saved it, and when."""

    def __init__(self) -> None:
        self._hash = sha256()

    def add(self, cells: Sequence[str]) -> None:
        """Take one row; empty cells at its end do not count: programs that save a file again drop them."""
        text = "\x1f".join(cells).rstrip("\x1f")
        self._hash.update(f"{text}\x1e".encode())

    def hexdigest(self) -> str:
        """The hash of all rows taken so far."""
        return self._hash.hexdigest()


def cell_text(text: str) -> str:
    """The text as a cell holds it: no control characters or lone surrogates, at most LONGEST_CELL (B56)."""
    text = _FORBIDDEN.sub("", _LINE_ENDS.sub("\n", text) if "\r" in text else text)
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "  # or xlsxwriter takes it for its own markup and writes it into the file unescaped
    if len(text) > LONGEST_CELL // 2 and len(encoded := text.encode("utf-16-le")) > 2 * LONGEST_CELL:
        text = encoded[: 2 * (LONGEST_CELL - 1)].decode("utf-16-le", errors="ignore") + "…"
    return text


def height_of(cells: Sequence[str], widths: Sequence[float]) -> float:
    """The height in points that shows every line of the row: not every program works it out when it opens a file."""
    most = 1
    for text, width in zip(cells, widths, strict=False):
        room = max(1, int(width * WRAPS_AT))
        if len(text) > room or "\n" in text:
            most = max(most, sum(max(1, -(-len(line) // room)) for line in text.split("\n")))
    return min(most * LINE_POINTS + 2, TALLEST_POINTS)


def write_workbook(
    path: Path,
    sheet: Sheet,
    rows: Iterable[Sequence[str]],
    *,
    on_progress: Callable[[int], None] | None = None,
    stamp: Stamp | None = None,
) -> Written:
    """Write `rows` to `path`, readable by the owner only; `on_progress` is told the number of rows written so far.

    Raises:
        OSError: the folder cannot be written or the disk is full.
        TooManyRows: more rows than a sheet holds.
    """
    import xlsxwriter  # noqa: PLC0415 - 16 MB that only the maker of papers needs, not every process with a sheet
    from xlsxwriter.exceptions import XlsxWriterException  # noqa: PLC0415

    path.touch(mode=0o600)
    # Half-made parts lie beside the file, in a folder of ours, not in everybody's /tmp.
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
    try:
        content, count = _fill(book, sheet, rows, on_progress, stamp)
        book.close()
    except XlsxWriterException as error:
        cause = error.args[0] if error.args else None
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from error
    finally:
        book.fileclosed = True  # or its destructor would try to write once more
    whole = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            whole.update(block)
    return Written(whole.hexdigest(), content.hexdigest(), count)


def _fill(
    book: xlsxwriter.Workbook,
    sheet: Sheet,
    rows: Iterable[Sequence[str]],
    on_progress: Callable[[int], None] | None,
    stamp: Stamp | None,
) -> tuple[ContentHash, int]:
    page = book.add_worksheet(_TITLE_FORBIDDEN.sub(" ", sheet.title)[:31])
    kinds = _formats(book)
    content = ContentHash()
    top = len(sheet.heading_lines)
    first = top + 1 + sheet.numbered
    _set_up(page, sheet, top, first, stamp)
    _describe(book, sheet, stamp)
    _write_top(page, sheet, kinds, content)
    plain, struck = kinds["cell"], kinds["struck"]
    count = 0
    for row in rows:
        if count >= MOST_ROWS:
            raise TooManyRows
        cells = [cell_text(text) for text in row]
        content.add(cells)
        look = struck if isinstance(row, Struck) else plain
        page.set_row(first + count, height_of(cells, sheet.widths))
        for column, text in enumerate(cells):
            if column in sheet.counts and _COUNT.fullmatch(text):
                page.write_number(first + count, column, int(text), kinds["count"])
            else:
                page.write_string(first + count, column, text, look)
        count += 1
        if on_progress and count % PROGRESS_EVERY == 0:
            on_progress(count)
    for place, line in enumerate(sheet.footer_lines):
        content.add([cell_text(line)])
        page.write_string(first + count + place, 0, cell_text(line), kinds["below"])
    if sheet.numbered:
        page.autofilter(first - 1, 0, max(first + count - 1, first - 1), len(sheet.headings) - 1)
    return content, count


def _formats(book: xlsxwriter.Workbook) -> dict[str, Format]:
    text = {"font_name": "Times New Roman", "font_size": 10, "valign": "top", "num_format": "@"}
    cell = {**text, "text_wrap": True, "border": 1}
    heading = {**cell, "bold": True, "align": "center", "valign": "vcenter", "bg_color": "#EDEDED"}
    return {
        "title": book.add_format({**text, "font_size": 14, "bold": True}),
        "line": book.add_format(text),
        "heading": book.add_format(heading),
        "numbering": book.add_format({**heading, "bold": False, "font_size": 9}),
        "cell": book.add_format(cell),
        "struck": book.add_format({**cell, "font_strikeout": True, "font_color": "#595959"}),
        "count": book.add_format({**cell, "num_format": "0"}),
        "below": book.add_format(text),
    }


def _set_up(page: Worksheet, sheet: Sheet, top: int, first: int, stamp: Stamp | None) -> None:
    """Paper, protection, what stays on the screen and on every page: A4 landscape, as wide as one page."""
    for column, width in enumerate(sheet.widths):
        page.set_column(column, column, width)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    page.fit_to_pages(1, 0)
    page.repeat_rows(top, first - 1)
    page.freeze_panes(first, 0)
    page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    page.protect(stamp.password if stamp else "", _LOCKED)
    said = f"Выгрузка № {stamp.number}, {stamp.at:%d.%m.%Y %H:%M}, {stamp.who[:60]}" if stamp else ""
    page.set_footer(f"&L&8{said.replace('&', '&&')}&R&8Страница &P из &N")


def _describe(book: xlsxwriter.Workbook, sheet: Sheet, stamp: Stamp | None) -> None:
    """What the file says about itself; the number of the export is what `crm.papers.verify` looks for."""
    said = f"Выгрузка № {stamp.number}" if stamp else ""
    properties = {"title": sheet.title, "author": stamp.who if stamp else "", "comments": said}
    book.set_properties({**properties, "created": stamp.at.replace(tzinfo=None) if stamp else _NOTHING})
    if stamp:
        book.set_custom_property(NUMBER_PROPERTY, stamp.number, "number")


def _write_top(page: Worksheet, sheet: Sheet, kinds: dict[str, Format], content: ContentHash) -> None:
    for place, line in enumerate(sheet.heading_lines):
        text = cell_text(line)
        content.add([text])
        page.set_row(place, LINE_POINTS + 2 if place else 2 * LINE_POINTS)
        page.write_string(place, 0, text, kinds["line" if place else "title"])
    place = len(sheet.heading_lines)
    lines = [(sheet.headings, "heading")]
    if sheet.numbered:
        lines.append((tuple(str(number + 1) for number in range(len(sheet.headings))), "numbering"))
    for extra, (cells, kind) in enumerate(lines):
        content.add(cells)
        page.set_row(place + extra, height_of(cells, [width * 0.8 for width in sheet.widths]))  # bold is wider
        for column, text in enumerate(cells):
            page.write_string(place + extra, column, text, kinds[kind])
