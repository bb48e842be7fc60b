"""Recorded phrases: brought as a file, recorded on one's own phone, played, taken back; «Позвонить мне»."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from anyio import Path as AsyncPath
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from callflow.speech.sound import BadSound, fit_for_a_phrase
from crm.errors import NotFound, RecordsError
from crm.speech import calls, phrases, values
from crm.speech.calls import PLAY, RECORD
from web.access import Visitor, allow
from web.attempts import Attempt
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, fill, posted
from web.pages import back_to
from web.recorded_sound import answer
from web.routes.speech import KEEPERS, example, known_service, piece_page
from web.tried import trying
from web.uploads import Upload, one_file
from workers.queues import Wake
from workers.speech.cache import store
from workers.speech.port import SpeechError
from workers.speech.voice import phrases_folder

router = APIRouter(prefix="/settings/speech", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
TOO_BIG = "Одной фразе столько не нужно: сохраните её как WAV, 16 бит, один канал, до трёх минут."
CHANGES = "Эта реплика каждый раз звучит по-разному: записать её заранее нельзя."
NO_ROOM = "Запись не сохранена: на сервере нет места. Сообщите администратору."


class PhraseForm(Fields):
    """Which piece the file is for; the fields before the file."""

    service: int
    name: Line


class CallForm(Fields):
    """Why her phone is rung."""

    kind: Literal["play", "record"]


@router.post("/phrases")
async def upload(
    request: Request,
    form: Posted,
    visitor: Visitor = allow(*KEEPERS),
    sent: Upload = one_file(max_mb=20, folder="phrases", too_big=TOO_BIG),
) -> Response:
    """Take a recorded phrase as a WAV file of any kind; it is kept as telephones play it."""
    fields, _ = fill(PhraseForm, form)
    if fields is None:
        sent.discard()
        raise BadForm
    try:
        content = await AsyncPath(sent.path).read_bytes() if sent.path else b""
    finally:
        sent.discard()
    return await run_sync(_take, request, visitor, fields, content, sent.problem)


def _take(request: Request, visitor: Visitor, fields: PhraseForm, content: bytes, problem: str) -> Response:
    desk, at = desk_of(request), datetime.now(UTC)
    address = f"/settings/speech/{fields.service}/{fields.name}"
    with desk.database.reading() as session:
        words = values.words_of(session, known_service(session, fields.service), fields.name, at)
    if not problem and not words:
        problem = CHANGES
    if not problem:
        try:
            sound = fit_for_a_phrase(content)
            store(sound, phrases_folder(desk.settings.data_dir) / phrases.file_name(sound))
        except BadSound as error:
            problem = str(error)
        except SpeechError:
            problem = NO_ROOM
    if problem:
        attempt = Attempt({}, {"file": problem}, 422, form_name="file")
        return piece_page(request, visitor, fields.service, fields.name, attempt)
    with desk.database.transaction() as session:
        phrases.keep(
            session,
            known_service(session, fields.service),
            fields.name,
            visitor.employee,
            at,
            words=words,
            sound=sound,
            source="upload",
            ip=visitor.ip,
        )
    desk.wake(Wake.EXCHANGE)
    return back_to(request, address, "Запись принята: теперь звучит она.")


@router.post("/phrases/{phrase_id}/remove")
def remove(request: Request, phrase_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:  # noqa: ARG001
    """The speech program speaks again."""
    desk = desk_of(request)
    with desk.database.transaction() as session:
        row = phrases.remove(session, phrase_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
        address = f"/settings/speech/{row.service_id}/{row.name}"
    desk.wake(Wake.EXCHANGE)
    return back_to(request, address, "Запись снята: снова звучит синтезатор.")


@router.get("/phrases/{phrase_id}/sound")
def phrase_sound(request: Request, phrase_id: int, visitor: Visitor = allow(*KEEPERS, activity=False)) -> Response:  # noqa: ARG001
    """A recording, the current one or an earlier one."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        row = phrases.one(session, phrase_id)
    path = phrases_folder(desk.settings.data_dir) / row.file
    if not path.is_file():
        raise NotFound("Файл записи не найден. Сообщите администратору: возможно, он есть в резервной копии.")
    return answer(path, request.headers.get("range", ""))


@router.post("/{service_id}/{name}/call")
def ring_me(request: Request, service_id: int, name: str, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Ring her own phone: to hear the piece, or to record it."""
    fields, _ = fill(CallForm, form)
    if fields is None:
        raise BadForm
    desk, at = desk_of(request), datetime.now(UTC)
    kind = RECORD if fields.kind == RECORD else PLAY
    with trying(desk) as (session, tried):
        service = known_service(session, service_id)
        words = values.words_of(session, service, name, at)
        if kind == RECORD and not words:
            raise RecordsError(CHANGES)
        said = words or example(session, service, name, at)
        calls.ask(session, service, name, visitor.employee, at, kind=kind, words=said, ip=visitor.ip)
    if tried.refused:
        attempt = Attempt({}, tried.errors, tried.status, form_name="call")
        return piece_page(request, visitor, service_id, name, attempt)
    desk.wake(Wake.ORDER)
    return back_to(request, f"/settings/speech/{service_id}/{name}")


@router.get("/calls/{call_id}")
def call_state(request: Request, call_id: int, visitor: Visitor = allow(*KEEPERS, activity=False)) -> Response:
    """How her call is going, for the page that asks every two seconds; the rest of it, with what she types, stays."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        row = calls.one(session, call_id, visitor.id)
        return HTMLResponse(desk.render("parts/speech_call.html", call=row, results=calls.RESULTS))
