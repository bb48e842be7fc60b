"""What the ticker does for campaigns in its minute: families are planned, outcomes settled, days over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from callflow.dialler import window
from callflow.dialler.states import TaskState
from crm.campaigns import trying
from crm.campaigns.tables import DONE, Campaign, CampaignTarget
from crm.db import Database
from crm.demo.campaigns import FORM_KEYS
from crm.dialler.tables import DialSubject, DialTask
from crm.staff import by_login
from tests.support.open_window import always
from tests.support.records import demo_records
from workers import papers
from workers.dialler.planner import Planner

KEY = "a-key-for-tests-only-0123456789abcdef"


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(window, "spans", always)
    database = demo_records(tmp_path / "records.db", KEY)
    yield database
    database.dispose()


def the(database: Database, key: str) -> Campaign:
    with database.reading() as session:
        return session.scalars(select(Campaign).where(Campaign.form_key == key)).one()


def test_a_minute_of_the_ticker(records: Database) -> None:
    going = the(records, FORM_KEYS[1])
    planner, stopping = Planner(records, "demo"), threading.Event()
    for _ in range(2):
        planner.plan(stopping)
    with records.transaction() as session:
        mine = select(DialTask).join(DialSubject).join(CampaignTarget).where(CampaignTarget.campaign_id == going.id)
        tasks = session.scalars(mine).all()
        assert len(tasks) >= 5
        for task in tasks:
            task.state = TaskState.DELIVERED.value
    planner.plan(stopping)
    with records.reading() as session:
        states = set(session.scalars(select(CampaignTarget.state).where(CampaignTarget.campaign_id == going.id)))
        assert not states & {"planned", "waiting"}
        assert session.get_one(Campaign, going.id).state in ("running", DONE)
    planner.plan(stopping)
    assert the(records, FORM_KEYS[1]).state == DONE


def test_a_campaign_past_its_last_day_is_done(records: Database) -> None:
    going = the(records, FORM_KEYS[1])
    with records.transaction() as session:
        over = datetime.now(UTC).date() - timedelta(days=3)
        session.execute(update(Campaign).where(Campaign.id == going.id).values(ends_on=over))
    Planner(records, "demo").plan(threading.Event())
    assert the(records, FORM_KEYS[1]).state == DONE


def test_the_maker_of_papers_makes_dry_runs(records: Database, tmp_path: Path) -> None:
    draft = the(records, FORM_KEYS[2])
    with records.transaction() as session:
        head = by_login(session, "roshchina")
        assert head is not None
        trying.ask(session, draft.id, head, datetime.now(UTC))
    papers.work(records, tmp_path, "demo")
    with records.reading() as session:
        row = session.get_one(Campaign, draft.id)
        found = trying.result_of(row, head)
        assert found is not None
        assert found.called > 5
        assert row.dry_run_asked_at is None
