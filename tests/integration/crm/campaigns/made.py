"""Campaigns of the invented town, for tests: a draft, its dry run, its launch, and a day of calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.campaigns import editing, launching, planning, trying
from crm.campaigns.dry_run import DryRun
from crm.campaigns.editing import Wanted
from crm.campaigns.tables import Campaign, CampaignTarget
from crm.db import Database
from crm.demo.campaigns import FORM_KEYS
from crm.dialler.tables import DialSubject, DialTask
from tests.integration.crm.scenario import NOON, employee

AFTERNOON = NOON + timedelta(hours=1, minutes=30)
"""Thursday, 13:30 in Moscow: the window of calls is open till 18:00."""
FRIDAY = NOON + timedelta(hours=21, minutes=30)
"""9:30 in Moscow."""
TEXT = "Мы сообщаем о встрече семей в субботу. Проверить звонок можно по номеру {номер}."
WANTED = Wanted(
    service_id=1,
    title="Встреча семей",
    kind="free",
    text=TEXT,
    starts_on=NOON.date(),
    ends_on=NOON.date() + timedelta(days=20),
    per_day=5,
)
LARGE = [{"kind": "status", "code": "многодетная", "proof": "any"}]


def drafted(town: Database, at: datetime = AFTERNOON, **values: Any) -> int:
    """A draft of the head's; its id."""
    with town.transaction() as session:
        demos = update(Campaign).where(Campaign.form_key.in_(FORM_KEYS))
        session.execute(demos.values(state="done"))  # those of the demo stand aside
        return editing.create(session, replace(WANTED, **values), employee(session, "roshchina"), at).id


def tried(town: Database, campaign_id: int, at: datetime = AFTERNOON) -> DryRun:
    """Its dry run, made as a worker makes it."""
    with town.transaction() as session:
        trying.ask(session, campaign_id, employee(session, "roshchina"), at)
    trying.make(town, campaign_id, at, mode="demo")
    with town.reading() as session:
        campaign = session.get_one(Campaign, campaign_id)
        found = trying.result_of(campaign, employee(session, "roshchina"))
    assert found is not None
    return found


def launched(town: Database, at: datetime = AFTERNOON, **values: Any) -> int:
    """A running campaign; its id."""
    campaign_id = drafted(town, at, **values)
    tried(town, campaign_id, at)
    with town.reading() as session:
        head, version = employee(session, "roshchina"), session.get_one(Campaign, campaign_id).version
    launching.launch(town, campaign_id, version, head, at, mode="demo")
    return campaign_id


def plan(town: Database, at: datetime = AFTERNOON) -> None:
    """What the ticker does in its minute."""
    while True:
        with town.transaction() as session:
            if not planning.plan(session, at, mode="demo"):
                return


def tasks(session: Session, campaign_id: int) -> list[DialTask]:
    """The tasks of a campaign in the order of the plan."""
    mine = (
        select(DialTask)
        .join(DialSubject, DialSubject.task_id == DialTask.id)
        .join(CampaignTarget, CampaignTarget.id == DialSubject.target_id)
        .where(CampaignTarget.campaign_id == campaign_id)
    )
    return list(session.scalars(mine.order_by(DialTask.id)))


def targets(session: Session, campaign_id: int) -> dict[int, CampaignTarget]:
    """The families of a campaign by family."""
    rows = select(CampaignTarget).where(CampaignTarget.campaign_id == campaign_id)
    return {row.family_id: row for row in session.scalars(rows)}
