"""Changing a card: who may, when it is refused, and the fields of the card itself (domain.md §5.1).

Every change locks the card's row first, so that two savers come one after the other, and goes through
`crm.cards.changes.note`: version, history, audit and search index follow in one transaction.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callflow.text import clean_line, clean_text
from crm.base import fetch
from crm.cards import catalogues
from crm.cards.changes import check_version, note
from crm.cards.safe_contact import CHANNELS, read_time
from crm.consents.rules import refuse_if_stopped
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import DESTROYED, IMPORTING, MERGED, SOURCES, Family, Person
from crm.staff import Employee, Role
from crm.visibility import seen_family, visible_to

EDITORS = frozenset([Role.DISPATCHER.value, Role.COORDINATOR.value, Role.HEAD.value])
GUARDIANS = frozenset([Role.HEAD.value, Role.DIRECTOR.value])
"""Who decides which card has limited visibility, and to whom it is entrusted (domain.md §2.6)."""

NOT_YOURS = "Карточку изменяет диспетчер, координатор или заведующий отделением."
EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)

Fields = Mapping[str, Any]


def open_for_change(
    session: Session,
    family_id: int,
    employee: Employee,
    at: datetime,
    *,
    roles: frozenset[str] = EDITORS,
) -> Family:
    """Return the card, locked until the transaction ends.

    Raises NotFound where the employee may not know of it, RecordsError where the card can no longer be changed or the
    role may not, or the applicant has withdrawn the consent to processing (152-ФЗ art. 21).
    """
    family = seen_family(session, family_id, employee, lock=True)
    if family is None or family.state == IMPORTING:
        raise NotFound("Такой карточки нет.")
    if family.state == MERGED:
        kept = session.get(Family, family.merged_into_id) if family.merged_into_id else None
        raise RecordsError(
            f"Карточка объединена с карточкой {kept.card_number if kept else ''}: изменения вносят в неё."
        )
    if family.state == DESTROYED:
        raise RecordsError("Персональные данные этой карточки уничтожены: изменить её нельзя.")
    if employee.role not in roles:
        raise RecordsError(NOT_YOURS)
    refuse_if_stopped(session, family, at)
    return family


def open_person(
    session: Session, person_id: int, employee: Employee, at: datetime, *, family_id: int | None = None
) -> tuple[Family, Person]:
    """Return the person with the card, locked as `open_for_change` does; nobody of another card than `family_id`."""
    person = fetch(session, Person, person_id)
    if person is None or person.family_id is None or family_id not in (None, person.family_id):
        raise NotFound("Такого человека нет в карточке.")
    family = open_for_change(session, person.family_id, employee, at)
    session.refresh(person)
    if person.family_id != family.id:  # moved with a merge while we waited for the card
        raise NotFound("Такого человека нет в карточке.")
    return family, person


def set_restricted(session: Session, family: Family, restricted: bool) -> None:
    """Close the card, or open it, together with those that were merged into it: they would tell that it exists."""
    family.restricted = restricted
    merged = update(Family).where(Family.merged_into_id == family.id, Family.restricted.is_not(restricted))
    session.execute(merged.values(restricted=restricted))


def date_problem(value: date | None, *, latest: date = LATEST) -> str:
    """A sentence for a date that cannot be true; '' for a possible one."""
    return "" if value is None or EARLIEST <= value <= latest else "Такой даты быть не может."


def refuse(problems: Mapping[str, str]) -> None:
    """Raise Incomplete where any field has a sentence."""
    found = {name: sentence for name, sentence in problems.items() if sentence}
    if found:
        raise Incomplete(found)


_LINES = {
    "name": 120,
    "address": 300,
    "locality": 120,
    "next_action": 300,
    "ask_only_for": 120,
    "contact_from": 5,
    "contact_until": 5,
}
_TEXTS = {"warning": 500, "situation": 5000, "measures_received": 5000}
_CODES = {"housing": "housing", "income_band": "income", "transport": "transport"}
_CHOICES: dict[str, Mapping[str, str]] = {"source": SOURCES, "preferred_channel": CHANNELS}
_OTHERS = frozenset(["no_messages", "responsible_id", "next_action_on"])

HEADER_FIELDS = (*_LINES, *_TEXTS, *_CODES, *_CHOICES, *_OTHERS)


def save_header(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    family_id: int,
    fields: Fields,
    version: int,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> Family:
    """Change fields of the card itself: any of HEADER_FIELDS, as the form's section sends them.

    Raises NotFound, RecordsError, StaleVersion (somebody changed one of these fields since `version`), Incomplete.
    """
    family = open_for_change(session, family_id, employee, at)
    names = [name for name in HEADER_FIELDS if name in fields]
    before = {name: getattr(family, name) for name in names}
    check_version(family, version, before)
    wanted = _cleaned({name: fields[name] for name in names})
    refuse(_problems(session, family, wanted))
    shown_before, shown_after = _shown(session, before), _shown(session, wanted)
    for name, value in wanted.items():
        setattr(family, name, value)
    note(session, family, "family", family.id, shown_before, shown_after, employee, at, ip=ip)
    return family


def _cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    for name, value in fields.items():
        if name in ("contact_from", "contact_until"):
            known = read_time(value)
            fields[name] = f"{known:%H:%M}" if known else clean_line(value, 20)
        elif name in _LINES:
            fields[name] = clean_line(value, _LINES[name])
        elif name in _TEXTS:
            fields[name] = clean_text(value, _TEXTS[name])
    return fields


def _problems(session: Session, family: Family, wanted: Fields) -> dict[str, str]:
    problems: dict[str, str] = {}
    if "name" in wanted and not wanted["name"]:
        problems["name"] = "Назовите семью, например по фамилии."
    for name in ("contact_from", "contact_until"):
        if wanted.get(name) and read_time(wanted[name]) is None:
            problems[name] = "Нужно время, например 09:00."
    for name, catalogue in _CODES.items():
        if name in wanted and not catalogues.is_known(session, catalogue, wanted[name], stored=getattr(family, name)):
            problems[name] = "Выберите из списка."
    for name, choices in _CHOICES.items():
        if wanted.get(name, "") not in ("", *choices):
            problems[name] = "Выберите из списка."
    problems["next_action_on"] = date_problem(wanted.get("next_action_on"))
    if wanted.get("next_action_on") and not wanted.get("next_action", "есть"):
        problems["next_action"] = "Назначен срок: напишите, что нужно сделать."
    problems["responsible_id"] = _responsible_problem(session, family, wanted.get("responsible_id"))
    return problems


def _responsible_problem(session: Session, family: Family, employee_id: int | None) -> str:
    if employee_id is None or employee_id == family.responsible_id:
        return ""
    responsible = fetch(session, Employee, employee_id)
    if responsible is None or not responsible.active:
        return "Выберите сотрудника из списка."
    if not visible_to(session, family, responsible):
        return "Этот сотрудник не видит карточку: сначала её должен доверить ему заведующий отделением."
    return ""


def may_be_responsible(session: Session, family: Family) -> list[Employee]:
    """Return who may answer for this family: active people who may see its card, by name."""
    people = session.scalars(select(Employee).where(Employee.active).order_by(Employee.surname, Employee.id))
    return [one for one in people if visible_to(session, family, one)]


def _shown(session: Session, values: Fields) -> dict[str, object]:
    """The values as the history keeps them: a person by name instead of a number."""
    shown = dict(values)
    if "responsible_id" in shown:
        shown["responsible_id"] = employee_name(session, shown["responsible_id"])
    return shown


def employee_name(session: Session, employee_id: int | None) -> str:
    """«Заяц П. И.», or nothing."""
    employee = session.get(Employee, employee_id) if employee_id else None
    return employee.short_name if employee else ""
