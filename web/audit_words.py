"""How the audit page says what the entries hold: keys and values of `crm.audit.AuditEvent.details`, in Russian."""

from __future__ import annotations

import json

from callflow.identity import IdentityLevel
from crm.appeals.wording import FIELD_TITLES
from crm.call_identity import FACTS
from crm.cards.catalogues import CATALOGUES
from crm.cards.field_words import field_title

ACTIONS = {
    "sign_in": "вход",
    "sign_in.failed": "неудачный вход",
    "sign_out": "выход",
    "access.denied": "отказано в доступе",
    "request.forged": "поддельный запрос",
    "family.open": "открыта карточка",
    "family.search": "поиск семьи",
    "family.create": "заведена карточка",
    "family.merge": "объединены карточки",
    "family.different": "отмечены разные семьи",
    "phone.add": "добавлен телефон",
    "phone.save": "изменены сведения о телефоне",
    "phone.remove": "снят телефон",
    "card.save": "изменена карточка",
    "card.restrict": "изменён доступ к карточке",
    "person.add": "добавлен член семьи",
    "person.save": "изменены сведения о члене семьи",
    "person.leave": "член семьи выбыл",
    "person.return": "член семьи возвращён",
    "status.add": "внесён статус",
    "status.save": "изменён статус",
    "status.verify": "статус проверен по документу",
    "status.revoke": "снят статус",
    "need.assess": "оценена потребность",
    "need.end": "оценка потребности завершена",
    "risk.raise": "отмечен признак риска",
    "risk.clear": "снят признак риска",
    "health.record": "внесены сведения о здоровье",
    "health.end": "сведения о здоровье завершены",
    "catalogue.add": "добавлена строка справочника",
    "catalogue.save": "изменена строка справочника",
    "catalogue.move": "переставлена строка справочника",
    "caller.choose": "выбран звонящий",
    "call.attach": "звонок связан с карточкой",
    "identity.confirm": "личность подтверждена",
    "identity.differs": "ответ не совпал с карточкой",
    "journal.save": "запись в журнал",
    "journal.open": "открыто обращение",
    "journal.search": "поиск в журнале",
    "journal.move": "изменено состояние обращения",
    "journal.assign": "назначен контроль обращения",
    "journal.clarify": "уточнено обращение",
    "journal.resolve": "записан конечный результат",
    "journal.close": "обращение завершено",
    "journal.reopen": "обращение возвращено в работу",
    "journal.correct": "исправлена запись журнала",
    "journal.annul": "аннулирована запись журнала",
    "measure.add": "записана мера",
    "measure.done": "мера выполнена",
    "measure.annul": "мера аннулирована",
    "wrapup.without_entry": "обработка без записи",
    "training.request": "учебный звонок",
    "settings.line": "изменена линия",
    "settings.person": "изменён сотрудник",
    "settings.extension": "изменён внутренний номер",
    "extension.secret": "показан пароль аппарата",
    "session.end_all": "завершены сеансы сотрудника",
    "session.end": "завершён сеанс",
    "password.change": "смена пароля",
    "page.print": "печать",
    "rating.give": "оценка заявителя",
    "rating.miss": "опрос: не дозвонились",
    "rating.correct": "исправлена оценка",
    "report.close": "закрыт квартал",
    "report.rows": "просмотрены оценки квартала",
    "upkeep.list": "список актуализации",
    "card.confirm": "данные карточки подтверждены",
    "import.upload": "принят файл с семьями",
    "import.view": "просмотрен файл с семьями",
    "import.remap": "изменена разметка файла",
    "import.confirm": "подтверждена загрузка семей",
    "import.cancel": "отменена загрузка семей",
    "import.refused": "файл с семьями не принят",
    "import.failed": "семьи не загружены",
    "import.done": "загружены семьи",
    "export.ask": "заказана выгрузка",
    "export.make": "сделана выгрузка",
    "export.download": "скачана выгрузка",
    "export.verify": "проверен файл",
    "registry.open": "просмотрен реестр",
    "consent.give": "согласие записано",
    "consent.refuse": "отказ в согласии",
    "consent.withdraw": "согласие отозвано",
    "consent.print": "напечатан бланк согласия",
    "consent.text": "новый текст согласия",
    "subject.request": "обращение о персональных данных",
    "subject.answer": "исполнено обращение о данных",
    "person.export": "выданы все сведения о человеке",
    "destruction.propose": "предложено уничтожить данные",
    "destruction.decline": "предложение об уничтожении отклонено",
    "destruction.done": "данные уничтожены",
    "destruction.log": "выгрузка к акту об уничтожении",
    "employee.created": "заведён сотрудник",
}
"""Every action that anything writes (tests/unit/web/test_audit_words.py looks for each `write` in the source)."""

SUBJECTS = {
    "phone": "телефон",
    "status": "статус",
    "need": "потребность",
    "risk": "признак риска",
    "health": "сведения о здоровье",
    "catalogue_item": "строка справочника",
    "web_session": "сеанс",
    "employee": "сотрудник",
    "family": "карточка",
    "person": "человек",
    "call": "звонок",
    "journal_entry": "запись журнала",
    "exported_file": "выгрузка",
    "import_job": "загрузка семей",
    "line": "линия",
    "extension": "внутренний номер",
    "training_call": "учебный звонок",
    "route": "раздел",
    "journal": "журнал",
    "registry": "реестр",
    "report": "отчёт",
    "quarter_report": "отчёт за квартал",
    "upkeep": "актуализация",
    "consent": "согласие",
    "consent_text": "текст согласия",
    "subject_request": "обращение о данных",
    "destruction_act": "акт об уничтожении",
    "audit": "журнал аудита",
}
_KEYS = {
    "fields": "поля",
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
    "rows": "строк",
    "merged": "присоединена карточка, запись №",
    "other": "другая карточка, запись №",
    "sha256": "SHA-256",
    "outcome": "итог",
    "page": "страница",
    "quarter": "квартал",
    "channel": "как опрошен",
    "list": "список",
    "active": "учётная запись",
}
_VALUES = {
    "mistake": "ошиблись номером",
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
    if key == "level":
        return IdentityLevel(int(str(value))).label
    return _VALUES.get(str(value), str(value))


def _field(name: str) -> str:
    """A control question, a column of the journal, or a field of the card."""
    return FACTS.get(name) or FIELD_TITLES.get(name, "").lower() or field_title(name)
