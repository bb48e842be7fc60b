"""From a draft to a campaign that calls: its families are written down once, in bulk (A-18).

Who they are is found while nobody is kept waiting; one short transaction then writes them and starts the campaign.
"""

from collections import Counter
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel
from crm.audit import Actor, write
from crm.campaigns import dry_run, trying
from crm.campaigns.access import fetch_campaign
from crm.campaigns.sorting import Candidate
from crm.campaigns.tables import DRAFT, RUNNING, WAITING, Campaign, CampaignTarget
from crm.consents.rules import local_date
from crm.db import Database
from crm.errors import RecordsError, StaleVersion
from crm.staff import Employee

AT_ONCE = 1000
NOT_TRIED = "Сначала сделайте пробный прогон: кому, когда и кто позвонит."
_CHANGED = "Кампания изменена после пробного прогона. Сделайте его ещё раз."


def launch(
    database: Database,
    campaign_id: int,
    version: int,
    employee: Employee,
    at: datetime,
    *,
    mode: Literal["demo", "live"],
    ip: str = "",
) -> Campaign:
    """Start the draft of which she has seen the dry run as `version`. Launched twice it is launched once.

    Raises NotFound, StaleVersion, RecordsError with what forbids it.
    """
    with database.reading() as session:
        campaign = fetch_campaign(session, campaign_id, employee)
        if campaign.state == RUNNING and campaign.launched_by_id == employee.id:
            return campaign
        _check(session, campaign, version, employee, at)
        found = list(dry_run.selected(session, campaign, employee, at, mode))
    called = [(one, placed) for one, placed in found if isinstance(placed, Channel)]
    left_out = Counter(placed.value for _, placed in found if not isinstance(placed, Channel))
    if not called:
        raise RecordsError("По этим условиям звонить некому.")
    with database.transaction() as session:
        campaign = fetch_campaign(session, campaign_id, employee, lock=True)
        if campaign.state == RUNNING:
            return campaign
        _check(session, campaign, version, employee, at)
        put_in(session, campaign, called, at)
        campaign.state, campaign.state_at, campaign.state_reason = RUNNING, at, ""
        campaign.launched_at, campaign.launched_by_id = at, employee.id
        campaign.left_out = dict(left_out)
        campaign.counted_on = local_date(session, at)
        campaign.version += 1
        details = {"families": len(called)}
        write(session, Actor.of(employee, ip), "campaign.launch", subject="campaign", subject_id=campaign.id,
              details=details, at=at)  # fmt: skip
        return campaign


def put_in(session: Session, campaign: Campaign, called: list[tuple[Candidate, Channel]], at: datetime) -> None:
    """Write these families down; one that is in the campaign already stays as it is."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(CampaignTarget).on_conflict_do_nothing(index_elements=["campaign_id", "counted_as"])
    rows: list[dict[str, Any]] = [
        {
            "campaign_id": campaign.id,
            "family_id": one.family_id,
            "counted_as": one.family_id,
            "person_id": one.person_id,
            "phone_id": one.phone_id,
            "channel": placed.value,
            "state": WAITING,
            "state_at": at,
            "why": "",
            "note": "",
            "added_at": at,
        }
        for one, placed in called
    ]
    for start in range(0, len(rows), AT_ONCE):
        session.connection().execute(statement, rows[start : start + AT_ONCE])


def _check(session: Session, campaign: Campaign, version: int, employee: Employee, at: datetime) -> None:
    if campaign.state != DRAFT:
        raise RecordsError("Кампания уже запущена.")
    if campaign.version != version:
        raise StaleVersion({}, campaign.version)
    if not trying.kept_by(campaign, employee):
        raise RecordsError(NOT_TRIED)
    if trying.result_of(campaign, employee) is None:
        raise RecordsError(_CHANGED)
    if found := list(dry_run.blocks(session, campaign, at)):
        raise RecordsError(" ".join(found))
