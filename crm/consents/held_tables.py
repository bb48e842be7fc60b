"""Every table that holds something about a person, and every one that refers to a person without saying anything.

Grounds of keeping: 152-ФЗ art. 21 ч. 5 lets stay what another law obliges to keep (domain.md §4.4).
"""

from sqlalchemy import select

from crm.appeals.tables import AppealMeasure, EntryChange
from crm.appointments.tables import Appointment, SupportNeed, WaitingWish
from crm.call_tables import CallRecord
from crm.cards.tables import CardChange, HealthRecord, NeedAssessment, RiskFlag
from crm.consents.holdings import (
    Holding,
    card_changes,
    of_calls,
    of_either,
    of_entries,
    of_families,
    of_people,
    statuses,
)
from crm.consents.tables import Consent, DestructionAct, SubjectRequest
from crm.family_tables import CallerChoice, Family, FamilyStatus, Person, Phone
from crm.journal_tables import JournalEntry
from crm.lines.tables import VoiceMessage
from crm.missed.tables import MissedAttempt, MissedCall
from crm.outgoing.tables import OutgoingCall
from crm.ratings.tables import Rating
from crm.recordings.tables import Recording
from crm.specialists.tables import Consultation
from crm.transfers.tables import Transfer

GONE = "данные уничтожены"
JOURNAL_GROUND = "журналы учёта обращений хранятся 5 лет (перечень Росархива, приказ от 20.12.2019 № 236)"
CALLS_GROUND = "сведения о соединениях хранятся 3 года (номенклатура дел учреждения)"
CONSENTS_GROUND = "доказательство согласия хранится 3 года после его прекращения (152-ФЗ ст. 9 ч. 3)"
ACTS_GROUND = "обращения и акты хранятся 3 года (приказ Роскомнадзора от 28.10.2022 № 179)"

FAMILY = Holding(
    Family,
    "Карточка семьи",
    of_families(Family.id),
    {
        "card_number": "№ карточки",
        "name": "Семья",
        "locality": "Населённый пункт",
        "address": "Адрес",
        "created_at": "Заведена",
        "source": "Источник сведений",
        "opened_by_method": "Способ обращения",
        "brief": "Краткие сведения",
        "warning": "Как безопасно связываться",
        "contact_from": "Звонить с",
        "contact_until": "Звонить до",
        "no_messages": "Сообщений не оставлять",
        "ask_only_for": "Говорить только с",
        "preferred_channel": "Удобный способ связи",
        "housing": "Жильё",
        "income_band": "Доход",
        "transport": "Транспорт",
        "situation": "Ситуация",
        "measures_received": "Полученные меры поддержки",
        "next_action": "Следующий шаг",
        "next_action_on": "Дата следующего шага",
        "actualized_on": "Сведения подтверждены",
    },
    {
        "name": GONE,
        "address": "",
        "locality": "",
        "brief": "",
        "warning": "",
        "housing": "",
        "income_band": "",
        "transport": "",
        "situation": "",
        "measures_received": "",
        "contact_from": "",
        "contact_until": "",
        "no_messages": False,
        "ask_only_for": "",
        "preferred_channel": "",
        "next_action": "",
        "next_action_on": None,
        "actualized_on": None,
        "import_key": None,
    },
    silent=("restricted", "version", "state"),
)

PERSON = Holding(
    Person,
    "О человеке",
    of_people(Person.id),
    {
        "surname": "Фамилия",
        "name": "Имя",
        "patronymic": "Отчество",
        "birth_date": "Дата рождения",
        "sex": "Пол",
        "relation": "Кем приходится",
        "is_applicant": "Заявитель",
        "registration_address": "Адрес регистрации",
        "email": "Электронная почта",
        "special_needs": "Особенности общения",
        "do_not_call": "Просил(а) не звонить",
        "study_place": "Место учёбы",
        "full_time_student_until": "Учится очно до",
        "lives_with_family": "Живёт с семьёй",
        "incapable": "Не может оставаться без присмотра",
        "left_at": "Выбыл(а) из семьи",
        "left_reason": "Причина выбытия",
    },
    {
        "surname": GONE,
        "name": "",
        "patronymic": "",
        "birth_date": None,
        "sex": "",
        "relation": "",
        "registration_address": "",
        "email": "",
        "special_needs": "",
        "do_not_call": True,
        "study_place": "",
        "full_time_student_until": None,
        "incapable": False,
        "left_reason": "",
        "search_key": "",
    },
)

