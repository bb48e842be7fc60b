"""«Загрузка семей»: a register is brought, looked at, its columns are named, then it is confirmed (B-5, B51–B57)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from crm.audit import write
from crm.errors import NotFound
from crm.family_tables import ACTIVE, Family
from crm.papers import importing
from crm.papers.importing import SeenBefore
from crm.papers.mapping import MEANINGS, SKIP, Mapping, from_json
from crm.papers.tables import ImportJob
from crm.staff import Employee, Role
from crm.visibility import seen_by
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Form, posted
from web.import_preview import ERRORS_ON_PAGE, Preview, preview
from web.pages import back_to, page
from web.tried import trying
from web.uploads import Upload, one_file
from workers.queues import enqueue_papers

router = APIRouter(prefix="/imports", default_response_class=HTMLResponse)
IMPORT_ROLES = (Role.COORDINATOR, Role.HEAD)
LOOKING_ROLES = (*IMPORT_ROLES, Role.DIRECTOR)
SEES_ALL = (Role.HEAD, Role.DIRECTOR)
SHOWN = 50


@router.get("")
def list_imports(request: Request, visitor: Visitor = allow(*LOOKING_ROLES)) -> Response:
    """One's own imports, newest first; everybody's for the head and the director. Above them the form for a file."""
    return _list(request, visitor)


@router.post("")
def bring(request: Request, visitor: Visitor = allow(*IMPORT_ROLES), upload: Upload = one_file(max_mb=20)) -> Response:
    """Keep the file under a random name, write it down, wake the maker of papers."""
    desk, at = desk_of(request), datetime.now(UTC)
    if upload.path is None:
        return _list(request, visitor, problem=upload.problem, status=422)
    stored_as = secrets.token_hex(16)
    folder = importing.folder_of(desk.settings.data_dir)
    with trying(desk) as (session, tried):
        job = importing.create(
            session,
            file_name=upload.name,
            sha256=upload.sha256,
            stored_as=stored_as,
            service_id=next(iter(visitor.service_ids), None),
            employee=visitor.employee,
            at=at,
            ip=visitor.ip,
        )
        upload.path.rename(folder / stored_as)
    if tried.refused:
        upload.discard()
        earlier = tried.error.job if isinstance(tried.error, SeenBefore) else None
        return _list(request, visitor, earlier=earlier, problem="" if earlier else tried.sentence, status=tried.status)
    enqueue_papers(desk.settings.redis_address())
    return back_to(request, f"/imports/{job.id}", "Файл принят.")


@router.get("/{job_id}")
def one_import(
    request: Request, job_id: int, errors: int = 1, visitor: Visitor = allow(*LOOKING_ROLES, activity=False)
) -> Response:
    """How far the import is; when it is read, what it would bring."""
    return _one(request, visitor, job_id, errors)


@router.post("/{job_id}/mapping")
def name_columns(
    request: Request, job_id: int, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*IMPORT_ROLES)
) -> Response:
    """Take the columns' meanings as the person chose them; the file is then read anew."""
    desk, at = desk_of(request), datetime.now(UTC)
    job = _fetch(request, visitor, job_id)
    mapping = _mapping_of(form, job)
    if mapping.sheet != from_json(job.mapping).sheet:
        mapping = Mapping(sheet=mapping.sheet)
    elif not mapping.columns:
        return _one(request, visitor, job_id, 1, problem=mapping.problem, status=422)
    with trying(desk) as (session, tried):
        importing.remap(session, job_id, mapping, visitor.employee, at, ip=visitor.ip)
    if tried.refused:
        return _one(request, visitor, job_id, 1, problem=tried.sentence, status=422)
    enqueue_papers(desk.settings.redis_address())
    return back_to(request, f"/imports/{job_id}", "Столбцы сохранены, файл читается заново.")


@router.post("/{job_id}/confirm")
def confirm(
    request: Request, job_id: int, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*IMPORT_ROLES)
) -> Response:
    """Have it loaded. Two clicks or two people: one load."""
    desk, at = desk_of(request), datetime.now(UTC)
    _fetch(request, visitor, job_id)
    similar = form.first("similar")
    with trying(desk) as (session, tried):
        confirmed = importing.confirm(session, job_id, visitor.employee, at, similar=similar, ip=visitor.ip)
    if tried.refused:
        return _one(request, visitor, job_id, 1, problem=tried.sentence, status=422)
    enqueue_papers(desk.settings.redis_address())
    return back_to(request, f"/imports/{job_id}", "Загрузка началась." if confirmed else "")


