"""What «Перезвонить» holds on those who did not get through."""

from sqlalchemy import select

from crm.consents.grounds import CALLS_GROUND
from crm.consents.holdings import Holding, of_either
from crm.missed.tables import MissedAttempt, MissedCall

MISSED = Holding(
    MissedCall,
    "Пропущенные звонки",
    of_either(MissedCall.person_id, MissedCall.family_id),
    {
        "first_at": "Первый звонок",
        "last_at": "Последний звонок",
        "times": "Сколько раз",
        "number": "Номер",
        "caller_name": "Кто звонил",
        "note": "О чём",
        "promised_for": "Обещано перезвонить",
        "promise_note": "О чём договорились",
        "closed_at": "Закрыто",
        "closed_note": "Пояснение",
    },
    {"caller_name": "", "note": "", "promise_note": "", "closed_note": ""},
    kept=CALLS_GROUND,
    silent=(
        "number_certain",
        "source",
        "due_at",
        "reasons",
        "claimed_at",
        "closed_how",
        "closed_reason",
        "open_key",
        "created_at",
        "version",
    ),
)

ATTEMPT = Holding(
    MissedAttempt,
    "Попытки перезвонить",
    lambda subject: MissedAttempt.missed_id.in_(
        select(MissedCall.id).where(of_either(MissedCall.person_id, MissedCall.family_id)(subject))
    ),
    {"at": "Когда", "result": "Чем кончилась", "note": "Пояснение"},
    {"note": ""},
    kept=CALLS_GROUND,
    silent=("form_key",),
)
