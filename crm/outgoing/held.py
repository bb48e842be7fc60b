"""What calls that an operator makes hold on whom she called."""

from crm.consents.grounds import CALLS_GROUND
from crm.consents.holdings import Holding, of_either
from crm.outgoing.tables import OutgoingCall

OUTGOING = Holding(
    OutgoingCall,
    "Звонки по заказу сотрудника",
    of_either(OutgoingCall.person_id, OutgoingCall.family_id),
    {
        "requested_at": "Когда",
        "number": "Номер",
        "purpose": "Зачем",
        "reason": "Почему в неудобное время",
        "result": "Итог",
        "ended_at": "Закончен",
    },
    {"purpose": "", "reason": ""},
    kept=CALLS_GROUND,
    silent=(
        "channel_id",
        "extension",
        "shown_number",
        "state",
        "live",
        "placed_at",
        "changed_at",
        "hangup_asked_at",
        "hangup_done_at",
    ),
)
