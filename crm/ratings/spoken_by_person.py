"""S-8 in a person's words: whom she asks for, what she asks, what a stranger does not hear (domain.md §9.2)."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from crm.institution import Service
from crm.ratings.worklist import Item
from crm.reminders.spoken_by_person import name_of
from crm.staff import Employee


@dataclass(frozen=True)
class Words:
    """The script of one call: the greeting, what not to tell a stranger, the question, the check, the end."""

    hello: str
    stranger: str
    ask: str
    check: str
    bye: str
    machine: str


def words_of(session: Session, item: Item, employee: Employee) -> Words:
    """Fill the script in with the names as they are now."""
    service = session.get_one(Service, item.task.service_id)
    name = name_of(session, item.task)
    silent = item.family is not None and item.family.no_messages
    return Words(
        hello=f"Здравствуйте! Меня зовут {employee.full_name}, {service.name}, {service.institution.short_name}."
        + (f" Могу я поговорить с абонентом: {name}?" if name else " С кем я говорю?"),
        stranger="Если это другой человек: «Извините за беспокойство. До свидания.» Об обращении не говорите.",
        ask="Ваше обращение рассмотрено. Пожалуйста, оцените работу специалиста по десятибалльной шкале: один — очень "
        "плохо, десять — отлично. Вы можете отказаться от оценки.",
        check="Повторите оценку вслух: «Ваша оценка — …, верно?» Нажимайте клавишу, когда услышите «да».",
        bye="Спасибо, ваша оценка учтена. До свидания.",
        machine="Сообщения не оставляйте: положите трубку."
        if silent
        else f"На автоответчик: «Здравствуйте! Вам звонили из учреждения: {service.institution.short_name}. Пожалуйста,"
        " перезвоните нам в рабочее время.» Об обращении не говорите.",
    )
