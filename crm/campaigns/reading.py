"""What the pages show of campaigns: the list, one with its counts and families, as the viewer may see them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.campaigns import texts
from crm.campaigns.access import fetch_campaign, seen_targets, services_seen
from crm.campaigns.kinds import TO_COME
from crm.campaigns.outcomes import TARGET_STATES
from crm.campaigns.tables import Campaign, CampaignTarget, CampaignText
from crm.family_tables import Family, Person
from crm.institution import Service
from crm.measures.tables import SupportMeasure
from crm.segments import conditions, lists
from crm.staff import Employee
from crm.visibility import seen_by

PAGE = 50


@dataclass(frozen=True)
class Row:
    """One campaign of the list. `counts`: families by state, as far as the viewer may see them."""

    campaign: Campaign
    service: Service
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All its families."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """Those that nobody calls any more."""
        return self.total - sum(self.counts.get(one, 0) for one in TO_COME)


@dataclass(frozen=True)
class Whole:
    """One campaign with all that stands on its page. `segment`: its families in one sentence."""

    row: Row
    measure: SupportMeasure | None
    text: CampaignText | None
    versions: Sequence[CampaignText]
    segment: str
    created_by: Employee | None
    launched_by: Employee | None


@dataclass(frozen=True)
class TargetLine:
    """One family of a campaign."""

    target: CampaignTarget
    family: Family
    person: Person | None
    who: Employee | None


def listed(session: Session, viewer: Employee, limit: int = 100) -> list[Row]:
    """Campaigns that this person sees, those under way first, then the newest."""
    under_way = Campaign.state.in_(("running", "paused", "draft"))
    seen = select(Campaign).where(Campaign.service_id.in_(services_seen(session, viewer)))
    rows = session.scalars(seen.order_by(under_way.desc(), Campaign.id.desc()).limit(limit)).all()
    counts = _counts(session, [row.id for row in rows], viewer)
    return [Row(row, session.get_one(Service, row.service_id), counts.get(row.id, Counter())) for row in rows]


def whole(session: Session, campaign_id: int, viewer: Employee) -> Whole:
    """Return one campaign. Raises NotFound."""
    campaign = fetch_campaign(session, campaign_id, viewer)
    counts = _counts(session, [campaign.id], viewer).get(campaign.id, Counter())
    asked = conditions.from_json(campaign.conditions)
    return Whole(
        Row(campaign, session.get_one(Service, campaign.service_id), counts),
        session.get(SupportMeasure, campaign.measure_id) if campaign.measure_id else None,
        texts.current(session, campaign.id),
        texts.versions(session, campaign.id),
        conditions.sentence(asked, lists.titles(session)),
        session.get(Employee, campaign.created_by_id) if campaign.created_by_id else None,
        session.get(Employee, campaign.launched_by_id) if campaign.launched_by_id else None,
    )


def targets(
    session: Session,
    campaign_id: int,
    viewer: Employee,
    at: datetime,
    *,
    state: str = "",
    first: int = 0,
    ip: str = "",
) -> list[TargetLine]:
    """Families of the campaign in the order of the calls, a page at a time; noted in the log. Raises NotFound."""
    campaign = fetch_campaign(session, campaign_id, viewer)
    asked = (
        select(CampaignTarget, Family, Person, Employee)
        .join(Family, Family.id == CampaignTarget.family_id)
        .outerjoin(Person, Person.id == CampaignTarget.person_id)
        .outerjoin(Employee, Employee.id == CampaignTarget.employee_id)
        .where(CampaignTarget.campaign_id == campaign.id, seen_by(viewer))
    )
    if state in TARGET_STATES:
        asked = asked.where(CampaignTarget.state == state)
    rows = session.execute(asked.order_by(CampaignTarget.id).offset(first).limit(PAGE)).all()
    write(session, Actor.of(viewer, ip), "campaign.families", subject="campaign", subject_id=campaign.id,
          details={"count": len(rows)}, at=at)  # fmt: skip
    return [TargetLine(target, family, person, who) for target, family, person, who in rows]


def named(session: Session, family_ids: Collection[int], viewer: Employee) -> dict[int, Family]:
    """These families by id, as far as the viewer may see them."""
    found = select(Family).where(Family.id.in_(family_ids), seen_by(viewer))
    return {family.id: family for family in session.scalars(found)}


def _counts(session: Session, campaign_ids: Sequence[int], viewer: Employee) -> dict[int, Counter[str]]:
    counted = (
        select(CampaignTarget.campaign_id, CampaignTarget.state, func.count())
        .where(CampaignTarget.campaign_id.in_(campaign_ids), seen_targets(viewer))
        .group_by(CampaignTarget.campaign_id, CampaignTarget.state)
    )
    found: dict[int, Counter[str]] = {}
    for campaign_id, state, count in session.execute(counted):
        found.setdefault(campaign_id, Counter())[state] = count
    return found
