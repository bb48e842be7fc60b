"""How the audit page says what the entries hold: keys and values of `crm.audit.AuditEvent.details`, in Russian."""

from __future__ import annotations

import json

from callflow.identity import IdentityLevel
from crm.call_identity import FACTS

SUBJECTS = {
    "web_session": "сеанс",
    "employee": "сотрудник",
    "family": "карточка",
    "person": "человек",
    "call": "звонок",
    "journal_entry": "запись журнала",
    "line": "линия",
    "extension": "внутренний номер",
    "training_call": "учебный звонок",
    "route": "раздел",
}
_KEYS = {
    "level": "уровень",
    "facts": "признаки",
    "reason": "причина",
    "by": "искали по",
    "found": "найдено",
    "call": "звонок",
    "person": "человек",
    "number": "№",
    "year": "год",
    "service": "служба",
    "active": "учётная запись",
}
_VALUES = {
    "mistake": "ошиблись номером",
    "silence": "тишина",
    "repeat": "повтор",
    "later": "запишут позже",
    "text": "словам",
    "phone": "телефону",
    "card": "номеру карточки",
    "signed_out": "вышел(а)",
    "disabled": "учётная запись закрыта",
    "by_administrator": "завершил администратор",
}


def details(signed: str | None) -> str:
    """«признаки: улица, дата рождения; уровень: ответил(а) на контрольные вопросы»; unknown words as they are."""
    known = json.loads(signed or "{}")
    known.pop("role", None)  # it is the person's, and said in «Настройки»
    return "; ".join(f"{_KEYS.get(key, key)}: {_value(key, value)}" for key, value in known.items())


def _value(key: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(FACTS.get(one, str(one)) for one in value)
    if isinstance(value, bool):
        return "открыта" if value else "закрыта"
    if key == "level":
        return IdentityLevel(int(str(value))).label
    return _VALUES.get(str(value), str(value))
