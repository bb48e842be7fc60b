"""«Выгрузки»: Excel files asked for, waited for, fetched, and told from tampered ones (B-19)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from crm import institution
from crm.errors import NotFound
from crm.papers import exporting, verify
from crm.papers.kinds import KINDS
from crm.papers.tables import ExportedFile
from crm.papers.verdict_words import sentence
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, fill, posted
from web.pages import JOURNAL_ROLES, back_to, page
from web.uploads import Upload, one_file
from workers.queues import enqueue_papers

router = APIRouter(prefix="/exports", default_response_class=HTMLResponse)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST_COMPARED = 3 << 20
"""Bytes: comparing cells keeps a processor busy, a second for each megabyte; larger files are for the command line."""


class Wish(Fields):
    """What to export: the kind and the filters of the page that the button stands on."""

    kind: Line
    service_id: int | None = None
    since: date | None = None
    until: date | None = None
    progress: Line = ""
    contact_method: Line = ""
    responsible_id: int | None = None
    author_id: int | None = None
    topic: Line = ""
    overdue: bool = False
    text: Line = ""
    number: int | None = None
    year: int | None = None
    quarter: int | None = None


@router.get("")
def list_exports(request: Request, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """One's own exports, newest first; everybody's for the head and the director."""
    return _list(request, visitor)


@router.post("")
def ask(request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """Write the wish down and wake the worker; the file is waited for on a page of its own."""
    desk, at = desk_of(request), datetime.now(UTC)
    wish, _ = fill(Wish, form)
    if wish is None:
        raise BadForm
    filters = wish.model_dump(exclude={"kind"}, exclude_none=True)
    with desk.database.transaction() as session:
        export = exporting.ask(session, wish.kind, filters, visitor.employee, at, ip=visitor.ip)
    enqueue_papers(desk.settings.redis_address())
    return back_to(request, f"/exports/{export.id}")


@router.get("/{export_id}")
def one_export(request: Request, export_id: int, visitor: Visitor = allow(*JOURNAL_ROLES, activity=False)) -> Response:
    """How far the file is; the page asks again by itself, which does not keep a session awake that nobody uses."""
    with desk_of(request).database.reading() as session:
        export = exporting.fetch_export(session, export_id, visitor.employee)
        services = {service.id: service.name for service in institution.services(session)}
    words = described(export, services)
    title = KINDS[export.kind].title
    return page(request, visitor, "export.html", export=export, title=title, words=words, kept=exporting.KEPT)


@router.get("/{export_id}/file")
def download(request: Request, export_id: int, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """The file, under a name that says what and when (RFC 6266); who takes it is in the audit log."""
    desk, at = desk_of(request), datetime.now(UTC)
    folder = exporting.folder_of(desk.settings.data_dir)
    with desk.database.transaction() as session:
        export = exporting.downloaded(session, export_id, visitor.employee, at, ip=visitor.ip)
        path = folder / export.stored_as
        if not path.is_file():
            raise NotFound
    plain = f"{export.kind}-{export.asked_at.astimezone(desk.zone):%Y-%m-%d}.xlsx"
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(export.file_name)}",
        "Content-Length": str(path.stat().st_size),
    }
    return StreamingResponse(_pieces(path), media_type=XLSX, headers=headers)


@router.post("/verify")
def verify_file(
    request: Request, visitor: Visitor = allow(*JOURNAL_ROLES), upload: Upload = one_file(max_mb=32)
) -> Response:
    """Tell a genuine file from a tampered one; the file that was brought is not kept."""
    desk, at = desk_of(request), datetime.now(UTC)
    if upload.path is None:
        return _list(request, visitor, problem=upload.problem, status=422)
    try:
        folder = exporting.folder_of(desk.settings.data_dir)
        with desk.database.reading() as session:
            verdict = verify.verify(session, upload.path, folder, visitor.employee, largest=LARGEST_COMPARED)
    finally:
        upload.discard()
    with desk.database.transaction() as session:
        verify.verified(session, verdict, visitor.actor, at)
    said = sentence(verdict, desk.zone)
    return _list(request, visitor, verdict=verdict, said=said, file_name=upload.name)


def _list(request: Request, visitor: Visitor, *, status: int = 200, **context: Any) -> Response:
    with desk_of(request).database.reading() as session:
        found = exporting.recent(session, visitor.employee)
        names = {service.id: service.name for service in institution.services(session)}
    rows = [(export, described(export, names)) for export in found]
    everything = {"problem": "", "verdict": None, "said": "", "file_name": "", **context}
    kinds = {name: kind.title for name, kind in KINDS.items()}
    return page(request, visitor, "exports.html", status=status, rows=rows, kinds=kinds, **everything)


def described(export: ExportedFile, services: dict[int, str]) -> str:
    """«Семейная диспетчерская, с 01.11.2026 по 22.11.2026, с отбором»: what the file holds, without anybody's words."""
    filters = export.filters
    parts = [services[filters["service_id"]]] if filters.get("service_id") in services else []
    if "quarter" in filters:
        parts.append(f"{filters['quarter']} квартал {filters['year']} года")
    days = [
        f"{word} {date.fromisoformat(filters[name]):%d.%m.%Y}"
        for word, name in (("с", "since"), ("по", "until"))
        if name in filters
    ]
    parts += [" ".join(days)] if days else []
    parts += ["с отбором"] if set(filters) - {"service_id", "since", "until", "year", "quarter"} else []
    return ", ".join(parts)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 18):
            yield piece
