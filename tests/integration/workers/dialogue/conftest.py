"""The runner of dialogues over the demo's records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.db import Database
from tests.integration.workers.dialogue.talking import KEY
from tests.support.records import demo_records
from workers.dialogue.handler import Dialogue
from workers.settings import ServiceSettings


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = demo_records(tmp_path / "records.db", KEY)
    yield database
    database.dispose()


@pytest.fixture
def dialogue(database: Database, tmp_path: Path) -> Iterator[Dialogue]:
    settings = ServiceSettings(data_dir=tmp_path, secret_key=KEY, _env_file=None)  # type: ignore[call-arg]
    dialogue = Dialogue(database, settings)
    yield dialogue
    dialogue.close()
