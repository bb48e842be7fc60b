"""The lookup leg tells the dialplan of a family that has refused recording once and for all; it writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import select

from crm.consents import giving
from crm.consents.tables import ConsentText
from crm.db import Database
from crm.recordings import reading, settings
from crm.staff import by_login
from tests.support.records import demo_records
from workers.agi_server import InboundLookup

KEY = "0123456789abcdef" * 4
KUZNETSOVA = "+79070000101"


class Channel:
    """The leg: what it knows and what it is told."""

    def __init__(self, number: str) -> None:
        self.given = {"SD_FROM": quote(f'"Anna" <sip:{number}@town>;tag=1')}
        self.told: dict[str, str] = {}

    def get_variable(self, name: str) -> str:
        return self.given.get(name, "")

    def set_variable(self, name: str, value: str) -> None:
        self.told[name] = value


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = demo_records(tmp_path / "records.db", KEY)
    yield opened
    opened.dispose()


def refuse(database: Database) -> None:
    with database.transaction() as session:
        lavrova = by_login(session, "lavrova")
        text = session.scalars(select(ConsentText.id).where(ConsentText.purpose == "recording")).one()
        assert lavrova is not None
        giving.refuse(session, reading.people_of(session, [1])[0], text, lavrova, datetime.now(UTC))


def turn_on(database: Database) -> None:
    with database.transaction() as session:
        director, today = by_login(session, "chernykh"), datetime.now(UTC).date()
        assert director is not None
        wanted = settings.Wanted("1", today, settings.FIRST_GROUND, settings.FIRST_NOTICE, 90)
        settings.propose(session, 1, wanted, director, datetime.now(UTC), version=1)


def told(database: Database, number: str) -> str:
    channel = Channel(number)
    InboundLookup(database)(channel)  # type: ignore[arg-type]
    return channel.told.get("SD_NORECORD", "")


def test_only_a_family_that_refused_is_told_of_and_only_where_talks_are_recorded(database: Database) -> None:
    assert told(database, KUZNETSOVA) == ""
    refuse(database)
    assert told(database, KUZNETSOVA) == "", "recording is off: nobody asks"
    turn_on(database)
    assert told(database, KUZNETSOVA) == "1"
    assert told(database, "+79070000301") == ""
    assert told(database, "anonymous") == ""
