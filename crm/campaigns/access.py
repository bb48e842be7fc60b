"""Who sees a campaign: whoever answers for its service; the director and heads without a service of their own see all.

Of its families only those whose cards the viewer may see are named or counted (`crm.visibility`).
"""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from crm import institution
from crm.base import MAX_ID
from crm.campaigns.tables import Campaign, CampaignTarget
from crm.errors import NotFound
from crm.missed.access import services_of
from crm.staff import Employee, Role
from crm.visibility import family_seen_by

NOT_THERE = "Такой кампании нет."


def services_seen(session: Session, viewer: Employee) -> tuple[int, ...]:
    """The services whose campaigns this person sees."""
    if viewer.active and viewer.role == Role.DIRECTOR:
        return tuple(service.id for service in institution.services(session))
    return services_of(session, viewer)


def fetch_campaign(session: Session, campaign_id: int, viewer: Employee, *, lock: bool = False) -> Campaign:
    """Return the campaign; with `lock` it is ours until the transaction ends. Raises NotFound."""
    if not 1 <= campaign_id <= MAX_ID:
        raise NotFound(NOT_THERE)
    wanted = select(Campaign).where(Campaign.id == campaign_id, Campaign.service_id.in_(services_seen(session, viewer)))
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(wanted).one_or_none()
    if row is None:
        raise NotFound(NOT_THERE)
    return row


def seen_targets(viewer: Employee) -> ColumnElement[bool]:
    """The condition on `CampaignTarget` for lists and counts."""
    return family_seen_by(viewer, CampaignTarget.family_id)
