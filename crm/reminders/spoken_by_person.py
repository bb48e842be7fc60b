"""S-3 in a person's words: what she says, to whom, and what she does not say before she knows who answered (§9.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callflow.names import address_form
from crm.appointments.tables import Appointment
from crm.dialler.tables import DialTask
from crm.family_tables import Family, Person
from crm.institution import Service
from crm.reminders.human_list import Item
from crm.staff import Employee

_DAYS = ("в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье")
_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip


@dataclass(frozen=True)
class Words:
    """The script of one call: the greeting, one sentence per booking, the question, and what a machine may hear."""

    hello: str
    stranger: str
    bookings: Sequence[str]
    ask: str
    bye: str
    machine: str


def words_of(session: Session, item: Item, employee: Employee) -> Words:
    """Fill the script in with names, dates and places as they are now."""
    service = session.get_one(Service, item.task.service_id)
    zone = ZoneInfo(service.institution.timezone)
    name = name_of(session, item.task)
    family = item.family
    return Words(
        hello=f"Здравствуйте! Меня зовут {employee.full_name}, {service.name}, {service.institution.short_name}."
        + (f" Могу я поговорить с абонентом: {name}?" if name else " С кем я говорю?"),
        stranger="Если это другой человек: «Извините за беспокойство. До свидания.» О записи не говорите.",
        bookings=[reminder_of(row, service, zone) for row in item.appointments],
        ask="Вы придёте? Если время не подходит, перенесём или отменим прямо сейчас.",
        bye="Спасибо. До свидания.",
        machine="Сообщения не оставляйте: положите трубку."
        if _silent(family)
        else f"На автоответчик: «Здравствуйте! Вам звонили из учреждения: {service.institution.short_name}. Пожалуйста,"
        " перезвоните нам в рабочее время.» О записи не говорите.",
    )


def reminder_of(row: Appointment, service: Service, zone: ZoneInfo) -> str:
    """«Напоминаем: в четверг, 26 ноября, в 14:30 вы записаны на консультацию. …»"""
    local = row.starts_at.astimezone(zone)
    when = f"{on_day(local.date())}, в {local:%H:%M}"
    match row.mode:
        case "phone":
            return f"Напоминаем: {when} у вас консультация по телефону. Специалист сам позвонит вам на этот номер."
        case "video":
            return f"Напоминаем: {when} у вас консультация по видеосвязи. Приезжать не нужно."
    where = ", ".join(part for part in (service.institution.address, f"кабинет {row.room}" if row.room else "") if part)
    return f"Напоминаем: {when} вы записаны на консультацию. Адрес: {where}. При себе имейте паспорт."


def on_day(day: date) -> str:
    """«в четверг, 26 ноября»."""
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]}"


def name_of(session: Session, task: DialTask) -> str:
    """«Елена Викторовна»; "" where nobody is known."""
    person = session.get(Person, task.person_id) if task.person_id else None
    return address_form(person.surname, person.name, person.patronymic) if person else ""


def _silent(family: Family | None) -> bool:
    return family is not None and family.no_messages
