"""«Тексты и голос»: what the robots say, piece by piece, heard before it is saved (domain.md §9.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from callflow.speech.pieces import EXAMPLES, OPTIONAL, PIECES, VARIABLES, Dialogue
from callflow.speech.templates import Unresolved, fill, problems, seconds_of
from callflow.text import clean_line
from crm import institution
from crm.errors import NotFound
from crm.institution import Service
from crm.lines.settings import service_of
from crm.speech import calls, phrases, texts, values
from crm.speech.tables import SpeechCall
from web.access import Visitor, allow
from web.attempts import Attempt, VersionedForm, save, untouched
from web.desk import Desk, desk_of
from web.forms import BadForm, Form, Text, posted
from web.forms import fill as fill_form
from web.pages import SPEECH_ROLES, back_to, page
from web.recorded_sound import answer
from workers.queues import Wake
from workers.speech.port import SpeechError
from workers.speech.voice import Voice, preview_folder

router = APIRouter(prefix="/settings/speech", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
KEEPERS = SPEECH_ROLES
SAVED = "Сохранено. Новый текст прозвучит со следующего звонка, приветствия – примерно через минуту."
NO_VOICE = "Программа речи сейчас недоступна: прослушать текст нельзя. Подробности – в разделе «Проверка системы»."
RECENT = timedelta(minutes=10)
_PREVIEW = re.compile(r"[0-9a-f]{40}")


class TextForm(VersionedForm):
    """The words of one piece; empty is the return to the default."""

    text: Text = ""


@router.get("")
def overview(request: Request, service: str = "", visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Every piece of one service, by dialogue; which voice speaks."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.reading() as session:
        services = institution.services(session)
        chosen = next((one for one in services if str(one.id) == service), None) or next(iter(services), None)
        if chosen is None:
            return page(request, visitor, "calendar_empty.html")
        current = texts.all_current(session, chosen.id)
        recorded = phrases.all_current(session, chosen.id)
        words = {name: values.words_of(session, chosen, name, at) for name in recorded}
        line_words = {name: values.words_of(session, chosen, name, at) for name in values.LINE_TITLES}
    sections = [
        (dialogue.title, [piece for piece in PIECES.values() if piece.dialogue is dialogue]) for dialogue in Dialogue
    ]
    context: dict[str, Any] = {
        "services": services,
        "chosen": chosen,
        "sections": sections,
        "current": current,
        "line_titles": values.LINE_TITLES,
        "line_words": line_words,
        "silent": {name for name, row in recorded.items() if row.words != words[name]},
        "recorded": recorded,
        "engine": _engine(desk),
    }
    return page(request, visitor, "speech.html", **context)


@router.get("/preview/{name}")
def preview_sound(request: Request, name: str, visitor: Visitor = allow(*KEEPERS, activity=False)) -> Response:  # noqa: ARG001
    """The sound of an example that was asked for a moment ago."""
    path = preview_folder(desk_of(request).settings.data_dir) / "own" / f"{name}.wav"
    if not _PREVIEW.fullmatch(name) or not path.is_file():
        raise NotFound("Этого образца больше нет. Нажмите «Прослушать» ещё раз.")
    return answer(path, request.headers.get("range", ""))


@router.get("/{service_id}/{name}")
def one_piece(request: Request, service_id: int, name: str, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """One piece: its words, its variables, its recording."""
    return piece_page(request, visitor, service_id, name)


@router.post("/{service_id}/{name}")
def change(request: Request, service_id: int, name: str, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Store new words."""
    desk = desk_of(request)

    def act(session: Session, sent: TextForm) -> None:
        service = known_service(session, service_id)
        at = datetime.now(UTC)
        texts.change(session, service, name, visitor.employee, at, text=sent.text, version=sent.version, ip=visitor.ip)

    attempt = save(desk, form, TextForm, act, form_name="text")
    if attempt:
        return piece_page(request, visitor, service_id, name, attempt)
    desk.wake(Wake.EXCHANGE)
    return back_to(request, f"/settings/speech/{service_id}/{name}", SAVED)


