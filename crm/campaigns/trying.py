"""A dry run that a page asks for and a worker makes: the campaign's row keeps the last one, and how far it is.

Families are counted as whoever asked may see them, and shown to nobody else.
"""

import logging
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.campaigns.access import fetch_campaign
from crm.campaigns.dry_run import DryRun, dry_run
from crm.campaigns.tables import DRAFT, Campaign
from crm.db import Database
from crm.errors import RecordsError
from crm.staff import Employee

ASKED, READY, FAILED = "asked", "ready", "failed"
log = logging.getLogger(__name__)


def ask(session: Session, campaign_id: int, employee: Employee, at: datetime, *, ip: str = "") -> Campaign:
    """Have it made. One that is under way for the same person goes on. Raises NotFound, RecordsError."""
    row = fetch_campaign(session, campaign_id, employee, lock=True)
    if row.state != DRAFT:
        raise RecordsError("Пробный прогон делают до запуска: эта кампания уже запущена.")
    row.dry_run_asked_at, row.dry_run_by_id = at, employee.id
    row.dry_run = {"state": ASKED, "done": 0, "total": 0}
    write(session, Actor.of(employee, ip), "campaign.dry_run", subject="campaign", subject_id=row.id, at=at)
    return row


def waiting(session: Session) -> list[int]:
    """Campaigns whose dry run is to be made."""
    asked = select(Campaign.id).where(Campaign.dry_run_asked_at.is_not(None)).order_by(Campaign.dry_run_asked_at)
    return list(session.scalars(asked))


def make(database: Database, campaign_id: int, at: datetime, *, mode: Literal["demo", "live"]) -> None:
    """Make the dry run that was asked for, telling its progress in the row."""
    with database.reading() as session:
        campaign = session.get(Campaign, campaign_id)
        employee = session.get(Employee, campaign.dry_run_by_id or 0) if campaign is not None else None
        if campaign is None or employee is None or campaign.dry_run_asked_at is None:
            return
        asked_at, version = campaign.dry_run_asked_at, campaign.version

        def tell(done: int, total: int) -> None:
            _keep(database, campaign_id, asked_at, {"state": ASKED, "done": done, "total": total})

        try:
            found = dry_run(session, campaign, employee, at, mode=mode, on_progress=tell)
        except OperationalError:
            raise  # the database is away: it is made anew when it is back
        except Exception as error:
            log.error("dry run of campaign %s failed: %s", campaign_id, type(error).__name__)
            _keep(database, campaign_id, asked_at, {"state": FAILED}, done=True)
            return
    kept = {"state": READY, "at": at.isoformat(), "version": version, "result": found.to_json()}
    _keep(database, campaign_id, asked_at, kept, done=True)


def _keep(
    database: Database, campaign_id: int, asked_at: datetime, kept: dict[str, Any], *, done: bool = False
) -> None:
    with database.transaction() as session:
        row = session.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
        if row is not None and row.dry_run_asked_at == asked_at:  # else somebody has asked anew
            row.dry_run = kept
            if done:
                row.dry_run_asked_at = None


def kept_by(campaign: Campaign, viewer: Employee) -> dict[str, Any]:
    """What the row keeps for this person; {} where nothing was asked, or somebody else has asked."""
    return dict(campaign.dry_run) if campaign.dry_run_by_id == viewer.id else {}


def result_of(campaign: Campaign, viewer: Employee) -> DryRun | None:
    """The finished dry run of the draft as it is now; None where it has changed since, or is not hers."""
    kept = kept_by(campaign, viewer)
    if kept.get("state") != READY or kept.get("version") != campaign.version:
        return None
    return DryRun.from_json(kept["result"])
