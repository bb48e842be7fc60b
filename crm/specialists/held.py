"""What consultations hold on a person."""

from crm.consents.grounds import JOURNAL_GROUND
from crm.consents.holdings import Holding, of_entries
from crm.specialists.tables import Consultation

CONSULTATION = Holding(
    Consultation,
    "Консультации",
    of_entries(Consultation.entry_id),
    {
        "at": "Когда",
        "kind": "Чем закончилась",
        "answer": "Что отвечено",
        "channel": "Способ",
        "remote_told": "О дистанционном формате рассказано",
    },
    kept=JOURNAL_GROUND,
)
