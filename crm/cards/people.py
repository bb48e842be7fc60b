"""The members of a family: who they are, what may be kept about them, and leaving (domain.md §4.1, §5.1).

Nobody is deleted: who leaves the family stays on the card with the reason.
"""

import re
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from callflow.names import full_name
from callflow.text import clean_line, clean_text, search_key
from crm.cards import catalogues
from crm.cards.changes import check_version, note
from crm.cards.editing import Fields, date_problem, open_for_change, open_person, refuse
from crm.consents.rules import is_minor, local_date
from crm.errors import Incomplete
from crm.family_tables import Family, Person
from crm.staff import Employee

SEXES = {"female": "женский", "male": "мужской"}

_LINES = {
    "surname": 80,
    "name": 80,
    "patronymic": 80,
    "relation": 80,
    "email": 120,
    "registration_address": 300,
    "study_place": 200,
}
_FLAGS = ("is_applicant", "do_not_call", "lives_with_family", "incapable")
_DATES = ("birth_date", "full_time_student_until")
PERSON_FIELDS = (*_LINES, "sex", "special_needs", *_FLAGS, *_DATES)

_NOBODY: dict[str, Any] = {**dict.fromkeys((*_LINES, "sex", "special_needs"), ""), **dict.fromkeys(_FLAGS, False)}

NOT_OF_CHILDREN = ("sex", "email", "registration_address", "special_needs", "do_not_call", "incapable")
CHILD_ONLY = "О ребёнке хранятся только имя, дата рождения, кем приходится и место учёбы."
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}")


def keeps_little(person: Person, today: date) -> bool:
    """Whether only name, birth date, relation and school may be kept: a child that does not ask for itself (§4.1)."""
    return is_minor(person, today) and not person.is_applicant


def add_person(
    session: Session, family_id: int, fields: Fields, employee: Employee, at: datetime, *, ip: str = ""
) -> Person:
    """Add a member; the same form sent twice is one person. Raises NotFound, RecordsError, Incomplete."""
    family = open_for_change(session, family_id, employee, at)
    wanted = _cleaned(fields)
    person = Person(**_NOBODY, family_id=family.id, search_key="", phones=[])
    _check(session, family, person, wanted, at)
    for known in family.members:
        if _is_same(known, wanted):
            return known
    before = values_of(person)
    _write(person, wanted)
    family.people.append(person)
    session.flush()
    note(session, family, "person", person.id, before, values_of(person), employee, at, action="person.add", ip=ip)
    return person


def save_person(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    person_id: int,
    fields: Fields,
    version: int,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> Person:
    """Change a member. Raises NotFound, RecordsError, StaleVersion, Incomplete."""
    family, person = open_person(session, person_id, employee, at, family_id=family_id)
    before = values_of(person)
    wanted = _cleaned(fields)
    check_version(family, version, {name: before[name] for name in wanted}, subject="person", subject_id=person.id)
    _check(session, family, person, wanted, at)
    _write(person, wanted)
    note(session, family, "person", person.id, before, values_of(person), employee, at, action="person.save", ip=ip)
    return person


def leave(
    session: Session,
    person_id: int,
    reason: str,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> Person:
    """The person no longer belongs to the family: stays on the card with the reason. A second time changes nothing.

    Raises NotFound, RecordsError, Incomplete (no reason; nobody would be left to ask).
    """
    family, person = open_person(session, person_id, employee, at, family_id=family_id)
    if person.left_at is not None:
        return person
    reason = clean_line(reason, 200)
    others = [one for one in family.members if one.id != person.id]
    if not reason:
        raise Incomplete({"reason": "Напишите причину, например «переехал»."})
    if person.is_applicant and others and not any(one.is_applicant for one in others):
        raise Incomplete({"reason": "Это единственный заявитель: сначала отметьте заявителем другого члена семьи."})
    if not others:
        raise Incomplete({"reason": "В карточке больше никого нет: последний человек в ней остаётся."})
    person.left_at, person.left_reason = at, reason
    note(session, family, "person", person.id, {}, {"left": reason}, employee, at, action="person.leave", ip=ip)
    return person


def come_back(
    session: Session, person_id: int, employee: Employee, at: datetime, *, family_id: int | None = None, ip: str = ""
) -> Person:
    """The person belongs to the family again. Raises NotFound, RecordsError."""
    family, person = open_person(session, person_id, employee, at, family_id=family_id)
    if person.left_at is None:
        return person
    before = {"left": person.left_reason}
    person.left_at, person.left_reason = None, ""
    note(session, family, "person", person.id, before, {"left": ""}, employee, at, action="person.return", ip=ip)
    return person


def values_of(person: Person) -> dict[str, Any]:
    """The form's fields as stored."""
    return {name: getattr(person, name) for name in PERSON_FIELDS}


def _cleaned(fields: Fields) -> dict[str, Any]:
    wanted = {name: fields[name] for name in PERSON_FIELDS if name in fields}
    for name, limit in _LINES.items():
        if name in wanted:
            wanted[name] = clean_line(wanted[name], limit)
    if "special_needs" in wanted:
        wanted["special_needs"] = clean_text(wanted["special_needs"], 300)
    return wanted


def _check(session: Session, family: Family, person: Person, wanted: dict[str, Any], at: datetime) -> None:
    """Raise Incomplete where the values cannot stand; `person` is not changed."""
    today = local_date(session, at)
    after = Person(**(values_of(person) | wanted), search_key="")
    problems = {name: date_problem(wanted.get(name)) for name in _DATES}
    if wanted.get("birth_date"):
        problems["birth_date"] = date_problem(wanted["birth_date"], latest=today)
    if not after.surname and not after.name:
        problems["surname"] = "Укажите фамилию."
    if after.email and _EMAIL.fullmatch(after.email) is None:
        problems["email"] = "Проверьте адрес: нужен вид имя@почта.рф."
    if after.sex not in ("", *SEXES):
        problems["sex"] = "Выберите из списка."
    if not catalogues.is_known(session, "relation", after.relation, stored=person.relation):
        problems["relation"] = "Выберите из списка."
    if not problems.get("birth_date") and keeps_little(after, today):
        problems |= {name: CHILD_ONLY for name in NOT_OF_CHILDREN if wanted.get(name)}
    if person.is_applicant and wanted.get("is_applicant") is False and not _other_applicants(family, person):
        problems["is_applicant"] = "Это единственный заявитель: сначала отметьте другого."
    refuse(problems)


def _other_applicants(family: Family, person: Person) -> list[Person]:
    return [one for one in family.members if one.is_applicant and one is not person]


def _write(person: Person, wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        setattr(person, name, value)
    person.search_key = search_key(full_name(person.surname, person.name, person.patronymic))


def _is_same(known: Person, wanted: dict[str, Any]) -> bool:
    names = ("surname", "name", "patronymic", "relation", "birth_date")
    return all((getattr(known, name) or None) == (wanted.get(name) or None) for name in names)
