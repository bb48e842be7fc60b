"""What a card holds on its people: for «все данные о человеке» and for destruction."""

from crm.cards.tables import CardChange, HealthRecord, NeedAssessment, RiskFlag
from crm.consents.grounds import GONE
from crm.consents.holdings import Holding, card_changes, of_families, of_people, statuses
from crm.family_tables import CallerChoice, Family, FamilyStatus, Person, Phone

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
        "child_births": "",
        "has_phone": False,
    },
    silent=("restricted", "version", "state"),
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

CHOICE = Holding(
    CallerChoice,
    "Кто звонил с общего номера",
    of_people(CallerChoice.person_id),
    {"number": "Номер", "at": "Когда отмечен"},
)

CHANGES = Holding(
    CardChange,
    "История изменений карточки",
    card_changes(CardChange.family_id, CardChange.subject, CardChange.subject_id),
    {"at": "Когда", "field": "Что", "old": "Было", "new": "Стало"},
    {"old": "", "new": ""},
    silent=("subject", "version"),
)
