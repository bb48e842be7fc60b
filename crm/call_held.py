"""What a call's row holds on the caller."""

from crm.call_tables import CallRecord
from crm.consents.grounds import CALLS_GROUND
from crm.consents.holdings import Holding, of_either

CALL = Holding(
    CallRecord,
    "Звонки",
    of_either(CallRecord.person_id, CallRecord.family_id),
    {
        "arrived_at": "Когда",
        "answered_at": "Ответили",
        "ended_at": "Закончен",
        "direction": "Направление",
        "caller_number": "Номер",
        "caller_name": "Имя в сети связи",
        "caller_note": "Пометка о номере",
        "disposition": "Чем закончился",
        "outcome": "Что выбрал звонивший",
        "callback_number": "Номер, оставленный для звонка",
    },
    {"caller_name": "", "caller_note": "", "callback_number": None},
    kept=CALLS_GROUND,
    silent=(
        "linkedid",
        "did",
        "state",
        "cause",
        "caller_kind",
        "end_evidence",
        "queue",
        "held",
        "is_returning",
        "identity_level",
        "version",
    ),
)
