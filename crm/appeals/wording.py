"""A stored value of a row as the history keeps it: names instead of ids, titles instead of codes, local dates."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from crm.appeals.intake import OBSTACLES
from crm.appeals.states import RESULT_KINDS, TITLES
from crm.cards import catalogues
from crm.journal_tables import CONTACT_METHODS, JournalEntry, zone_of_service
from crm.staff import Employee

FIELD_TITLES = {
    "applicant_name": "ФИО заявителя",
    "family_brief": "Краткая информация о семье",
    "contact_method": "Способ обращения",
    "substance": "Содержание обращения",
    "topic": "Тема",
    "occurred_at": "Когда обратились",
    "final_result": "Конечный результат",
    "result_kind": "Чем закончилось",
    "progress": "Состояние",
    "responsible_id": "Ответственный",
    "next_check_on": "Дата контроля",
    "obstacle": "Препятствие",
    "obstacles": "В чём препятствие",
    "need": "Потребность",
    "no_measure_reason": "Почему меры не принимались",
    "family_id": "Карточка семьи",
}


def as_text(session: Session, entry: JournalEntry, field: str, value: Any) -> str:
    """The value as a line of the history; '' for nothing."""
    if value is None or value == "":
        return ""
    write = _WRITERS.get(field)
    return write(session, entry, value) if write else str(value)


def need_words(session: Session, need: dict[str, Any]) -> str:
    """«основание; форма; виды» by their titles."""
    if not need:
        return ""
    kinds = catalogues.titles(session, "service_kind")
    parts = [
        catalogues.title(session, "ground", need.get("ground", "")),
        catalogues.title(session, "service_form", need.get("form", "")),
        ", ".join(kinds.get(code, code) for code in need.get("kinds", ())),
    ]
    return "; ".join(part for part in parts if part)


def _employee(session: Session, _entry: JournalEntry, value: int) -> str:
    employee = session.get(Employee, value)
    return employee.short_name if employee else ""


def _moment(session: Session, entry: JournalEntry, value: datetime) -> str:
    return f"{value.astimezone(zone_of_service(session, entry.service_id)):%d.%m.%Y %H:%M}"


def _day(_session: Session, _entry: JournalEntry, value: date) -> str:
    return f"{value:%d.%m.%Y}"


def _titled(titles: dict[str, str]) -> Callable[[Session, JournalEntry, Any], str]:
    return lambda _session, _entry, value: titles.get(value, str(value))


_WRITERS: dict[str, Callable[[Session, JournalEntry, Any], str]] = {
    "responsible_id": _employee,
    "occurred_at": _moment,
    "next_check_on": _day,
    "progress": _titled(TITLES),
    "contact_method": _titled(CONTACT_METHODS),
    "result_kind": _titled(RESULT_KINDS),
    "obstacle": lambda _session, _entry, value: "есть" if value else "нет",
    "obstacles": lambda _session, _entry, value: ", ".join(OBSTACLES.get(code, code) for code in value),
    "need": lambda session, _entry, value: need_words(session, value),
}
