"""The player's source of a voice message: whole or in ranges, for those entitled, each listening in the audit log."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from crm.errors import NotFound
from crm.lines import voice
from crm.staff import Role
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.recorded_sound import Checked, Tampered, answer

router = APIRouter()
LISTENERS = (*ON_CALLS, Role.DIRECTOR)
checked = Checked()


@router.get("/voice/{message_id}")
def listen(request: Request, message_id: int, visitor: Visitor = allow(*LISTENERS)) -> Response:
    """The sound. Seeking asks for ranges: what begins at the beginning is a listening, and so is any first part.

    A file that is not what was left is not played, and who tried is in the audit log.
    """
    desk = desk_of(request)
    at = datetime.now(UTC)
    with desk.database.transaction() as session:
        message = voice.open_message(session, message_id, visitor.employee, visitor.service_ids)
        path = desk.settings.data_dir / "voice" / message.file
        if not path.is_file():
            raise NotFound("Файл сообщения не найден. Сообщите администратору: возможно, он есть в резервной копии.")
        try:
            checked.same(path, message.sha256)
            is_whole = True
        except Tampered:
            voice.found_tampered(session, message, visitor.employee, at, ip=visitor.ip)
            is_whole = False
        whole = is_whole and request.headers.get("range", "bytes=0-").startswith("bytes=0-")
        if whole or (is_whole and not voice.listens_already(session, message, visitor.employee, at)):
            voice.heard(session, message, visitor.employee, at, ip=visitor.ip)
    if not is_whole:
        return PlainTextResponse(voice.TAMPERED, status_code=409)  # missed.js shows it beside the player
    return answer(path, request.headers.get("range", ""))
