"""What the page of an import shows of its file: headings, first rows, families as they will be understood, errors.

Values come from the stored rows each time and are nowhere kept; once the import has ended there is nothing to show.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from callflow.text import clean_line
from crm.db import Database
from crm.errors import RecordsError
from crm.papers import stored_rows
from crm.papers.drafts import Draft
from crm.papers.judging import circumstances
from crm.papers.mapping import SKIP, from_json, headings, letters_of
from crm.papers.reading import Row
from crm.papers.rows import understand
from crm.papers.tables import ImportJob

SHOWN_ROWS = 4
SHOWN_FAMILIES = 8
ERRORS_ON_PAGE = 50


@dataclass(frozen=True)
class Column:
    """One column of the file: its letter, its heading, what it means, and what stands in the first rows."""

    place: int
    letter: str
    heading: str
    meaning: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class ErrorLine:
    """One line of the list of errors; `value` is read from the file."""

    row: int
    column: str
    value: str
    sentence: str
    fatal: bool


@dataclass
class Preview:
    """Everything that is read from the file for one page."""

    columns: list[Column] = field(default_factory=list)
    families: list[Draft] = field(default_factory=list)
    errors: list[ErrorLine] = field(default_factory=list)


def preview(database: Database, job: ImportJob, folder: Path, at: datetime, *, error_page: int) -> Preview:
    """Read the page's part of the file; empty where the file is gone."""
    mapping = from_json(job.mapping)
    path = stored_rows.path_of(folder, job.stored_as)
    wanted = job.errors[error_page * ERRORS_ON_PAGE : (error_page + 1) * ERRORS_ON_PAGE]
    numbers = {row for row, _column, _sentence, _fatal in wanted}
    try:
        top = [row for row in islice(stored_rows.read(path), 500) if row.sheet == mapping.sheet]
        with_errors = _rows_of(path, mapping.sheet, numbers)
    except FileNotFoundError:
        return Preview()
    first = [row for row in top if row.number >= mapping.first_row]
    titles = headings(top, mapping)
    found = Preview(columns=_columns(titles, first[:SHOWN_ROWS], mapping.columns))
    found.errors = [_error_line(one, with_errors.get(one[0]), titles) for one in wanted]
    if not mapping.problem:
        with database.reading() as session:
            try:
                seen_with = circumstances(session, job.employee_id, at)
            except RecordsError:  # who brought the file has left: nothing will be loaded, nothing is shown
                return found
        understood = (understand(row, mapping, seen_with.area_code, seen_with.today) for row in first)
        found.families = list(islice((one.draft for one in understood if one.draft is not None), SHOWN_FAMILIES))
    return found


def _columns(titles: list[str], rows: list[Row], meanings: Any) -> list[Column]:
    count = max([len(titles), *(len(row.cells) for row in rows), 0])
    return [
        Column(
            place,
            letters_of(place),
            clean_line(titles[place], 80) if place < len(titles) else "",
            meanings.get(place, SKIP),
            tuple(_value(row, place) for row in rows),
        )
        for place in range(count)
    ]


def _value(row: Row | None, place: int | None) -> str:
    if row is None or place is None or place >= len(row.cells):
        return ""
    return clean_line(row.cells[place].text, 100)


def _error_line(stored: list[Any], row: Row | None, titles: list[str]) -> ErrorLine:
    number, place, sentence, fatal = stored
    title = clean_line(titles[place], 60) if place is not None and place < len(titles) else ""
    column = " · ".join(part for part in (letters_of(place), title) if part) if place is not None else ""
    return ErrorLine(number, column, _value(row, place), sentence, fatal)


def _rows_of(path: Path, sheet: int, numbers: set[int]) -> dict[int, Row]:
    if not numbers:
        return {}
    return {row.number: row for row in stored_rows.read(path) if row.sheet == sheet and row.number in numbers}
