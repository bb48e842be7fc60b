"""Putting the families of a confirmed file into the records: all or nothing, and never in anybody's way.

SQLite has one writer, and a call's row must not wait for ten thousand families: they go in by small transactions as
cards in state `importing`, which nobody finds, with their search words; one last statement makes all of them active.
A killed loading goes on after the rows that it has committed (`ImportJob.done_rows`, in the same transaction);
`forget` takes cards that never became active out again. That deletes no record: nobody has ever seen them.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.base import Base, fetch
from crm.db import Database
from crm.errors import RecordsError
from crm.family_tables import ACTIVE, IMPORTING, Family, FamilyStatus, Person, Phone
from crm.papers.drafts import Draft, PersonDraft
from crm.papers.judging import Judged, circumstances, judged
from crm.papers.known_families import NEW, SIMILAR
from crm.papers.mapping import Mapping
from crm.papers.new_ids import new_ids
from crm.papers.rows import REVIEW
from crm.papers.tables import ImportJob
from crm.search.index import forget_family, index_many
from crm.staff import Employee

FORGET_AT_ONCE = 200
BASIS = "из загруженного файла"


def load(database: Database, job: ImportJob, mapping: Mapping, path: Path, at: datetime) -> None:
    """Load what is not there yet and make it visible. Raises FileNotFoundError, RecordsError; then `forget`."""
    if mapping.problem:
        raise RecordsError(mapping.problem)
    with database.reading() as session:
        seen_with = circumstances(session, job.employee_id, at)
    done = job.done_rows
    for batch in judged(database, path, mapping, seen_with, after=done):
        done += len(batch)
        drafts = [one.understood.draft for one in batch if one.understood.draft and _wanted(one, mapping)]
        with database.transaction() as session:
            if drafts:
                _insert(session, drafts, job, at)
            _note_progress(session, job.id, done, batch)
    _show(database, job, seen_with.viewer, at)


def forget(database: Database, job_id: int) -> None:
    """Take out the cards of this job that never became active, some hundred at a time."""
    while True:
        with database.transaction() as session:
            statement = select(Family.id).where(Family.import_job_id == job_id, Family.state == IMPORTING)
            ids = list(session.scalars(statement.limit(FORGET_AT_ONCE)))
            if not ids:
                return
            people = select(Person.id).where(Person.family_id.in_(ids))
            for family_id in ids:
                forget_family(session, family_id)
            session.execute(_no_sync(delete(Phone).where(Phone.person_id.in_(people))))
            session.execute(_no_sync(delete(Person).where(Person.family_id.in_(ids))))
            session.execute(_no_sync(delete(FamilyStatus).where(FamilyStatus.family_id.in_(ids))))
            session.execute(_no_sync(delete(Family).where(Family.id.in_(ids))))


def _wanted(one: Judged, mapping: Mapping) -> bool:
    return one.verdict.kind == NEW or (one.verdict.kind == SIMILAR and mapping.similar == "load")


def _insert(session: Session, drafts: Sequence[Draft], job: ImportJob, at: datetime) -> None:
    """The cards with everything on them, by one statement for each table."""
    family_ids = new_ids(session, Family, len(drafts))
    person_ids = iter(new_ids(session, Person, sum(len(draft.people) for draft in drafts)))
    rows: dict[type[Base], list[dict[str, Any]]] = {Family: [], Person: [], Phone: [], FamilyStatus: []}
    for family_id, draft in zip(family_ids, drafts, strict=True):
        rows[Family].append({"id": family_id, **_family(family_id, draft, job, at)})
        for one in draft.people:
            person_id = next(person_ids)
            person = _person(one, family_id, is_applicant=one is draft.applicant)
            rows[Person].append({"id": person_id, **person})
            rows[Phone] += [
                {"person_id": person_id, "number": number, "raw": raw, "label": label}
                for number, raw, label in one.phones
            ]
        rows[FamilyStatus] += [
            {"family_id": family_id, "type": status, "basis": BASIS, "entered_by_id": job.employee_id, "entered_at": at}
            for status in draft.statuses
        ]
    for model, values in rows.items():
        if values:
            session.connection().execute(insert(model), values)
    index_many(session, family_ids)


def _family(family_id: int, draft: Draft, job: ImportJob, at: datetime) -> dict[str, Any]:
    return {
        "card_number": f"С-{family_id:05d}",
        "name": draft.applicant.surname,
        "address": draft.address,
        "locality": draft.locality,
        "restricted": draft.restricted,
        "brief": draft.brief,
        "created_at": at,
        "created_by_id": job.employee_id,
        "state": IMPORTING,
        "situation": draft.situation,
        "measures_received": draft.measures,
        "next_action": REVIEW if draft.review else "",
        "import_job_id": job.id,
        "import_key": draft.import_key,
    }


def _person(one: PersonDraft, family_id: int, *, is_applicant: bool) -> dict[str, Any]:
    return {
        "family_id": family_id,
        "relation": one.relation,
        "surname": one.surname,
        "name": one.name,
        "patronymic": one.patronymic,
        "birth_date": one.birth_date,
        "is_applicant": is_applicant,
        "search_key": one.key,
        "email": one.email,
        "registration_address": one.registration_address,
    }


def _note_progress(session: Session, job_id: int, done: int, batch: Sequence[Judged]) -> None:
    job = fetch(session, ImportJob, job_id, lock=True)
    if job is None:
        raise RecordsError("Записи о загрузке больше нет.")
    counted = Counter(job.summary.get("loaded", {}))
    counted.update(one.verdict.kind for one in batch)
    job.done_rows = done
    job.summary = {**job.summary, "loaded": dict(counted)}


def _show(database: Database, job: ImportJob, employee: Employee, at: datetime) -> None:
    """The one instant at which the families are there."""
    with database.transaction() as session:
        statement = update(Family).where(Family.import_job_id == job.id, Family.state == IMPORTING)
        shown = session.connection().execute(statement.values(state=ACTIVE)).rowcount
        stored = fetch(session, ImportJob, job.id, lock=True)
        if stored is None:
            raise RecordsError("Записи о загрузке больше нет.")
        stored.state, stored.ended_at = "done", at
        stored.summary = {**stored.summary, "created": shown}
        skipped = sum(stored.summary.get("loaded", {}).values()) - shown
        details = {"created": shown, "skipped": skipped}
        actor = Actor.of(employee)
        write(session, actor, "import.done", subject="import_job", subject_id=job.id, details=details, at=at)


def _no_sync(statement: Any) -> Any:
    return statement.execution_options(synchronize_session=False)
