"""S-5 in a person's words: who speaks, to whom, about what, and what is never asked by telephone (domain.md §9.2)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from callflow.names import address_form
from crm.campaigns import texts
from crm.campaigns.worklist import Item
from crm.institution import Service
from crm.staff import Employee


@dataclass(frozen=True)
class Words:
    """The script of one call, with the names filled in. `matter` is the campaign's own text, "" where it cannot be
    said; `machine`: what an answering machine may hear."""

    name: str
    hello: str
    stranger: str
    minutes: str
    matter: str
    ask: str
    no_time: str
    safety: str
    bye: str
    machine: str


def words_of(session: Session, item: Item, employee: Employee, at: datetime) -> Words:
    """Fill the script in as it stands now: the newest version of the text."""
    service = session.get_one(Service, item.campaign.service_id)
    person = item.person
    name = address_form(person.surname, person.name, person.patronymic) if person else ""
    values = texts.values_of(session, item.campaign, at)
    text = texts.current(session, item.campaign.id)
    matter = texts.words_for(text.text, values, person).text if text is not None else ""
    number = values.get("номер", "")
    return Words(
        name=name,
        hello=f"Здравствуйте{', ' + name if name else ''}! Меня зовут {employee.full_name}, я специалист: "
        f"{service.name}, {service.institution.short_name}.",
        stranger="Если ответил другой человек: «Извините за беспокойство. До свидания.» О чём звоните, не говорите.",
        minutes="Вам удобно говорить две минуты?",
        matter=matter,
        ask="Нужна ли вам помощь с документами или запись к специалисту?",
        no_time="Если некогда: «Когда вам перезвонить?» Если не нужно: «Хорошо. Можно ли в дальнейшем сообщать вам "
        "о мерах поддержки по телефону?»",
        safety="Обращаю внимание: мы никогда не спрашиваем по телефону коды из СМС, данные банковских карт и пароли "
        "от Госуслуг." + (f" Проверить звонок можно по номеру {number}." if number else ""),
        bye="Спасибо, до свидания!",
        machine="Сообщения не оставляйте: положите трубку."
        if item.family.no_messages
        else f"На автоответчик: «Здравствуйте! Вам звонили из учреждения: {service.institution.short_name}. Пожалуйста,"
        f" перезвоните нам в рабочее время{' по номеру ' + number if number else ''}. Спасибо.» Больше ничего.",
    )
