"""What ratings hold on a person."""

from crm.consents.grounds import JOURNAL_GROUND
from crm.consents.holdings import Holding, of_entries
from crm.ratings.tables import Rating

RATING = Holding(
    Rating,
    "Оценки",
    of_entries(Rating.entry_id),
    {"given_at": "Когда", "outcome": "Ответ", "score": "Балл", "channel": "Как получена", "reason": "Пояснение"},
    kept=JOURNAL_GROUND,
    silent=("created_at",),
)
