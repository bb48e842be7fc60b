"""What recordings of talks hold on a person."""

from crm.consents.holdings import Holding, of_calls
from crm.recordings.tables import Recording

RECORDING = Holding(
    Recording,
    "Записи разговоров",
    of_calls(Recording.call_id),
    {
        "started_at": "Начата",
        "stopped_at": "Остановлена",
        "seconds": "Длится, с",
        "stored_at": "Сохранена",
        "keep_until": "Хранится до",
        "deleted_at": "Удалена",
        "deleted_rule": "По какому правилу",
    },
    kept="запись оставлена сверх срока по решению директора (жалоба, проверка)",
    silent=(
        "linkedid",
        "state",
        "stop",
        "stop_carried_out",
        "file_name",
        "size",
        "sha256",
        "problem",
        "rule",
        "held_at",
        "hold_reason",
    ),
)
