"""The pages with an empty database: enough for everything that stands before the records."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from crm.db import open_database
from crm.models import Base
from web.app import create_app
from web.desk import Desk
from web.settings import WebSettings
from workers.feed import Feed


@pytest.fixture
def settings(tmp_path: Path) -> WebSettings:
    """Demo settings in a folder of their own."""
    return WebSettings(data_dir=tmp_path, secret_key="0123456789abcdef" * 4, _env_file=None)


@pytest.fixture
def app(settings: WebSettings) -> Iterator[FastAPI]:
    """The application over empty tables."""
    desk = Desk(settings, open_database(settings), Feed(settings.redis_address()))
    Base.metadata.create_all(desk.database.engine)
    yield create_app(desk=desk)
    desk.close()
