"""What a campaign holds on a family that it called."""

from crm.campaigns.tables import CampaignTarget
from crm.consents.grounds import CALLS_GROUND
from crm.consents.holdings import Holding, of_either

TARGET = Holding(
    CampaignTarget,
    "Проактивные звонки",
    of_either(CampaignTarget.person_id, CampaignTarget.family_id),
    {"added_at": "Внесено", "why": "Почему", "state_at": "Итог когда", "note": "Пояснение", "call_at": "Просили в"},
    {"why": "", "note": ""},
    kept=CALLS_GROUND,
    silent=("channel", "state", "text_version", "counted_as"),
)
