"""What a family was told of, as the paper for the subject of the data says it."""

from crm.consents.grounds import CALLS_GROUND
from crm.consents.holdings import Holding, of_families
from crm.measures.tables import FamilyTold

TOLD = Holding(
    FamilyTold,
    "О чём сообщили семье",
    of_families(FamilyTold.family_id),
    {"at": "Когда", "outcome": "Чем кончилось", "note": "Пояснение"},
    {"note": ""},
    kept=CALLS_GROUND,
    silent=("topic", "channel", "counted_as"),
)