@router.post("/{job_id}/cancel")
def cancel(request: Request, job_id: int, visitor: Visitor = allow(*IMPORT_ROLES)) -> Response:
    """Give it up; the file is removed."""
    desk, at = desk_of(request), datetime.now(UTC)
    job = _fetch(request, visitor, job_id)
    with desk.database.transaction() as session:
        cancelled = importing.cancel(session, job_id, visitor.employee, at, ip=visitor.ip)
    if cancelled:
        importing.remove_files(importing.folder_of(desk.settings.data_dir), job.stored_as)
        return back_to(request, "/imports", "Загрузка отменена, файл удалён.")
    return back_to(request, f"/imports/{job_id}")


def _fetch(request: Request, visitor: Visitor, job_id: int) -> ImportJob:
    """The job, for who brought it, the head and the director; for others there is none: it is full of families."""
    with desk_of(request).database.reading() as session:
        job = importing.fetch_job(session, job_id)
    if visitor.role not in SEES_ALL and job.employee_id != visitor.id:
        raise NotFound
    return job


def _mapping_of(form: Form, job: ImportJob) -> Mapping:
    """The form as a mapping. Raises BadForm for what our page cannot have sent."""
    columns = {name.removeprefix("column-"): sent[0] for name, sent in form.items() if name.startswith("column-")}
    rows = {name: form.first(name) or job.mapping.get(name, 0) for name in ("sheet", "header_row", "first_row")}
    try:
        kept = {"similar": job.mapping.get("similar", SKIP), "large": form.first("large") == "yes"}
        return from_json({**rows, **kept, "columns": columns})
    except ValueError as error:
        raise BadForm from error


def _list(request: Request, visitor: Visitor, *, status: int = 200, **context: Any) -> Response:
    with desk_of(request).database.reading() as session:
        owner = None if visitor.role in SEES_ALL else visitor.id
        jobs = importing.recent(session, owner, SHOWN)
        names = _names(session, [*jobs, *filter(None, [context.get("earlier")])])
    everything = {"problem": "", "earlier": None, **context}
    may_bring = visitor.role in IMPORT_ROLES
    return page(
        request, visitor, "imports.html", status=status, jobs=jobs, names=names, states=importing.STATES,
        may_bring=may_bring, **everything,
    )  # fmt: skip


def _one(
    request: Request, visitor: Visitor, job_id: int, errors: int, *, problem: str = "", status: int = 200
) -> Response:
    desk, at = desk_of(request), datetime.now(UTC)
    job = _fetch(request, visitor, job_id)
    pages = max(1, -(-len(job.errors) // ERRORS_ON_PAGE))
    shown = min(max(errors, 1), pages)
    found, cards = Preview(), {}
    if job.state == "ready":
        folder = importing.folder_of(desk.settings.data_dir)
        found = preview(desk.database, job, folder, at, error_page=shown - 1)
        with desk.database.transaction() as session:  # the page shows families' data: who looked is written down
            write(session, visitor.actor, "import.view", subject="import_job", subject_id=job.id, at=at)
    with desk.database.reading() as session:
        names = _names(session, [job])
        ids = {family_id for _row, family_id, _kind, _reason in job.summary.get("similar", [])}
        statement = select(Family.id, Family.card_number).where(
            Family.id.in_(ids), Family.state == ACTIVE, seen_by(visitor.employee)
        )
        cards = {row.id: row.card_number for row in session.execute(statement)}
    return page(
        request, visitor, "import.html", status=status, job=job, names=names, found=found, cards=cards,
        mapping=from_json(job.mapping), meanings=list(MEANINGS.items()), counts=job.summary.get("counts", {}),
        about=job.summary.get("file", {"sheets": [], "notes": []}), states=importing.STATES, problem=problem,
        error_page=shown, error_pages=pages, under_way=job.state in importing.UNDER_WAY,
        may_act=visitor.role in IMPORT_ROLES and job.state == "ready", loadable=importing.loadable,
    )  # fmt: skip


def _names(session: Any, jobs: list[ImportJob]) -> dict[int, str]:
    ids = {job.employee_id for job in jobs}
    return {one.id: one.short_name for one in session.scalars(select(Employee).where(Employee.id.in_(ids)))}
