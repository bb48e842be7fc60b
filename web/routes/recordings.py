"""«Записи разговоров»: the list, one recording with its player, and who listened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import audit
from crm.errors import RecordsError
from crm.recordings import files, keeping, listening, reading, settings
from crm.recordings.access import headed
from crm.staff import Role
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import Fields, Form, Text, fill, posted
from web.pages import RECORDING_ROLES, back_to, page
from web.recorded_sound import Checked, Tampered, answer
from web.tried import trying

router = APIRouter(prefix="/recordings", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
LINES = 50
checked = Checked()


@router.get("")
def recording_list(request: Request, before: int = 0, visitor: Visitor = allow(*RECORDING_ROLES)) -> Response:
    """What was recorded in the services that this person is responsible for, the newest first."""
    with desk_of(request).database.reading() as session:
        lines = reading.lines(session, visitor.employee, before=before, limit=LINES + 1)
        services = settings.overview(session, headed(session, visitor.employee))
    older = lines[LINES - 1].row.id if len(lines) > LINES else 0
    context: dict[str, Any] = {"lines": lines[:LINES], "older": older, "continued": before > 0, "services": services}
    return page(request, visitor, "recordings.html", **context)


@router.get("/{recording_id}")
def recording(request: Request, recording_id: int, visitor: Visitor = allow(*RECORDING_ROLES)) -> Response:
    """One recording: the player once it was opened, its fate, and everybody who listened."""
    return _page(request, visitor, recording_id)


@router.post("/{recording_id}/listen")
def listen(request: Request, recording_id: int, form: Posted, visitor: Visitor = allow(*RECORDING_ROLES)) -> Response:  # noqa: ARG001
    """Open it for listening: written down before a sound is heard."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.reading() as session:
        row = reading.fetch_recording(session, recording_id, visitor.employee)
    try:
        if row.state == "stored":
            checked.path_of(files.folder_of(desk.settings.data_dir), row)
    except Tampered:
        with desk.database.transaction() as session:
            listening.found_tampered(session, recording_id, visitor.employee, at, ip=visitor.ip)
        return _page(request, visitor, recording_id, errors={"": listening.TAMPERED}, status=409)
    with trying(desk) as (session, tried):
        listening.open_recording(session, recording_id, visitor.employee, at, ip=visitor.ip)
    if tried.refused:
        return _page(request, visitor, recording_id, errors=tried.errors, status=tried.status)
    return back_to(request, f"/recordings/{recording_id}")


@router.get("/{recording_id}/audio")
def audio(request: Request, recording_id: int, visitor: Visitor = allow(*RECORDING_ROLES)) -> Response:
    """The sound itself, for who has opened the recording; with Range, so that the player can go back and forth."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        row = listening.to_play(session, recording_id, visitor.employee, datetime.now(UTC))
    try:
        path = checked.path_of(files.folder_of(desk.settings.data_dir), row)
    except Tampered:
        raise RecordsError(listening.TAMPERED) from None
    return answer(path, request.headers.get("range", ""))


class HoldFields(Fields):
    """Why it may not be deleted."""

    reason: Text = ""


@router.post("/{recording_id}/hold")
def hold(request: Request, recording_id: int, form: Posted, visitor: Visitor = allow(Role.DIRECTOR)) -> Response:
    """Keep it beyond its time."""
    fields, errors = fill(HoldFields, form)
    if fields is None:
        return _page(request, visitor, recording_id, errors=errors, status=422)
    with trying(desk_of(request)) as (session, tried):
        keeping.hold(session, recording_id, fields.reason, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return _page(request, visitor, recording_id, errors=tried.errors, status=tried.status)
    return back_to(request, f"/recordings/{recording_id}", "Запись не будет удалена, пока вы этого не разрешите.")


@router.post("/{recording_id}/release")
def release(request: Request, recording_id: int, form: Posted, visitor: Visitor = allow(Role.DIRECTOR)) -> Response:  # noqa: ARG001
    """It goes by its own time again."""
    with trying(desk_of(request)) as (session, tried):
        keeping.release(session, recording_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return _page(request, visitor, recording_id, errors=tried.errors, status=tried.status)
    return back_to(request, f"/recordings/{recording_id}", "Запись удалится в свой срок.")


def _page(
    request: Request, visitor: Visitor, recording_id: int, *, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    with desk_of(request).database.transaction() as session:
        line = reading.line_of(session, recording_id, visitor.employee)
        if line.family is not None and not errors:
            audit.write(session, visitor.actor, "recording.open", subject="recording", subject_id=recording_id,
                        family_id=line.family.id)  # fmt: skip
        context = {
            "line": line,
            "heard": reading.heard_by(session, recording_id),
            "open": listening.is_open(session, recording_id, visitor.employee, datetime.now(UTC)),
            "errors": errors or {},
        }
    return page(request, visitor, "recording.html", status=status, **context)
