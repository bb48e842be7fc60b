"""What transfers hold on a caller."""

from crm.consents.grounds import CALLS_GROUND
from crm.consents.holdings import Holding, of_calls
from crm.transfers.tables import Transfer

TRANSFER = Holding(
    Transfer,
    "Переводы звонков специалистам",
    of_calls(Transfer.call_id),
    {"asked_at": "Когда", "packet": "Что передано специалисту", "answered_at": "Специалист ответил"},
    {"packet": ""},
    kept=CALLS_GROUND,
    silent=(
        "kind",
        "state",
        "reason",
        "from_extension",
        "to_extension",
        "to_number",
        "wish",
        "wish_sent_at",
        "answer",
        "answered_by_packet_at",
        "leg",
        "sent_at",
        "ringing_at",
        "ended_at",
        "version",
    ),
)
