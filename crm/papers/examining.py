"""Looking a file through without loading anything: what the preview says, counted and row by row."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import update

from crm.db import Database
from crm.masked import CHILD_RELATIONS
from crm.papers import stored_rows
from crm.papers.judging import ERROR, Judged, circumstances, judged
from crm.papers.known_families import ALREADY, NEW, REPEATED, SIMILAR
from crm.papers.mapping import LOOKED_AT, from_json, propose
from crm.papers.reading import About, FileRefused, Row, rows_of
from crm.papers.tables import ImportJob

MOST_ERRORS = 2_000
MOST_SIMILAR = 500
KINDS = (NEW, ALREADY, SIMILAR, REPEATED, ERROR)
NO_ROWS = "В файле нет ни одной заполненной строки."


def examine(database: Database, job: ImportJob, folder: Path, at: datetime) -> dict[str, Any]:
    """Return the job's columns `mapping`, `summary`, `errors` and the counts. Raises FileRefused, FileNotFoundError."""
    path = stored_rows.path_of(folder, job.stored_as)
    about = dict(job.summary.get("file", {}))
    if not path.exists():
        about = _unpack(folder / job.stored_as, path)
    mapping = from_json(job.mapping)
    if "columns" not in job.mapping:
        wanted = job.mapping.get("sheet")
        first = _first_rows(stored_rows.read(path))
        mapping = propose([row for row in first if wanted is None or row.sheet == wanted])
    counts: Counter[str] = Counter()
    errors: list[list[Any]] = []
    similar: list[list[Any]] = []
    total = sum(1 for _row in stored_rows.of_families(path, mapping))
    if not mapping.problem:
        with database.reading() as session:
            seen_with = circumstances(session, job.employee_id, at)
        for batch in judged(database, path, mapping, seen_with):
            for one in batch:
                _count(one, counts, errors, similar)
            _progress(database, job.id, done=sum(counts[kind] for kind in KINDS), total=total)
    summary = {"file": about, "counts": dict(counts), "similar": similar[:MOST_SIMILAR], "errors": len(errors)}
    return {
        "mapping": mapping.as_json(),
        "summary": summary,
        "errors": errors[:MOST_ERRORS],
        "done_rows": total,
        "total_rows": total,
    }


def _unpack(upload: Path, path: Path) -> dict[str, Any]:
    about, rows = rows_of(upload)
    if not stored_rows.write(path, rows):
        path.unlink(missing_ok=True)
        raise FileRefused(NO_ROWS)
    return _as_json(about)


def _as_json(about: About) -> dict[str, Any]:
    return {"sheets": about.sheets, "notes": about.notes}


def _first_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """The first rows of each sheet."""
    seen: Counter[int] = Counter()
    for row in rows:
        seen[row.sheet] += 1
        if seen[row.sheet] <= LOOKED_AT:
            yield row


def _count(one: Judged, counts: Counter[str], errors: list[list[Any]], similar: list[list[Any]]) -> None:
    counts[one.verdict.kind] += 1
    errors += [[one.row.number, problem.column, problem.sentence, problem.fatal] for problem in one.understood.problems]
    if one.verdict.kind == REPEATED:
        sentence = f"Повторяет строку {one.verdict.earlier_row}: вторая карточка не будет заведена."
        errors.append([one.row.number, None, sentence, False])
    if one.verdict.kind in (SIMILAR, ALREADY):
        similar.append([one.row.number, one.verdict.family_id, one.verdict.kind, one.verdict.reason])
    draft = one.understood.draft
    if draft is not None and one.verdict.kind == NEW:
        counts["people"] += len(draft.people)
        counts["children"] += sum(person.relation in CHILD_RELATIONS for person in draft.people)
        counts["phones"] += sum(len(person.phones) for person in draft.people)
        counts["review"] += draft.review
        counts["restricted"] += draft.restricted


def _progress(database: Database, job_id: int, *, done: int, total: int) -> None:
    with database.transaction() as session:
        session.execute(update(ImportJob).where(ImportJob.id == job_id).values(done_rows=done, total_rows=total))
