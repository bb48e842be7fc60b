"""The rows of an uploaded file, unpacked once beside it: what the preview shows and the loading takes.

So the hostile file itself is opened by one short-lived process only, never by the pages; and a page of the preview is
lines of JSON, not a workbook. The file holds personal data: mode 0600, removed with the upload.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from crm.papers.mapping import Mapping
from crm.papers.reading import MAX_CELL, Cell, FileRefused, Row

SUFFIX = ".rows"
MAX_WRITTEN = 512 << 20
"""Letters; a Cyrillic one takes six. An .xlsx names one long text a million times in a few hundred kilobytes."""

TOO_LONG = "В файле слишком много текста. Оставьте в нём один лист с семьями и сохраните снова."


def path_of(folder: Path, stored_as: str) -> Path:
    """Where the rows of the upload `stored_as` lie."""
    return folder / f"{stored_as}{SUFFIX}"


def write(path: Path, rows: Iterable[Row]) -> int:
    """Write the rows, whole or not at all; return how many. Raises FileRefused, as the reading of `rows` does."""
    aside = path.with_suffix(".unpacking")
    try:
        count = _write(aside, rows)
    except BaseException:
        aside.unlink(missing_ok=True)  # half a register is personal data too
        raise
    aside.replace(path)
    return count


def _write(path: Path, rows: Iterable[Row]) -> int:
    count = size = 0
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        for row in rows:
            cells = [{"problem": cell.problem} if cell.problem else cell.text[:MAX_CELL] for cell in row.cells]
            # ASCII: a lone surrogate from a broken file must not stop the others
            size += file.write(json.dumps([row.sheet, row.number, cells]) + "\n")
            if size > MAX_WRITTEN:
                raise FileRefused(TOO_LONG)
            count += 1
    return count


def read(path: Path) -> Iterator[Row]:
    """Give all rows. Raises FileNotFoundError."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            sheet, number, cells = json.loads(line)
            yield Row(
                sheet, number, tuple(Cell(c) if isinstance(c, str) else Cell(problem=c["problem"]) for c in cells)
            )


def of_families(path: Path, mapping: Mapping) -> Iterator[Row]:
    """Give the rows below the headings of the chosen sheet."""
    return (row for row in read(path) if row.sheet == mapping.sheet and row.number >= mapping.first_row)
