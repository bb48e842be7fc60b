"""«Нужно длительное сопровождение» beside an appeal (A-26)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import journal
from crm.appeals.rows import working
from crm.appointments import support
from crm.errors import NotFound
from crm.journal import DRAFT
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.entry_view import entry_page
from web.forms import BadForm, Fields, Form, Text, fill, posted
from web.pages import back_to
from web.parts import parts
from web.tried import trying

router = APIRouter(prefix="/appeals/{entry_id}/support", default_response_class=HTMLResponse)


class Need(Fields):
    """Marked or taken off; taken off only with a reason."""

    needed: str = ""
    reason: Text = ""


@router.post("")
def mark(
    request: Request, entry_id: int, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """Mark the appeal, or take the mark off."""
    sent, _ = fill(Need, form)
    if sent is None:
        raise BadForm
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        entry = journal.fetch_entry(session, entry_id, visitor.employee)
        if entry.state == DRAFT and entry.author_id != visitor.id:
            raise NotFound("Такой записи в журнале нет.")
        if entry.state != DRAFT:
            entry = working(session, entry_id, visitor.employee)
        if sent.needed == "yes":
            support.raise_need(session, entry, visitor.employee, at, ip=visitor.ip)
        else:
            support.withdraw(session, entry, sent.reason, visitor.employee, at, ip=visitor.ip)
    if tried.refused:
        return entry_page(request, visitor, entry_id, errors=tried.errors, failed="support", status=tried.status)
    said = "Отмечено: нужно длительное сопровождение." if sent.needed == "yes" else "Отметка снята."
    if request.headers.get("hx-target", "").startswith("part-"):
        return parts(desk, visitor, at_workplace=True, said=said)
    return back_to(request, f"/journal/{entry_id}", said)
