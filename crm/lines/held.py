"""What voice messages hold on a caller."""

from crm.consents.grounds import JOURNAL_GROUND
from crm.consents.holdings import Holding, of_calls
from crm.lines.tables import VoiceMessage

VOICE = Holding(
    VoiceMessage,
    "Голосовые сообщения",
    of_calls(VoiceMessage.call_id),
    {
        "left_at": "Когда",
        "seconds": "Секунд",
        "heard_at": "Прослушано",
        "removed_at": "Удалено",
    },
    kept=JOURNAL_GROUND,
    silent=("linkedid", "file", "sha256"),
)