PHONE = Holding(
    Phone,
    "Телефоны",
    of_people(Phone.person_id),
    {
        "number": "Номер",
        "raw": "Как записан",
        "label": "Вид",
        "whose": "Чей",
        "best_time": "Когда удобно звонить",
        "robot_allowed": "Разрешены автоматические звонки",
        "removed_at": "Удалён",
        "removed_reason": "Причина удаления",
    },
    {
        "number": "",
        "raw": "",
        "label": "",
        "whose": "",
        "best_time": "",
        "robot_allowed": False,
        "removed_reason": GONE,
    },
)

STATUS = Holding(
    FamilyStatus,
    "Статусы семьи",
    statuses,
    {
        "type": "Статус",
        "basis": "Основание",
        "issued_by": "Кем выдан",
        "document_number": "№ документа",
        "document_date": "Дата документа",
        "valid_from": "Действует с",
        "valid_to": "Действует до",
        "verified_on": "Проверен",
        "entered_at": "Внесён",
        "revoked_at": "Снят",
        "revoked_reason": "Причина снятия",
    },
    {
        "type": "",
        "basis": "",
        "issued_by": "",
        "document_number": "",
        "document_date": None,
        "valid_from": None,
        "valid_to": None,
        "revoked_reason": "",
    },
)

NEED = Holding(
    NeedAssessment,
    "Потребность в услугах",
    of_families(NeedAssessment.family_id),
    {
        "assessed_at": "Когда определена",
        "ground": "Основание (442-ФЗ ст. 15)",
        "form": "Форма обслуживания",
        "kinds": "Виды услуг",
        "urgent": "Срочно",
        "remote_explained": "Достаточно разъяснения",
        "long_support": "Длительное сопровождение",
        "reason": "Обоснование",
        "ended_at": "Прекращена",
        "ended_reason": "Причина прекращения",
    },
    {"ground": "", "form": "", "kinds": [], "reason": "", "ended_reason": ""},
)

RISK = Holding(
    RiskFlag,
    "Признаки риска",
    of_families(RiskFlag.family_id),
    {
        "code": "Признак",
        "note": "Пояснение",
        "raised_at": "Отмечен",
        "cleared_at": "Снят",
        "cleared_reason": "Причина снятия",
    },
    {"code": "", "note": "", "cleared_reason": ""},
)

HEALTH = Holding(
    HealthRecord,
    "Сведения о здоровье",
    of_people(HealthRecord.person_id),
    {
        "kind": "Вид",
        "group": "Группа или категория",
        "valid_to": "Срок",
        "certificate": "№ справки",
        "entered_at": "Внесено",
        "ended_at": "Прекращено",
        "ended_reason": "Причина",
    },
    {"kind": "", "group": "", "valid_to": None, "certificate": "", "ended_reason": ""},
)

CHANGES = Holding(
    CardChange,
    "История изменений карточки",
    card_changes(CardChange.family_id, CardChange.subject, CardChange.subject_id),
    {"at": "Когда", "field": "Что", "old": "Было", "new": "Стало"},
    {"old": "", "new": ""},
    silent=("subject", "version"),
)

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

CHOICE = Holding(
    CallerChoice,
    "Кто звонил с общего номера",
    of_people(CallerChoice.person_id),
    {"number": "Номер", "at": "Когда отмечен"},
)

CONSENT = Holding(
    Consent,
    "Согласия и отказы",
    of_people(Consent.person_id),
    {
        "purpose": "Цель",
        "given": "Дано",
        "form": "Форма",
        "at": "Записано",
        "signed_on": "Дата документа",
        "document": "Документ",
        "representative": "Подписал представитель",
        "authority": "Основание представителя",
        "valid_until": "Действует до",
        "withdrawn_on": "Отозвано",
        "withdrawn_at": "Отзыв записан",
        "withdrawn_how": "Как отозвано",
    },
    kept=CONSENTS_GROUND,
)

