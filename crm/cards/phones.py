"""The telephones of a family: whose, when, may a robot call (domain.md §3.1, §3.2, §5.1).

A number is never changed and never deleted: it is removed with a reason, and another one added. A removed number no
longer tells who is calling.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.phone import normalise
from callflow.text import clean_line
from crm import institution
from crm.base import fetch
from crm.cards.changes import check_version, note
from crm.cards.editing import Fields, open_person, refuse
from crm.cards.people import keeps_little
from crm.consents.rules import local_date, standing
from crm.errors import Incomplete, NotFound
from crm.family_tables import Family, Person, Phone
from crm.staff import Employee

NO_NUMBER = "Номер телефона не распознан: нужно 11 цифр, например 8 907 000-01-01."
NO_CONSENT = "Сначала отметьте на вкладке «Согласия» согласие этого человека на автоматические звонки."
NOT_TO_CALL = "Человек просит не звонить: автоматические звонки включить нельзя."
LINES = {"label": 80, "whose": 120, "best_time": 120}
MOST_PHONES = 20


def add(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    person_id: int,
    typed: str,
    fields: Fields,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> Phone:
    """Add a number to a person, once. `typed` is kept as it was typed; other people may have the same number.

    Raises NotFound, RecordsError, Incomplete.
    """
    family, person = open_person(session, person_id, employee, at, family_id=family_id)
    number = normalise(typed, institution.area_code(session))
    if number is None:
        raise Incomplete({"number": NO_NUMBER})
    for known in person.active_phones:
        if known.number == number.e164:
            return known
    if len(person.active_phones) >= MOST_PHONES:
        raise Incomplete({"number": "У человека слишком много номеров: снимите лишние."})
    if keeps_little(person, local_date(session, at)):
        raise Incomplete({"number": "Телефон ребёнка не хранится: запишите номер родителя."})
    wanted = _cleaned(fields)
    refuse({"robot_allowed": _robot_problem(session, person, wanted, at)})
    phone = Phone(number=number.e164, raw=clean_line(typed), **wanted)
    person.phones.append(phone)
    session.flush()
    after = {"number": number.e164, **wanted}
    note(session, family, "phone", phone.id, {}, after, employee, at, action="phone.add", ip=ip)
    return phone


def save(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    phone_id: int,
    fields: Fields,
    version: int,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> Phone:
    """Change what is known of a number. Raises NotFound, RecordsError, StaleVersion, Incomplete."""
    family, person, phone = _open(session, phone_id, employee, at, family_id)
    wanted = _cleaned(fields)
    before = {name: getattr(phone, name) for name in wanted}
    check_version(family, version, before, subject="phone", subject_id=phone.id)
    if not phone.robot_allowed:
        refuse({"robot_allowed": _robot_problem(session, person, wanted, at)})
    for name, value in wanted.items():
        setattr(phone, name, value)
    note(session, family, "phone", phone.id, before, wanted, employee, at, action="phone.save", ip=ip)
    return phone


def remove(
    session: Session,
    phone_id: int,
    reason: str,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> Phone:
    """The number is no longer this person's; a second time changes nothing.

    Raises NotFound, RecordsError, Incomplete.
    """
    family, _, phone = _open(session, phone_id, employee, at, family_id)
    if phone.removed_at is not None:
        return phone
    reason = clean_line(reason, 200)
    if not reason:
        raise Incomplete({"reason": "Напишите причину, например «сменил номер»."})
    phone.removed_at, phone.removed_reason, phone.robot_allowed = at, reason, False
    note(session, family, "phone", phone.id, {}, {"removed": reason}, employee, at, action="phone.remove", ip=ip)
    return phone


def _open(
    session: Session, phone_id: int, employee: Employee, at: datetime, family_id: int | None
) -> tuple[Family, Person, Phone]:
    phone = fetch(session, Phone, phone_id)
    if phone is None:
        raise NotFound("Такого номера в карточке нет.")
    family, person = open_person(session, phone.person_id, employee, at, family_id=family_id)
    session.refresh(phone)
    return family, person, phone


def _cleaned(fields: Fields) -> dict[str, object]:
    wanted: dict[str, object] = {name: clean_line(fields[name], LINES[name]) for name in LINES if name in fields}
    if "robot_allowed" in fields:
        wanted["robot_allowed"] = bool(fields["robot_allowed"])
    return wanted


def _robot_problem(session: Session, person: Person, wanted: Fields, at: datetime) -> str:
    if not wanted.get("robot_allowed"):
        return ""
    if person.do_not_call:
        return NOT_TO_CALL
    return "" if standing(session, person.id, at).auto_calls else NO_CONSENT
