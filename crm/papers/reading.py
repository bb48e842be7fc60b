"""A table out of whatever file people bring: .xlsx or .csv, told by its bytes and not by its name.

Everything here treats the file as hostile (reliability.md B51–B54): sizes are checked before anything is unpacked,
nothing outside the file is read, and a file that will not do is refused with a sentence that says what to do.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crm.errors import RecordsError

MAX_ROWS = 50_000
MAX_COLUMNS = 100
MAX_CELL = 5_000
"""Characters of one cell that are kept; a register's longest cell is a family's story of a page."""

TOO_MANY_ROWS = f"В файле больше {MAX_ROWS} строк. Разделите его на несколько файлов."
TOO_MANY_COLUMNS = f"В файле больше {MAX_COLUMNS} столбцов. Удалите лишние столбцы справа и сохраните файл снова."
DAMAGED = "Файл повреждён или это не таблица. Откройте его в Excel, сохраните как «Книга Excel (.xlsx)» и повторите."
OLD_EXCEL = (
    "Это файл старого Excel (.xls) или файл с паролем. Откройте его, снимите пароль, "
    "сохраните как «Книга Excel (.xlsx)» и повторите."
)
OTHER_OFFICE = "Такой вид таблицы не читается. Откройте файл, сохраните как «Книга Excel (.xlsx)» и повторите."

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


class FileRefused(RecordsError):
    """The file cannot be read in; the sentence says why and what to do, and quotes nothing of it."""


@dataclass(frozen=True)
class Cell:
    """What stands in one cell, as text; `problem` is a sentence where there is no telling what stands there."""

    text: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Row:
    """One row that is not empty. `number` as the person's program shows it, from 1; `sheet` from 0."""

    sheet: int
    number: int
    cells: tuple[Cell, ...]


@dataclass
class About:
    """What is known of the file besides its rows: visible sheets' titles, and sentences for the preview."""

    sheets: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rows_of(path: Path) -> tuple[About, Iterator[Row]]:
    """Return what is known of the file and its rows that are not empty, sheet by sheet.

    `About` is complete when the rows have been read to their end. Raises FileRefused, at once or while the rows are
    read.
    """
    from crm.papers import csv_reading, xlsx_reading  # noqa: PLC0415 - both need what stands above

    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(_OLE):
        raise FileRefused(OLD_EXCEL)
    about = About()
    if head.startswith(b"PK"):
        return about, xlsx_reading.read(path, about)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" or head.startswith((b"%PDF", b"{\\rtf")):
        raise FileRefused(OTHER_OFFICE)
    return about, csv_reading.read(path, about)
