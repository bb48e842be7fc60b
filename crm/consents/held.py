"""What consents, requests and acts hold on a person: proofs, kept three years."""

from crm.consents.grounds import ACTS_GROUND, CONSENTS_GROUND
from crm.consents.holdings import Holding, of_either, of_people
from crm.consents.tables import Consent, DestructionAct, SubjectRequest

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
