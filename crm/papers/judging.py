"""The rows of a file with what each of them is, in batches: once for the preview, once more while loading."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import institution
from crm.base import fetch
from crm.db import Database
from crm.errors import RecordsError
from crm.institution import Institution
from crm.papers import stored_rows
from crm.papers.drafts import Understood
from crm.papers.known_families import REPEATED, SeenRows, Verdict, judge
from crm.papers.mapping import Mapping
from crm.papers.reading import Row
from crm.papers.rows import understand
from crm.staff import Employee

BATCH = 100
ERROR = "error"


@dataclass(frozen=True)
class Judged:
    """One row, what it means, and what becomes of it."""

    row: Row
    understood: Understood
    verdict: Verdict


@dataclass(frozen=True)
class Circumstances:
    """What reading a row depends on besides the row: whose eyes, the district's code, the day at the institution."""

    viewer: Employee
    area_code: str | None
    today: date


def circumstances(session: Session, employee_id: int | None, at: datetime) -> Circumstances:
    """Return them for an import of this employee. Raises RecordsError where the account is closed meanwhile."""
    viewer = fetch(session, Employee, employee_id or 0)
    if viewer is None or not viewer.active:
        raise RecordsError("Учётная запись того, кто загружает файл, закрыта.")
    zone = session.scalars(select(Institution.timezone).order_by(Institution.id)).first() or "Europe/Moscow"
    return Circumstances(viewer, institution.area_code(session), at.astimezone(ZoneInfo(zone)).date())


def judged(
    database: Database, path: Path, mapping: Mapping, seen_with: Circumstances, *, after: int = 0
) -> Iterator[list[Judged]]:
    """Give the rows batch by batch; the first `after` rows are only remembered. Holds no transaction in between."""
    seen = SeenRows()
    batch: list[Judged] = []
    for count, row in enumerate(stored_rows.of_families(path, mapping), 1):
        understood = understand(row, mapping, seen_with.area_code, seen_with.today)
        earlier = seen.note(understood.draft) if understood.draft else None
        if count <= after:
            continue
        kind = ERROR if understood.draft is None else REPEATED if earlier else ""
        batch.append(Judged(row, understood, Verdict(kind, earlier_row=earlier)))
        if len(batch) == BATCH:
            yield _with_verdicts(database, batch, seen_with.viewer)
            batch = []
    if batch:
        yield _with_verdicts(database, batch, seen_with.viewer)


def _with_verdicts(database: Database, batch: Iterable[Judged], viewer: Employee) -> list[Judged]:
    batch = list(batch)
    drafts = [one.understood.draft for one in batch if one.understood.draft and not one.verdict.kind]
    with database.reading() as session:
        verdicts = iter(judge(session, drafts, viewer))
    return [one if one.verdict.kind else Judged(one.row, one.understood, next(verdicts)) for one in batch]
