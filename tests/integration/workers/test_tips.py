"""The housekeeper looks after families of whom we were told and whom nobody reached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.db import Database
from crm.tips.tables import Tip
from tests.integration.crm.tips import tipped as t
from tests.support.records import demo_records
from tests.support.valkey import TemporaryValkey
from workers.feed import Feed, NoticeKind
from workers.housekeeping import Housekeeping


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = demo_records(tmp_path / "records.db", "a-key-for-tests-only-0123456789abcdef", t.TEN)
    yield opened
    opened.dispose()


def test_after_the_time_to_be_reached_the_head_is_told(
    database: Database, tmp_path: Path, valkey: TemporaryValkey
) -> None:
    with database.transaction() as session:
        t.clear(session)
        tip_id = t.told(session).id
    feed, told = Feed(valkey.url), []
    keeper = Housekeeping(database, feed, tmp_path / "anchors", tmp_path / "exports")
    feed.publish = told.extend  # type: ignore[method-assign]
    keeper.run(t.TEN + timedelta(minutes=30))
    assert NoticeKind.TIP not in [one.kind for one in told]
    keeper.run(t.TEN + timedelta(minutes=181))
    keeper.run(t.TEN + timedelta(minutes=190))
    assert [one.kind for one in told].count(NoticeKind.TIP) == 1
    with database.reading() as session:
        assert session.scalars(select(Tip.head_why).where(Tip.id == tip_id)).one() == "late"
