"""Whether a family knows by now what a campaign would tell it, or does not want it: said in another talk since then
(A-18: nobody is told twice, and what was refused is not offered again).
"""

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, literal

from crm.campaigns.kinds import MEASURE, SERVICE
from crm.campaigns.tables import Campaign, CampaignTarget
from crm.measures.tables import FamilyTold

_TOPIC = case(
    (
        and_(Campaign.kind == MEASURE, Campaign.measure_id.is_not(None)),
        literal("measure-").concat(cast(Campaign.measure_id, String)),
    ),
    (Campaign.kind == SERVICE, literal("service-").concat(cast(Campaign.service_id, String))),
    else_=literal("campaign-").concat(cast(Campaign.id, String)),
)
"""`kinds.topic_of`, for statements."""


def known_otherwise() -> ColumnElement[bool]:
    """The condition on `Campaign` and `CampaignTarget`: the family was told of it, but not by this call."""
    return exists().where(
        FamilyTold.family_id == CampaignTarget.family_id,
        FamilyTold.topic == _TOPIC,
        FamilyTold.target_id.is_distinct_from(CampaignTarget.id),
    )