@router.post("/{service_id}/{name}/preview")
def preview(request: Request, service_id: int, name: str, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Say what is typed, with examples for what differs from call to call; nothing is saved."""
    desk = desk_of(request)
    fields, _ = fill_form(TextForm, form)
    if fields is None:
        raise BadForm
    typed = clean_line(fields.text, limit=2000)
    attempt = Attempt({"text": fields.text}, {}, 200, fields.version, form_name="text")
    with desk.database.reading() as session:
        service = known_service(session, service_id)
        piece = texts.piece_of(name)
        wanted = typed or piece.default
        if found := problems(wanted, piece.variables, EXAMPLES):
            attempt.errors, attempt.status = {"text": " ".join(found)}, 422
            return piece_page(request, visitor, service_id, name, attempt)
        said = values.example_of(session, service, wanted, datetime.now(UTC))
    try:
        heard = Voice(desk.settings, desk.database).preview(said).path.stem
    except SpeechError:
        attempt.errors, attempt.status = {"": NO_VOICE}, 503
        heard = ""
    return piece_page(request, visitor, service_id, name, attempt, heard=heard)


@router.get("/{service_id}/{name}/sound")
def sound(request: Request, service_id: int, name: str, visitor: Visitor = allow(*KEEPERS, activity=False)) -> Response:  # noqa: ARG001
    """What is heard now: the recording while it holds, else the voice, with examples for what differs."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.reading() as session:
        service = known_service(session, service_id)
        said = values.words_of(session, service, name, at) or example(session, service, name, at)
    voice = Voice(desk.settings, desk.database)
    try:
        phrase = voice.recorded(service_id).get(said)
        spoken = phrase if phrase and voice.check(phrase.path, phrase.sha256) else voice.preview(said)
    except SpeechError:
        raise NotFound(NO_VOICE) from None
    return answer(spoken.path, request.headers.get("range", ""))


def known_service(session: Session, service_id: int) -> Service:
    """The service, or NotFound; also for numbers that no row can have."""
    if not 1 <= service_id < 2**63:
        raise NotFound
    return service_of(session, service_id)


def example(session: Session, service: Service, name: str, at: datetime) -> str:
    """What a piece says, with examples for what differs from call to call; "" where it lacks something."""
    if name in values.LINE_TITLES:
        return values.words_of(session, service, name, at)
    try:
        return values.example_of(session, service, texts.current(session, service.id, name).text, at)
    except Unresolved:
        return ""


def piece_page(
    request: Request, visitor: Visitor, service_id: int, name: str, attempt: Attempt | None = None, *, heard: str = ""
) -> Response:
    """The page of one piece; `attempt` is the form that was not saved, `heard` an example to be played."""
    desk, at = desk_of(request), datetime.now(UTC)
    attempt = attempt or untouched()
    with desk.database.reading() as session:
        service = known_service(session, service_id)
        piece = PIECES.get(name)
        if piece is None and name not in values.LINE_TITLES:
            raise NotFound("Такой реплики нет.")
        current = texts.current(session, service.id, name) if piece else None
        words = values.words_of(session, service, name, at)
        context: dict[str, Any] = {
            "chosen": service,
            "piece_name": name,
            "piece": piece,
            "title": piece.title if piece else values.LINE_TITLES[name],
            "current": current,
            "words": words,
            "said": words or example(session, service, name, at),
            "versions": texts.history(session, service.id, name) if piece else [],
            "phrase": phrases.current(session, service.id, name),
            "phrases": phrases.history(session, service.id, name),
            "call": _call_about(session, visitor, service, name, at),
            "results": calls.RESULTS,
            "sources": phrases.SOURCES,
            "common": values.common(session, service, at),
        }
    context |= {
        "attempt": attempt,
        "heard": heard,
        "variables": VARIABLES,
        "seconds": round(seconds_of(fill(current.text, EXAMPLES, optional=OPTIONAL))) if current else 0,
        "engine": _engine(desk),
        "clock": desk.clock(),
    }
    return page(request, visitor, "speech_piece.html", status=attempt.status, **context)


def _call_about(session: Session, visitor: Visitor, service: Service, name: str, at: datetime) -> SpeechCall | None:
    """Her call about this piece, going on or just over; of another piece only one that goes on."""
    row = calls.latest(session, visitor.id, at - RECENT)
    return row if row and (row.live or (row.service_id, row.name) == (service.id, name)) else None


def _engine(desk: Desk) -> str:
    try:
        return Voice(desk.settings).speech.title
    except SpeechError:
        return ""
