"""The lookup leg: our software says that it lives only while the listener does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crm import heartbeat
from crm.db import Database
from tests.support.records import demo_records
from workers.agi_server import InboundLookup


class Channel:
    """What the lookup sets on its channel."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}

    def set_variable(self, name: str, value: str) -> None:
        self.variables[name] = value


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return demo_records(tmp_path / "records.db", "a-key-for-tests-only-0123456789abcdef")


@pytest.mark.parametrize(("silent_seconds", "said"), [(0, "1"), (8, "1"), (30, "0"), (None, "0")])
def test_the_dialplan_is_told_that_we_live_while_the_listener_beats(
    database: Database, silent_seconds: int | None, said: str
) -> None:
    if silent_seconds is not None:
        with database.transaction() as session:
            heartbeat.beat(session, "listener", datetime.now(UTC) - timedelta(seconds=silent_seconds))
    channel = Channel()
    InboundLookup(database)(channel)  # type: ignore[arg-type]
    assert channel.variables == {"SD_OK": said}


def test_the_lookup_waits_for_no_writer(database: Database) -> None:
    channel = Channel()
    with database.transaction() as session:
        heartbeat.beat(session, "listener", datetime.now(UTC))
    with database.transaction():
        InboundLookup(database)(channel)  # type: ignore[arg-type]
    assert channel.variables == {"SD_OK": "1"}
