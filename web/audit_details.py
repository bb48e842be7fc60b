"""How the audit page says what an entry holds: keys and values of `crm.audit.AuditEvent.details`, in Russian."""

from __future__ import annotations

import json

from callflow.identity import IdentityLevel
from crm.appeals.wording import FIELD_TITLES
from crm.call_identity import FACTS
from crm.cards.catalogues import CATALOGUES
from crm.cards.field_words import field_title

_KEYS = {
    "order": "приказ",
    "days": "хранить дней",
    "monitoring": "прослушивание",
    "told": "оператор видит",
    "mode": "как",
    "operator": "оператор, запись №",
    "rule": "правило",
    "promise": "с обещанием",
    "taken_back": "обещание снято",
    "from": "у кого, запись №",
    "minutes": "рабочих минут",
    "claim_minutes": "минут за сотрудником",
    "outside": "вне удобного семье времени",
    "missed": "из списка «Перезвонить», строка",
    "danger": "угроза жизни или здоровью",
    "said_112": "сказали позвонить 112",
    "joined": "о той же семье уже сообщали",
    "body": "кому",
    "despite": "хотя просили не звонить",
    "informants": "сколько сообщивших",
    "how": "как",
    "result": "чем кончилось",
    "why": "почему",
    "task": "напоминание, запись №",
    "attempt": "звонок робота",
    "fields": "поля",
    "consultation": "консультация, запись №",
    "disposition": "чем закончился, строка №",
    "employee": "сотрудник, запись №",
    "purpose": "согласие",
    "form": "форма",
    "text": "текст, запись №",
    "version": "версия",
    "scope": "что",
    "catalogue": "справочник",
    "level": "уровень",
    "facts": "признаки",
    "reason": "причина",
    "by": "искали по",
    "found": "найдено",
    "created": "заведено",
    "skipped": "пропущено",
    "call": "звонок",
    "person": "человек",
    "number": "№",
    "year": "год",
    "service": "служба",
    "kind": "вид",
    "transfer": "перевод, запись №",
    "wish": "действие",
    "answer": "ответ",
    "to": "кому, запись №",
    "rows": "строк",
    "families": "семей",
    "count": "показано строк",
    "merged": "присоединена карточка, запись №",
    "other": "другая карточка, запись №",
    "sha256": "SHA-256",
    "outcome": "итог",
    "page": "страница",
    "quarter": "квартал",
    "channel": "как опрошен",
    "list": "список",
    "active": "учётная запись",
    "since": "с",
    "until": "по",
    "specialist": "специалист, запись №",
    "whose": "кто отменил",
    "what": "что изменено",
    "day": "день",
    "state": "состояние",
    "successor": "новая запись №",
    "piece": "реплика",
    "default": "обычный текст",
    "source": "как",
    "telling": "о чём",
    "told_by": "как сообщили",
    "conditions": "условий",
    "shown": "показано семей",
}
_VALUES = {
    "mistake": "ошиблись номером",
    "blind": "сразу",
    "attended": "после разговора со специалистом",
    "conference": "втроём",
    "complete": "соединить",
    "join": "втроём",
    "back": "вернуть звонящего",
    "accepted": "примет",
    "postponed": "через 5 минут",
    "note": "записать на приём",
    "outside": "внешний номер",
    "silence": "тишина",
    "repeat": "повтор",
    "later": "запишут позже",
    "text": "словам",
    "phone": "телефону",
    "typing": "при наборе",
    "card": "номеру карточки",
    "processing": "обработка данных",
    "special": "сведения о здоровье",
    "auto_calls": "автоматические звонки",
    "recording": "запись разговора",
    "transfer": "передача другим",
    "oral": "устно",
    "written": "письменно",
    "access": "сведения о своих данных",
    "correct": "уточнить данные",
    "stop": "прекратить обработку",
    "withdraw": "отзыв согласия",
    "family": "всё о семье",
    "health": "сведения о здоровье",
    "signed_out": "вышел(а)",
    "disabled": "учётная запись закрыта",
    "journal": "журнал",
    "registry": "реестр",
    "efficiency": "отчёт об эффективности",
    "genuine": "подлинный",
    "resaved": "содержание подлинное",
    "changed": "изменён",
    "too_large": "не сравнивался",
    "foreign": "не наш",
    "by_administrator": "завершил администратор",
    "score": "оценка",
    "refused": "отказ от оценки",
    "unreached": "не удалось связаться",
    "missed": "не дозвонились",
    "human_call": "по телефону",
    "in_person": "на личном приёме",
    "paper": "анкета на бумаге",
    "unconfirmed": "не подтверждены",
    "papers": "документы истекают",
    "study": "справки об учёбе",
    "measures": "меры заканчиваются",
    **{f"age-{age}": f"исполняется {age}" for age in (3, 7, 14, 18, 23)},
    "confirmed": "подтверждено",
    "done": "состоялось",
    "no_show": "не явился",
    "cancelled": "отменено",
    "family_side": "семья",
    "service_side": "служба",
    "day": "день",
    "week": "неделя",
    "all": "все записи",
    "length": "длительность",
    "hours": "часы",
    "extra": "дополнительный приём",
    "removed": "снята особая дата",
    "no_answer": "не дозвонились",
    "wrong_number": "номер не тот",
    "do_not_call": "просят не звонить",
    "declined": "отменяют запись",
    "key": "клавишей в разговоре с роботом",
    "talk": "в разговоре",
    "letter": "письменно",
    "robot": "звонки робота",
}
_OF_KEY = {
    ("scope", "all"): "все звонки",
    ("body", "kdn"): "КДН и ЗП",
    ("body", "guardianship"): "опека и попечительство",
    ("body", "police"): "полиция (ПДН)",
    ("how", "call"): "по телефону, через программу",
    ("how", "phone"): "по другому телефону",
    ("how", "visit"): "дома у семьи",
    ("how", "office"): "семья пришла сама",
    ("how", "email"): "на электронную почту",
    ("how", "letter"): "письмом",
    ("how", "nowhere"): "адрес неизвестен",
    ("why", "risk"): "угроза жизни или здоровью",
    ("why", "late"): "семью не застали в срок",
    ("why", "unreached"): "трижды не дозвонились",
    ("why", "card"): "связали с другой карточкой",
    ("why", "twice"): "о той же семье уже сообщали",
    ("result", "not_adult"): "ответил не взрослый",
    ("result", "later"): "просят перезвонить позже",
    ("result", "wrong"): "номер не этой семьи",
    ("outcome", "told"): "рассказали, напомнили",
    ("outcome", "help"): "нужна помощь",
    ("outcome", "not_reached"): "не дозвонились",
    ("outcome", "refused"): "отказ",
    ("outcome", "later"): "перезвонить позже",
    ("outcome", "confirmed"): "придут",
    ("answer", "told"): "сообщили",
    ("answer", "refused"): "мера не нужна",
    ("answer", "has"): "уже получают",
    ("told_by", "human"): "звонок специалиста",
    ("told_by", "robot"): "автоматический звонок",
}
"""Codes that mean something else elsewhere."""
_OF_MEASURE = {
    "title": "название",
    "whom": "для кого",
    "steps": "что сделать",
    "papers": "документы",
    "until": "подать до",
    "remote": "из дома",
    "segment_id": "кому положена",
    "active": "действует",
}


def details(signed: str | None) -> str:
    """«признаки: улица, дата рождения; уровень: ответил(а) на контрольные вопросы»; unknown words as they are."""
    known = json.loads(signed or "{}")
    known.pop("role", None)  # it is the person's, and said in «Настройки»
    return "; ".join(f"№ {value}" if key == "number" else f"{_KEYS.get(key, key)}: {_value(key, value)}"
                     for key, value in known.items())  # fmt: skip


def _value(key: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_field(str(one)) for one in value)
    if isinstance(value, bool):
        return "открыта" if value else "закрыта"
    if key == "catalogue":
        return CATALOGUES.get(str(value), str(value))
    if (key, value) in _OF_KEY:
        return _OF_KEY[key, str(value)]
    if key == "level":
        return IdentityLevel(int(str(value))).label
    return _VALUES.get(str(value), str(value))


def _field(name: str) -> str:
    """A control question, a column of the journal, a field of the card or of a measure of support."""
    return FACTS.get(name) or FIELD_TITLES.get(name, "").lower() or _OF_MEASURE.get(name) or field_title(name)
