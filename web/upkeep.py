"""The rows of «Актуализация» as the page shows them: whom to call, why, and what to mind before dialling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.cards.safe_contact import warnings_of
from crm.cards.upkeep import Due
from crm.family_tables import Family, FamilyStatus, Person, Phone
from crm.masked import open_statuses
from crm.staff import Employee
from crm.visibility import seen_by

TITLES = {
    "unconfirmed": "Не подтверждены 12 месяцев",
    "papers": "Документы истекают",
    "study": "Справки об учёбе",
    "age-3": "Исполняется 3 года",
    "age-7": "Исполняется 7 лет",
    "age-14": "Исполняется 14 лет",
    "age-18": "Исполняется 18 лет",
    "age-23": "Исполняется 23 года",
    "measures": "Меры заканчиваются",
}
WHAT_TO_SAY = {
    "unconfirmed": "Позвоните и сверьте состав семьи, адрес и телефоны. Если всё верно, нажмите «Подтверждены».",
    "papers": "Напомните о новом документе, чтобы меры поддержки не прервались.",
    "study": "Нужна новая справка об очном обучении: без неё меры поддержки заканчиваются.",
    "age-3": "Расскажите о детском саде и о выплатах, которые меняются с трёх лет.",
    "age-7": "Расскажите о записи в школу и помощи к школе.",
    "age-14": "Напомните о паспорте и о том, что меняется с четырнадцати лет.",
    "age-18": "Предупредите, какие меры заканчиваются, и спросите об очном обучении.",
    "age-23": "Предупредите: меры поддержки для очно обучающихся заканчиваются в 23 года.",
    "measures": "Предупредите семью заранее и предложите другие виды помощи.",
}


@dataclass(frozen=True)
class UpkeepRow:
    """One call to make. `phone` is masked by the template; `why` says what is due, `on` when."""

    family: Family
    why: str
    on: date | None
    is_past: bool
    who: str
    phone: str
    warnings: tuple[str, ...]


def rows_of(session: Session, kind: str, due: Sequence[Due], viewer: Employee, today: date) -> list[UpkeepRow]:
    """Load the families of this page of a list; a card that became restricted meanwhile is left out."""
    ids = {one.family_id for one in due}
    families = {one.id: one for one in session.scalars(select(Family).where(Family.id.in_(ids), seen_by(viewer)))}
    statuses = {one.id: one for family in families.values() for one in family.statuses}
    people = {one.id: one for family in families.values() for one in family.people}
    return [
        _row(kind, one, families[one.family_id], people.get(one.person_id), statuses.get(one.status_id), today)
        for one in due
        if one.family_id in families
    ]


def _row(  # noqa: PLR0917 - private, called once
    kind: str, one: Due, family: Family, person: Person | None, status: FamilyStatus | None, today: date
) -> UpkeepRow:
    applicant, phone = _whom_to_call(family)
    return UpkeepRow(
        family=family,
        why=_why(kind, one, family, person, status, today),
        on=one.on,
        is_past=one.on is not None and one.on < today,
        who=" ".join(part for part in (applicant.name, applicant.patronymic) if part) if applicant else "",
        phone=phone.number if phone else "",
        warnings=_warnings(family, applicant, phone),
    )


def _why(  # noqa: PLR0917 - private, called once
    kind: str, one: Due, family: Family, person: Person | None, status: FamilyStatus | None, today: date
) -> str:
    if kind == "unconfirmed":
        return "подтверждены последний раз" if one.on else "не подтверждались ни разу"
    if status is not None:
        # Health, a resolution of the commission: the list does not name it, the card does.
        named = f"«{status.type}»" if status in open_statuses(family) else "(какой — в карточке)"
        return f"{'истёк' if one.on and one.on < today else 'истекает'} документ о статусе {named}"
    name = person.name if person else ""
    if kind == "study":
        return f"{name}: {'истекла' if one.on and one.on < today else 'истекает'} справка об очном обучении"
    if kind == "measures":
        return f"заканчиваются меры поддержки: старший ребёнок — {name}"
    return f"{name}: {TITLES[kind].lower()}"


def _whom_to_call(family: Family) -> tuple[Person | None, Phone | None]:
    """The applicant with a telephone, else whoever of the family has one."""
    people = sorted(family.members, key=lambda one: (one.do_not_call, not one.is_applicant, one.id))
    for person in people:
        if person.active_phones:
            return person, person.active_phones[0]
    return (people[0] if people else None), None


def _warnings(family: Family, applicant: Person | None, phone: Phone | None) -> tuple[str, ...]:
    asked = ("просил(а) не звонить: напишите письмо",) if applicant and applicant.do_not_call else ()
    return (*asked, *warnings_of(family, phone))
