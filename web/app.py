"""The application: made by `create_app`, so that importing this module does nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from crm.db import open_database
from crm.errors import NotFound, RecordsError
from crm.settings import load
from web import live
from web.access import Forbidden, SignInNeeded
from web.board_hub import Hub
from web.desk import Desk, desk_of
from web.forms import BadForm
from web.guard import Guard
from web.pages import error_page
from web.routes import (
    appeal_end,
    appeal_work,
    appeals,
    appointments,
    appointments_booking,
    appointments_one,
    appointments_support,
    appointments_waiting,
    audit,
    calendar_forms,
    calendar_page,
    call_consents,
    call_promises,
    calls,
    campaigns,
    campaigns_coverage,
    campaigns_drafts,
    campaigns_work,
    card_history,
    card_needs,
    card_no_calls,
    card_people,
    card_phones,
    card_statuses,
    cards,
    catalogues,
    consent_print,
    consent_texts,
    consents,
    consultations,
    consultations_topics,
    destructions,
    dialling,
    dialling_list,
    dialling_settings,
    dispositions,
    exports,
    families,
    imports,
    journal,
    journal_new,
    lines,
    lines_voice,
    me,
    measures,
    merging,
    missed,
    missed_handover,
    missed_new,
    missed_terms,
    monitoring,
    outgoing,
    packets,
    phone,
    prints,
    ratings,
    ratings_work,
    recording_rules,
    recordings,
    registry,
    reports,
    roles,
    segments,
    service_report,
    settings,
    sign_in,
    specialists,
    specialists_absences,
    speech,
    speech_phrases,
    subjects,
    system,
    timetables,
    tips,
    tips_new,
    tips_work,
    training,
    transfers,
    upkeep,
    wallboard,
    workplace,
)
from web.settings import WebSettings
from web.wallboard import drawn
from workers.feed import Feed

THREADS = 12  # more would only wait for the one writer of SQLite, and each keeps a connection and a stack

ROUTERS = (
    sign_in.router,
    workplace.router,
    calls.router,
    call_consents.router,
    call_promises.router,
    outgoing.router,
    transfers.router,
    packets.router,
    appeals.router,
    appeal_work.router,
    appeal_end.router,
    appointments.router,
    appointments_booking.router,
    appointments_waiting.router,
    appointments_one.router,
    appointments_support.router,
    timetables.router,
    consultations.router,
    specialists.router,
    specialists_absences.router,
    dispositions.router,
    consultations_topics.router,
    families.router,
    merging.router,
    consents.router,
    consent_print.router,
    consent_texts.router,
    subjects.router,
    destructions.router,
    card_no_calls.router,
    cards.router,
    card_people.router,
    card_phones.router,
    card_statuses.router,
    card_needs.router,
    card_history.router,
    catalogues.router,
    journal_new.router,
    journal.router,
    registry.router,
    exports.router,
    imports.router,
    ratings.router,
    ratings_work.router,
    recording_rules.router,
    recordings.router,
    monitoring.router,
    reports.router,
    service_report.router,
    wallboard.router,
    upkeep.router,
    measures.router,
    segments.router,
    training.router,
    missed_new.router,
    missed.router,
    missed_handover.router,
    missed_terms.router,
    tips_new.router,
    tips.router,
    tips_work.router,
    dialling_list.router,
    dialling.router,
    campaigns_work.router,
    campaigns_coverage.router,
    campaigns_drafts.router,
    campaigns.router,
    dialling_settings.router,
    settings.router,
    calendar_page.router,
    calendar_forms.router,
    lines.router,
    lines_voice.router,
    speech_phrases.router,
    speech.router,
    system.router,
    audit.router,
    roles.router,
    prints.router,
    me.router,
    phone.router,
    live.router,
)


class BuiltFiles(StaticFiles):
    """Files under hashed names: whoever has one need never ask again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept for a year."""
        response = await super().get_response(path, scope)
        if response.status_code in (200, 304):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create_app(settings: WebSettings | None = None, desk: Desk | None = None) -> FastAPI:
    """The pages. Without `settings` they come from the environment; `desk` is for tests that bring their own parts."""
    settings = settings or (desk.settings if desk else load(WebSettings))
    desk = desk or Desk(settings, open_database(settings), Feed(settings.redis_address()))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        yield
        desk.close()

    app = FastAPI(title="family-dispatch", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.desk = desk
    app.state.streams = live.Streams()
    app.state.board_hub = Hub(desk.feed, partial(drawn, desk))
    for router in ROUTERS:
        app.include_router(router)
    static = Path(__file__).parent / "static"
    app.mount("/static/build", BuiltFiles(directory=static / "build", check_dir=False), name="build")
    app.mount("/static", StaticFiles(directory=static, check_dir=False), name="static")
    _answer_errors(app)
    app.add_middleware(Guard, settings=settings, page=lambda status, error_id: error_page(desk, status, error_id))
    return app


def _answer_errors(app: FastAPI) -> None:
    """Every refusal as a page for people or a bare status for scripts, in the same words whatever the reason (B61)."""

    def answer(request: Request, status: int) -> Response:
        if request.url.path.endswith("/live") or "json" in request.headers.get("accept", ""):
            return JSONResponse({}, status_code=status)
        return HTMLResponse(error_page(desk_of(request), status), status_code=status)

    @app.exception_handler(SignInNeeded)
    def sign_in_needed(request: Request, _error: Exception) -> Response:
        if request.headers.get("hx-request") == "true":
            return Response(status_code=401, headers={"HX-Redirect": "/login"})
        wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        return RedirectResponse("/login", status_code=303) if wants_page else answer(request, 401)

    @app.exception_handler(Forbidden)
    def forbidden(request: Request, _error: Exception) -> Response:
        return answer(request, 403)

    @app.exception_handler(NotFound)
    def not_found(request: Request, _error: Exception) -> Response:
        return answer(request, 404)

    @app.exception_handler(RecordsError)
    def refused(request: Request, _error: Exception) -> Response:
        return answer(request, 409)

    @app.exception_handler(BadForm)
    def bad_form(request: Request, _error: Exception) -> Response:
        return answer(request, 422)

    @app.exception_handler(RequestValidationError)
    def bad_address(request: Request, _error: Exception) -> Response:
        return answer(request, 404)

    @app.exception_handler(OperationalError)
    def database_away(request: Request, _error: Exception) -> Response:
        return answer(request, 503)

    @app.exception_handler(HTTPException)
    def other(request: Request, error: Exception) -> Response:
        return answer(request, error.status_code if isinstance(error, HTTPException) else 400)
