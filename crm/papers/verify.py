"""Is this the file that we gave out? Told by the log of exports: the whole file first, then its cells (B-19; S21).

A file that was only saved again keeps its cells, and with them its content hash. One whose cells differ carries the
number of its export still; the cells are then compared with our copy, as long as it is kept. Nothing in the file is
carried out or followed: it is weighed before it is unpacked, and read as text.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.base import fetch
from crm.papers.tables import ExportedFile
from crm.papers.workbook import NUMBER_PROPERTY, ContentHash
from crm.staff import Employee, Role

MOST_SHOWN = 50
MOST_UNPACKED = 600 << 20
MOST_RATIO = 300  # rows of one and the same text pack to 1:100, a bomb to 1:1000
MOST_HELD_RATIO = 30
"""What is no sheet is held in memory whole: above all the shared strings, which repeat nothing and pack to 1:10."""
MOST_PARTS = 500
MOST_ROWS = 1_048_576
MOST_COLUMNS = 100
_ESCAPED = re.compile("_x005F_(?=x[0-9A-Fa-f]{4}_)")
_SEE_ALL = {Role.HEAD.value, Role.DIRECTOR.value}


class Outcome(StrEnum):
    """What came of it. RESAVED: other bytes, the same cells. TOO_LARGE: other bytes, and too long to look inside."""

    GENUINE = "genuine"
    RESAVED = "resaved"
    CHANGED = "changed"
    TOO_LARGE = "too_large"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Difference:
    """One cell («E15») that is not as we wrote it."""

    cell: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class Verdict:
    """The outcome, the export that the file is or says it is, and which cells differ (the first MOST_SHOWN).

    `compared`: our copy was there to be compared with. `readable`: this viewer may read what stood in the cells.
    """

    outcome: Outcome
    export: ExportedFile | None = None
    differences: tuple[Difference, ...] = ()
    count: int = 0
    compared: bool = False
    readable: bool = False


class _NotOurs(Exception):
    """No workbook that we, or a program that saved ours again, could have written."""


def verify(
    session: Session, path: Path, folder: Path, viewer: Employee | None, *, largest: int | None = None
) -> Verdict:
    """Judge the file at `path`; `folder` holds our copies. A changed file above `largest` bytes is not looked into.
    `viewer` None: the console, which is shown no cell's words.

    Takes seconds for a large file: call it while reading, and `verified` in a transaction afterwards.
    """
    if (export := _by(session, ExportedFile.sha256, _hash_of(path))) is not None:
        return Verdict(Outcome.GENUINE, export)
    if largest is not None and path.stat().st_size > largest:
        return Verdict(Outcome.TOO_LARGE)
    try:
        number, content = _number_in(path), ContentHash()
        for row in cells_of(path):
            content.add(row)
    except _NotOurs:
        return Verdict(Outcome.FOREIGN)
    claimed = fetch(session, ExportedFile, number)
    same = claimed if claimed and claimed.content_sha256 == content.hexdigest() else None
    if same := same or _by(session, ExportedFile.content_sha256, content.hexdigest()):
        return Verdict(Outcome.RESAVED, same)
    return _changed(claimed, path, folder, viewer) if claimed and claimed.sha256 else Verdict(Outcome.FOREIGN)


def verified(session: Session, verdict: Verdict, actor: Actor, at: datetime) -> None:
    """Note in the audit log who had which export judged, and the outcome."""
    write(
        session,
        actor,
        "export.verify",
        subject="exported_file",
        subject_id=verdict.export.id if verdict.export else "",
        details={"outcome": verdict.outcome.value},
        at=at,
    )


def _changed(claimed: ExportedFile, path: Path, folder: Path, viewer: Employee | None) -> Verdict:
    ours = folder / claimed.stored_as
    if not claimed.stored_as or not ours.is_file():
        return Verdict(Outcome.CHANGED, claimed)
    readable = viewer is not None and (claimed.employee_id == viewer.id or viewer.role in _SEE_ALL)
    differences, count = differences_of(ours, path)
    return Verdict(Outcome.CHANGED, claimed, differences, count, compared=True, readable=readable)


def _by(session: Session, column: Any, digest: str) -> ExportedFile | None:
    """The newest export with this hash."""
    statement = select(ExportedFile).where(column == digest).order_by(ExportedFile.id.desc()).limit(1)
    return session.scalars(statement).one_or_none()


def _hash_of(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def differences_of(ours: Path, theirs: Path) -> tuple[tuple[Difference, ...], int]:
    """Return the first cells that differ, and how many there are in all."""
    found: list[Difference] = []
    count = 0
    for number, pair in enumerate(zip_longest(cells_of(ours), cells_of(theirs), fillvalue=()), 1):
        for column, (one, other) in enumerate(zip_longest(*pair, fillvalue=""), 1):
            if one != other:
                count += 1
                if len(found) < MOST_SHOWN:
                    found.append(Difference(f"{_letters(column)}{number}", one, other))
    return tuple(found), count


def _letters(column: int) -> str:
    """1 is A, 27 is AA."""
    rest, last = divmod(column - 1, 26)
    return (_letters(rest) if rest else "") + chr(ord("A") + last)


def cells_of(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the first sheet as text, without empty cells at a row's end and empty rows at the sheet's.

    Raises _NotOurs for what is no workbook, is too large, or breaks while it is read.
    """
    empty = 0
    with _opened(path) as book:
        for row in book.worksheets[0].iter_rows(values_only=True):
            cells = [_text(value) for value in row[:MOST_COLUMNS]]
            while cells and not cells[-1]:
                cells.pop()
            if not cells:
                empty += 1
                if empty > MOST_ROWS:
                    raise _NotOurs
                continue
            for _ in range(empty):
                yield ()
            empty = 0
            yield tuple(cells)


def _number_in(path: Path) -> int:
    """The number of the export that the file names; 0 if it names none."""
    with _opened(path) as book:
        known = {one.name: one.value for one in book.custom_doc_props.props}
    value = known.get(NUMBER_PROPERTY)
    return int(value) if isinstance(value, int | float) and 0 < value < 2**53 else 0


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The workbook, read as a stream; whatever a hostile file breaks becomes _NotOurs."""
    import openpyxl  # noqa: PLC0415 - the pages need it only when a changed file is looked into

    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("defusedxml is not installed: spreadsheets must not be read without it")
    try:
        _weigh(path)
        with path.open("rb") as file, warnings.catch_warnings():  # by its bytes: a path is judged by its ending
            warnings.simplefilter("ignore")  # about print settings and the like
            yield openpyxl.load_workbook(file, read_only=True, keep_links=False)
    except Exception as error:
        raise _NotOurs from error


def _weigh(path: Path) -> None:
    with zipfile.ZipFile(path) as package:
        parts = package.infolist()
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED:
        raise _NotOurs
    packed = max(path.stat().st_size, 1 << 15)
    held = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    if unpacked > MOST_RATIO * packed or held > MOST_HELD_RATIO * packed:
        raise _NotOurs


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _ESCAPED.sub("_", str(value))
