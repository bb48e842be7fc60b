"""Rows of an .xlsx: the package is weighed before it is opened, then read by openpyxl as a stream, values only.

Limits are for a register of tens of thousands of families; a zip bomb, a million rows or 16,000 columns are refused
within two seconds (reliability.md B51). Macros, links to other files and entities are never followed (B52, S27).
"""

import time
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from datetime import time as time_of_day
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
from openpyxl.cell.cell import ERROR_CODES

from crm.papers.reading import (
    DAMAGED,
    MAX_COLUMNS,
    MAX_ROWS,
    OTHER_OFFICE,
    TOO_MANY_COLUMNS,
    TOO_MANY_ROWS,
    About,
    Cell,
    FileRefused,
    Row,
)

MAX_ENTRIES = 500
MAX_UNPACKED = 200 << 20
MAX_RATIO = 200  # a sheet of equal rows packs to 1:100, a bomb to 1:1000
RATIO_MATTERS = 10 << 20
MAX_STRINGS = 24 << 20  # openpyxl holds the shared strings and the styles in memory
MAX_SMALL_PART = 4 << 20
MAX_SHEETS = 20
MAX_CELLS = 1_000_000
READING_SECONDS = 30.0

_BOMB = "В файле слишком много данных. Оставьте в нём один лист с семьями, без картинок, и сохраните снова."
_MACROS = "В файле есть макросы. Сохраните его как «Книга Excel (.xlsx)» без макросов и повторите."
_MANY_SHEETS = f"В файле больше {MAX_SHEETS} листов. Оставьте в нём один лист с семьями и сохраните снова."
_LINKS = "В файле есть ссылки на другие файлы: они не открывались, взяты сохранённые значения."
_NO_VALUE = "Вместо значения – формула без результата. Откройте файл в Excel, сохраните и повторите."
_ERROR_VALUE = "Вместо значения – ошибка Excel."


def read(path: Path, about: About) -> Iterator[Row]:
    """Give the rows of all visible sheets. Raises FileRefused."""
    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("defusedxml is not installed: spreadsheets must not be read without it")
    try:
        has_formulas = _weigh(path, about)
        yield from _rows(path, about, has_formulas)
    except FileRefused:
        raise
    except Exception as error:  # a hostile package breaks the reader anywhere; its message may quote a family
        raise FileRefused(DAMAGED) from error


