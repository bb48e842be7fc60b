"""Desks and pages for tests that need many of them: what every desk has alike is made once per process."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.routing import APIRouter
from jinja2 import Environment

from crm.db import open_database
from web.app import create_app
from web.desk import Desk
from web.settings import WebSettings
from workers.feed import Feed

# Templates hold neither settings nor records, and routes find their desk in the application that was asked. Compiling
# the ones and looking through the others was most of what a page cost a test.
_templates: list[Environment] = []
_routes: list[APIRouter] = []


def desk_over(settings: WebSettings) -> Desk:
    """A desk over the records that these settings name; to be closed by whoever asked for it."""
    desk = Desk(settings, open_database(settings), Feed(settings.redis_address()))
    if not _templates:
        _templates.append(desk.templates)
    desk.templates = _templates[0]
    return desk


def pages_over(desk: Desk) -> FastAPI:
    """The pages as `create_app` makes them, for a client without a server: nothing starts or ends with them."""
    app = create_app(desk=desk)
    if not _routes:
        _routes.append(app.router)
    app.router = _routes[0]
    return app
