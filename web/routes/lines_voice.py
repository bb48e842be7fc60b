"""The player's source of a voice message: whole or in ranges, for those entitled, each listening in the audit log."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from crm.errors import NotFound
from crm.lines import voice
from crm.staff import Role
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.recorded_sound import answer

router = APIRouter()
LISTENERS = (*ON_CALLS, Role.DIRECTOR)


@router.get("/voice/{message_id}")
def listen(request: Request, message_id: int, visitor: Visitor = allow(*LISTENERS)) -> Response:
    """The sound. Seeking asks for ranges: what begins at the beginning is a listening, and so is any first part."""
    desk = desk_of(request)
    at = datetime.now(UTC)
    with desk.database.transaction() as session:
        message = voice.open_message(session, message_id, visitor.employee, visitor.service_ids)
        path = desk.settings.data_dir / "voice" / message.file
        if not path.is_file():
            raise NotFound("Файл сообщения не найден. Сообщите администратору: возможно, он есть в резервной копии.")
        whole = request.headers.get("range", "bytes=0-").startswith("bytes=0-")
        if whole or not voice.listens_already(session, message, visitor.employee, at):
            voice.heard(session, message, visitor.employee, at, ip=visitor.ip)
    return answer(path, request.headers.get("range", ""))