def _weigh(path: Path, about: About) -> bool:
    """Refuse what is too big or is no plain workbook; tell whether any sheet has formulas."""
    with zipfile.ZipFile(path) as package:
        parts = package.infolist()
        names = {part.filename for part in parts}
        if len(parts) > MAX_ENTRIES or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise FileRefused(_BOMB)
        if any(_is_macro(name) for name in names):
            raise FileRefused(_MACROS)
        if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
            raise FileRefused(OTHER_OFFICE)
        for part in parts:
            _weigh_part(part)
        if b"macroEnabled" in package.read("[Content_Types].xml"):
            raise FileRefused(_MACROS)
        if any(name.startswith("xl/externalLinks/") for name in names):
            about.notes.append(_LINKS)
        sheets = [name for name in names if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        if len(sheets) > MAX_SHEETS:
            raise FileRefused(_MANY_SHEETS)
        weighed = [_weigh_sheet(package.open(name)) for name in sorted(sheets)]
        return any(weighed)


def _is_macro(name: str) -> bool:
    return name.lower().rsplit("/", 1)[-1] in ("vbaproject.bin", "xlmacrosheet.xml") or "/macrosheets/" in name.lower()


def _weigh_part(part: zipfile.ZipInfo) -> None:
    if part.flag_bits & 1:  # encrypted
        raise FileRefused(OTHER_OFFICE)
    if part.file_size > RATIO_MATTERS and part.file_size > MAX_RATIO * max(part.compress_size, 1):
        raise FileRefused(_BOMB)
    held = part.filename.endswith((".xml", ".rels")) and not part.filename.startswith("xl/worksheets/sheet")
    limit = MAX_STRINGS if part.filename == "xl/sharedStrings.xml" else MAX_SMALL_PART
    if held and part.file_size > limit:
        raise FileRefused(_BOMB)


def _weigh_sheet(sheet: Any) -> bool:
    """Count rows and cells without parsing: a million rows are refused before a parser has seen the tenth part."""
    rows = cells = 0
    has_formulas = False
    tail = b""
    with sheet:
        while block := sheet.read(1 << 20):
            block = tail + block
            cut = block.rfind(b"<")
            tail, block = (block[cut:], block[:cut]) if cut > 0 else (b"", block)
            rows += block.count(b"<row ") + block.count(b"<row>")
            cells += block.count(b"<c ") + block.count(b"<c>")
            has_formulas = has_formulas or b"<f>" in block or b"<f " in block or b"<f/" in block
            if rows > 2 * MAX_ROWS:  # empty rows with borders are common below a table
                raise FileRefused(TOO_MANY_ROWS)
            if cells > MAX_CELLS or cells > MAX_COLUMNS * (rows + 10):
                raise FileRefused(TOO_MANY_COLUMNS)
    return has_formulas


def _rows(path: Path, about: About, has_formulas: bool) -> Iterator[Row]:
    deadline = time.monotonic() + READING_SECONDS
    with warnings.catch_warnings(), path.open("rb") as values, path.open("rb") as formulas:
        warnings.simplefilter("ignore")  # about print settings and the like
        book = _open(values, values_only=True)
        written = _open(formulas, values_only=False) if has_formulas else None
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        hidden = [sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"]
        about.sheets = [sheet.title[:60] for sheet in visible]
        if hidden:
            about.notes.append(f"Скрытые листы не читались: {', '.join(title[:60] for title in hidden)}.")
        if not visible:
            raise FileRefused("В файле нет ни одного видимого листа. Покажите лист с семьями и сохраните файл снова.")
        for index, sheet in enumerate(visible):
            beside = _plain_rows(written[sheet.title]) if written is not None else iter(())
            kept = 0
            for number, (row, formula_row) in enumerate(zip_longest(_plain_rows(sheet), beside, fillvalue=()), 1):
                cells = _cells(row, formula_row)
                if not any(cell.text or cell.problem for cell in cells):
                    continue
                kept += 1
                if kept > MAX_ROWS:
                    raise FileRefused(TOO_MANY_ROWS)
                if len(cells) > MAX_COLUMNS:
                    raise FileRefused(TOO_MANY_COLUMNS)
                if time.monotonic() > deadline:
                    raise FileRefused(_BOMB)
                yield Row(index, number, cells)


def _open(file: BinaryIO, *, values_only: bool) -> Any:
    return openpyxl.load_workbook(file, read_only=True, data_only=values_only, keep_links=False, keep_vba=False)


def _plain_rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # what the file says of its own size is not to be believed
    yield from sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True)


def _cells(row: tuple[Any, ...], formula_row: tuple[Any, ...]) -> tuple[Cell, ...]:
    """The row without the empty cells at its end; a formula whose result was not stored is a problem."""
    cells = [_cell(value) for value in row]
    for column, formula in enumerate(formula_row):
        if isinstance(formula, str) and formula.startswith("=") and column < len(row) and row[column] is None:
            cells[column] = Cell(problem=_NO_VALUE)
    while cells and not (cells[-1].text or cells[-1].problem):
        cells.pop()
    return tuple(cells)


def _cell(value: Any) -> Cell:  # noqa: PLR0911 - one line for each kind of value
    if value is None:
        return Cell()
    if isinstance(value, str):
        return Cell(problem=_ERROR_VALUE) if value in ERROR_CODES else Cell(value.strip())
    if isinstance(value, bool):
        return Cell("да" if value else "нет")
    if isinstance(value, float):  # 7.9910970168E+10 is a telephone (B39)
        return Cell(str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value))
    if isinstance(value, datetime):
        return Cell(value.strftime("%d.%m.%Y" if value.time() == time_of_day() else "%d.%m.%Y %H:%M"))
    if isinstance(value, date):
        return Cell(value.strftime("%d.%m.%Y"))
    if isinstance(value, time_of_day):
        return Cell(value.strftime("%H:%M"))
    return Cell(str(value))
