"""The appeal form: keeps every word by itself, and becomes a numbered journal row when saved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from crm import journal
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.journal import JournalEntry
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, Text, fill, posted
from web.pages import back_to, page
from web.parts import Painter, parts
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/appeals/{entry_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
OBSTACLE = {"yes": True, "no": False, "": None}


class Appeal(Fields):
    """Columns 2–5 of the journal and what the office adds to them."""

    version: int
    topic: Line = ""
    substance: Text = ""
    applicant_name: Line = ""
    family_brief: Text = ""
    contact_method: Line = ""
    obstacle: Literal["", "yes", "no"] = ""

    def values(self) -> dict[str, Any]:
        """The fields as the journal takes them."""
        return {**self.model_dump(exclude={"version", "obstacle"}), "obstacle": OBSTACLE[self.obstacle]}


def _read(form: Form) -> Appeal:
    appeal, _ = fill(Appeal, form)
    if appeal is None or not 0 <= appeal.version < 2**31:
        raise BadForm
    return appeal


def form_values(values: dict[str, Any]) -> dict[str, Any]:
    """Stored values as the form writes them, for a page that must merge them with what was typed since."""
    return {**values, "obstacle": {True: "yes", False: "no", None: ""}[values["obstacle"]]}


@router.post("/draft")
def save_draft(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> JSONResponse:
    """Keep what was typed; 409 brings the stored values so that the page can put both together."""
    desk, at = desk_of(request), datetime.now(UTC)
    appeal = _read(form)
    try:
        with desk.database.transaction() as session:
            entry = journal.save_draft(session, entry_id, appeal.values(), appeal.version, visitor.employee, at)
    except StaleVersion as stale:
        answer = {"sentence": str(stale), "version": stale.version, "current": form_values(stale.current)}
        return JSONResponse(answer, status_code=409)
    except NotFound:
        raise
    except RecordsError as error:
        return JSONResponse({"sentence": str(error)}, status_code=422)
    return JSONResponse({"version": entry.version, "saved_at": desk.clock().time(at), "entry": entry.id})


@router.post("/save")
def save(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Number the row and end the wrap-up; the same save twice is one row."""
    desk, at = desk_of(request), datetime.now(UTC)
    appeal = _read(form)
    try:
        with desk.database.transaction() as session:
            entry = journal.save_entry(
                session, entry_id, appeal.values(), appeal.version, visitor.employee, at, ip=visitor.ip
            )
    except Incomplete as problem:
        with desk.database.transaction() as session:  # what was typed is kept all the same
            journal.save_draft(session, entry_id, appeal.values(), appeal.version, visitor.employee, at)
        return _again(request, visitor, entry_id, appeal, errors=problem.fields, status=422)
    except StaleVersion as stale:
        sentence = {"": "Обращение изменено в другом окне. Проверьте поля и сохраните ещё раз."}
        return _again(request, visitor, entry_id, appeal, errors=sentence, status=409, version=stale.version)
    except NotFound:
        raise
    except RecordsError as error:
        return _again(request, visitor, entry_id, appeal, errors={"": str(error)}, status=422)
    desk.wake(Wake.PRESENCE)
    desk.publish(Notice(NoticeKind.CLOSED, employee_id=visitor.id, call_id=entry.call_id), Notice(NoticeKind.PRESENCE))
    done = f"Обращение № {entry.number} записано в журнал."
    if request.headers.get("hx-target") == "part-appeal":
        return parts(desk, visitor, at_workplace=True, force=True, said=done)
    return back_to(request, f"/journal/{entry.id}", done)


def _again(
    request: Request,
    visitor: Visitor,
    entry_id: int,
    appeal: Appeal,
    *,
    errors: dict[str, str],
    status: int,
    version: int | None = None,
) -> Response:
    """The form as it was typed, with sentences beside the fields."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        entry = journal.fetch_entry(session, entry_id, visitor.employee)
    for name, value in appeal.values().items():
        setattr(entry, name, value)
    entry.version = version if version is not None else entry.version
    if request.headers.get("hx-target") == "part-appeal":
        painter = Painter(desk, visitor, swap=True, force=True)
        subject = f"call-{entry.call_id}"
        mark = f"{entry.id}-{entry.state}-{entry.version}-{status}"
        part = painter.part("appeal", subject=subject, version=mark, own=True, entry=entry, errors=errors)
        return HTMLResponse(str(part), status_code=status)
    return entry_page(request, visitor, entry, errors, status)


def entry_page(
    request: Request, visitor: Visitor, entry: JournalEntry, errors: dict[str, str], status: int = 200
) -> Response:
    """One row on a page of its own: a draft to finish, or what was entered."""
    may_write = visitor.role in ON_CALLS
    return page(request, visitor, "entry.html", entry=entry, errors=errors, status=status, may_write=may_write)
