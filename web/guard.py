"""The outermost door of the pages: host, size, origin, headers, and errors without a word about our insides.

A plain ASGI middleware, so that it stands around everything, unknown addresses and failures included.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
import traceback
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.settings import WebSettings

MAX_BODY = 512 * 1024  # the longest form is an appeal of some pages
BODY_SECONDS = 10.0  # a form that takes longer to arrive is no form
SAFE = frozenset({"GET", "HEAD"})
METHODS = SAFE | {"POST"}
FORM = "application/x-www-form-urlencoded"
UPLOAD = "multipart/form-data"
UPLOAD_PATHS = frozenset({"/imports", "/exports/verify", "/settings/speech/phrases"})
"""Nowhere else is a file taken (reliability.md S28)."""
MAX_UPLOAD = 64 * 1024 * 1024  # what is read at all; what is kept is bounded by `web.uploads.one_file`
UPLOAD_SECONDS = 300.0
UPLOAD_PAUSE_SECONDS = 10.0

log = logging.getLogger("web.guard")
Page = Callable[[int, str], str]


class Refused(Exception):
    """A request that goes no further; the status is all that the sender learns."""

    def __init__(self, status: int) -> None:
        self.status = status


class Guard:
    """Wraps the application. `page(status, error_id)` renders the error page."""

    def __init__(self, app: ASGIApp, settings: WebSettings, page: Page) -> None:
        self.app = app
        self.page = page
        self.hosts = settings.hosts
        self.headers = security_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, pass on, and put the headers on whatever comes back."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":  # we have none: the phone talks to the exchange
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self.app(scope, receive, send)
            return
        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.update(self.headers)
                if not (scope["path"].startswith("/static/build/") and message["status"] in (200, 304)):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        try:
            self._check(scope)
            await self.app(scope, await _bounded(scope, receive), with_headers)
        except Refused as refused:
            await self._answer(refused.status, "", with_headers)
        except Exception as error:
            error_id = secrets.token_hex(4)
            _log_failure(error_id, error)
            if started:
                raise
            await self._answer(500, error_id, with_headers)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host not in self.hosts:
            raise Refused(400)
        if scope["method"] not in METHODS:
            raise Refused(405)
        if scope["method"] in SAFE:
            return
        if not _same_origin(headers, host):
            log.warning("refused: a foreign page sent a form to %s", _route_only(scope["path"]))
            raise Refused(403)
        if _content_type(headers) != FORM and not _is_upload(scope):
            raise Refused(415 if headers.get("sec-fetch-site") == "same-origin" else 403)

    async def _answer(self, status: int, error_id: str, send: Send) -> None:
        body = self.page(status, error_id).encode()
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        if error_id:
            headers.append((b"x-error-id", error_id.encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def security_headers(settings: WebSettings) -> dict[str, str]:
    """What every answer carries (reliability.md S2–S4): nothing inline, nothing from elsewhere, nobody frames us."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "media-src": "'self'",
        "connect-src": f"'self' {settings.phone_origin}",
        "form-action": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), speaker-selection=(self), camera=(), geolocation=(), payment=()",
    }
    if settings.https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def _same_origin(headers: Headers, host: str) -> bool:
    """Whether our own page sent this form. Browsers that send no Sec-Fetch-Site (plain http, old ones) send Origin.

    Under `Referrer-Policy: no-referrer` a plain form's Origin is «null» (Fetch standard, 3.2): it names nobody, and the
    form's own token then decides alone.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and (origin == "null" or urlsplit(origin).netloc.lower() == host)


async def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Read the body of a form here, at most so much and so long; the rest sees it whole (reliability.md B60, B65)."""
    if scope["method"] in SAFE:
        return receive
    upload = _is_upload(scope)
    declared = Headers(scope=scope).get("content-length", "0")
    if not declared.isdecimal() or len(declared) > 15 or int(declared) > (MAX_UPLOAD if upload else MAX_BODY):
        raise Refused(413)
    if upload:
        return _paced(receive)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > MAX_BODY:
                    raise Refused(413)
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise Refused(408) from None
    whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return replay


def _paced(receive: Receive) -> Receive:
    """A file is passed on as it comes, at most so much, and refused when the sender dawdles (reliability.md B65)."""
    ends = time.monotonic() + UPLOAD_SECONDS
    size = 0

    async def bounded() -> Message:
        nonlocal size
        try:
            async with asyncio.timeout(min(UPLOAD_PAUSE_SECONDS, max(0.0, ends - time.monotonic()))):
                message = await receive()
        except TimeoutError:
            raise Refused(408) from None
        size += len(message.get("body", b""))
        if size > MAX_UPLOAD:
            raise Refused(413)
        return message

    return bounded


def _is_upload(scope: Scope) -> bool:
    return scope["path"] in UPLOAD_PATHS and _content_type(Headers(scope=scope)) == UPLOAD


def _content_type(headers: Headers) -> str:
    return headers.get("content-type", FORM).split(";")[0].strip().lower()


def _route_only(path: str) -> str:
    """The path for the log: digits are ids, the rest of an unknown path may be anything."""
    return "/".join(part if part.isascii() and part.isalnum() else "…" for part in path.split("/"))[:80]


def _log_failure(error_id: str, error: Exception) -> None:
    """Kind of error and places in the code; no message, which may quote a family's data (reliability.md S18)."""
    places = "; ".join(
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    )
    log.error("error %s: %s at %s", error_id, type(error).__name__, places)
