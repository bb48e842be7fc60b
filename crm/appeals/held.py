"""What the journal holds on those who turned to the service; its rows outlive a destruction."""

from crm.appeals.tables import AppealMeasure, EntryChange
from crm.consents.grounds import JOURNAL_GROUND
from crm.consents.holdings import Holding, of_either, of_entries
from crm.journal_tables import JournalEntry

ENTRY = Holding(
    JournalEntry,
    "Обращения (журнал)",
    of_either(JournalEntry.person_id, JournalEntry.family_id),
    {
        "year": "Год",
        "number": "№",
        "occurred_at": "Когда обратились",
        "applicant_name": "Заявитель",
        "family_brief": "Сведения о семье",
        "contact_method": "Способ обращения",
        "topic": "Тема",
        "substance": "Суть",
        "obstacles": "Препятствия",
        "no_measure_reason": "Почему меры не нужны",
        "measures": "Принятые меры",
        "final_result": "Итог",
        "rating_mark": "Оценка",
        "need": "Потребность, названная в обращении",
        "consultation": "Консультация, названная в обращении",
        "progress": "Состояние",
        "next_check_on": "Контроль",
        "saved_at": "Записано",
        "resolved_at": "Решено",
        "closed_at": "Закрыто",
        "annulled_at": "Аннулировано",
        "annul_reason": "Причина аннулирования",
    },
    kept=JOURNAL_GROUND,
    silent=(
        "state",
        "obstacle",
        "created_at",
        "draft_saved_at",
        "version",
        "entered_late",
        "explained",
        "result_kind",
        "form_key",
    ),
)

MEASURE = Holding(
    AppealMeasure,
    "Меры по обращениям",
    of_entries(AppealMeasure.entry_id),
    {
        "at": "Записана",
        "kind": "Вид",
        "text": "Что",
        "details": "Подробности",
        "planned_on": "Намечена на",
        "done_at": "Выполнена",
        "annulled_at": "Отменена",
        "annulled_reason": "Причина отмены",
    },
    kept=JOURNAL_GROUND,
)

CORRECTION = Holding(
    EntryChange,
    "Исправления в журнале",
    of_entries(EntryChange.entry_id),
    {"at": "Когда", "field": "Что", "old": "Было", "new": "Стало", "reason": "Причина"},
    kept=JOURNAL_GROUND,
    silent=("version",),
)