REQUEST = Holding(
    SubjectRequest,
    "Обращения о своих данных",
    of_people(SubjectRequest.person_id),
    {
        "kind": "О чём",
        "purpose": "Какое согласие",
        "received_on": "Получено",
        "due_on": "Срок ответа",
        "note": "Содержание",
        "at": "Записано",
        "done_at": "Исполнено",
        "outcome": "Что сделано",
    },
    kept=ACTS_GROUND,
)

ACT = Holding(
    DestructionAct,
    "Акты об уничтожении данных",
    of_either(DestructionAct.person_id, DestructionAct.family_id),
    {
        "year": "Год",
        "number": "№ акта",
        "scope": "Что уничтожается",
        "ground": "Основание",
        "proposed_at": "Предложено",
        "decided_at": "Решено",
        "decision": "Решение",
    },
    kept=ACTS_GROUND,
    silent=("state", "destroyed", "kept"),
)

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

BOOKED_GROUND = "журнал записи на приём хранится 3 года (номенклатура дел учреждения)"

APPOINTMENT = Holding(
    Appointment,
    "Записи на приём",
    of_either(Appointment.person_id, Appointment.family_id),
    {
        "starts_at": "Когда",
        "ends_at": "До",
        "room": "Кабинет",
        "applicant_name": "Кто записан",
        "topic": "Тема",
        "state_reason": "Причина отмены или переноса",
        "booked_at": "Записано",
    },
    {"applicant_name": GONE, "topic": "", "state_reason": ""},
    kept=BOOKED_GROUND,
    silent=(
        "mode",
        "state",
        "state_at",
        "cancelled_by",
        "remote_explained",
        "long_support",
        "form_key",
        "version",
    ),
)

WISH = Holding(
    WaitingWish,
    "Лист ожидания приёма",
    of_either(WaitingWish.person_id, WaitingWish.family_id),
    {
        "entered_at": "Внесено",
        "applicant_name": "Кто ждёт",
        "profession": "К какому специалисту",
        "topic": "Тема",
        "state_reason": "Почему снято",
    },
    {"applicant_name": GONE, "topic": "", "state_reason": ""},
    kept=BOOKED_GROUND,
    silent=("weekdays", "starts", "ends", "mode", "state", "state_at", "form_key"),
)

SUPPORT = Holding(
    SupportNeed,
    "Длительное сопровождение",
    of_entries(SupportNeed.entry_id),
    {"raised_at": "Отмечено", "withdrawn_at": "Снято", "withdrawn_reason": "Почему снято"},
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

RATING = Holding(
    Rating,
    "Оценки",
    of_entries(Rating.entry_id),
    {"given_at": "Когда", "outcome": "Ответ", "score": "Балл", "channel": "Как получена", "reason": "Пояснение"},
    kept=JOURNAL_GROUND,
    silent=("created_at",),
)

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

HOLDINGS = (
    PERSON,
    PHONE,
    FAMILY,
    STATUS,
    NEED,
    RISK,
    HEALTH,
    CONSENT,
    ENTRY,
    MEASURE,
    CONSULTATION,
    CORRECTION,
    RATING,
    CALL,
    RECORDING,
    VOICE,
    MISSED,
    ATTEMPT,
    OUTGOING,
    TRANSFER,
    APPOINTMENT,
    WISH,
    SUPPORT,
    CHOICE,
    CHANGES,
    REQUEST,
    ACT,
)
"""In the order of the paper."""

SAYS_NOTHING = {
    "monitor_session": "кто из руководителей и когда слушал разговор оператора",
    "family_word": "слова карточки для поиска: то же, что в карточке; стираются вместе с нею",
    "entry_word": "слова журнала для поиска: то же, что в журнале; хранятся вместе с ним",
    "family_assignment": "кому из сотрудников поручена семья",
    "family_merge": "какие карточки объединены: номера записей; причина стирается при уничтожении",
    "not_duplicate": "какие карточки признаны разными: номера записей",
    "call_participant": "кто из сотрудников говорил по звонку",
    "missed_contact": "какие звонки вошли в строку «Перезвонить»: номера записей и время",
    "call_leg_record": "на каких аппаратах учреждения звонил звонок",
    "presence": "чем занят сотрудник",
    "wrap_up": "как долго оператор записывал звонок",
    "slot_hold": "какое время специалиста удерживалось и кем",
    "call_finish": "чем оператор закончил обработку звонка",
}
"""Tables that refer to a card, a person, a call or a journal row and add nothing about the person."""
