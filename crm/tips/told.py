"""What somebody tells of a family, as the form holds it, and what of it can be entered."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from callflow.phone import normalise
from callflow.text import clean_line, clean_text
from crm import families, institution
from crm.base import MAX_ID, fetch
from crm.call_tables import CallRecord
from crm.errors import Incomplete, NotFound
from crm.family_tables import Family
from crm.masked import brief_of
from crm.staff import Employee
from crm.tips import joining
from crm.tips.access import services_of
from crm.tips.rules import names_somebody

NOT_KNOWN = "сведений о семье пока нет"
_HERE = "Здесь указано, кто сообщил: уберите это. Для этого есть отдельные поля."


@dataclass(frozen=True)
class Told:
    """What the form holds. `numbers` of the family as typed, several in one line; `risk` None: not asked yet.

    `informant_*` go to their own table and nowhere else. `call_id`: the call in which it was told.
    """

    service_id: int
    words: str
    risk: bool | None
    said_112: bool = False
    family_id: int | None = None
    about_name: str = ""
    about_address: str = ""
    about_children: str = ""
    numbers: str = ""
    informant_name: str = ""
    informant_organisation: str = ""
    informant_phone: str = ""
    stays_unknown: bool = False
    call_id: int | None = None
    form_key: str = ""


@dataclass(frozen=True)
class Known:
    """The form, checked."""

    family: Family | None
    numbers: list[str]
    about_name: str
    about_address: str
    brief: str
    words: str
    call: CallRecord | None = None


def check(session: Session, told: Told, employee: Employee) -> Known:
    """The form as it can be entered. Raises Incomplete by field, NotFound for a card or call not hers to name."""
    problems: dict[str, str] = {}
    if told.service_id not in services_of(session, employee):
        problems["service_id"] = "Выберите службу."
    family = families.fetch_family(session, told.family_id, employee) if told.family_id else None
    about_name, about_address = clean_line(told.about_name, 200), clean_line(told.about_address, 300)
    children, words = clean_line(told.about_children, 300), clean_text(told.words, 4000)
    numbers, unread = read_numbers(session, told.numbers)
    if unread:
        problems["numbers"] = "Номер не распознан: нужно 11 цифр, например 8 907 000-01-01."
    if not words:
        problems["words"] = "Запишите, что сообщили."
    if family is None and not (about_name or about_address or numbers):
        problems["about_name"] = "Укажите, о какой семье речь: фамилию, адрес или телефон."
    if told.risk is None:
        problems["risk"] = "Спросите и отметьте ответ."
    elif told.risk and not told.said_112:
        problems["said_112"] = "Попросите позвонить 112 и отметьте, что сказали."
    whose = " ".join((about_name, family.name if family else ""))
    typed = {"words": words, "about_name": about_name, "about_address": about_address, "about_children": children}
    for name, text in typed.items():
        # A family of the informant's own name is called what it is called.
        if names_somebody(text, told.informant_name, told.informant_phone, whose):
            problems.setdefault(name, _HERE)
    if set(numbers) & set(read_numbers(session, told.informant_phone)[0]):
        problems.setdefault("numbers", "Это телефон того, кто сообщил. Здесь нужны телефоны семьи.")
    if problems:
        raise Incomplete(problems)
    brief = brief_of(family) if family is not None and not family.restricted else ""
    brief = brief or ", ".join(part for part in (about_name, about_address, children) if part) or NOT_KNOWN
    return Known(family, numbers, about_name, about_address, brief, words, _call(session, told.call_id, employee))


def read_numbers(session: Session, text: str) -> tuple[list[str], bool]:
    """The telephones in this line (E.164), each once, and whether a part of it is none."""
    found, unread = [], False
    area = institution.area_code(session)
    for part in text.replace(";", ",").split(","):
        if not part.strip():
            continue
        known = normalise(part, area)
        if known is None:
            unread = True
        elif known.e164 not in found:
            found.append(known.e164)
    return found[: joining.MOST_NUMBERS], unread


def sole_family(session: Session, numbers: Sequence[str]) -> int | None:
    """The one card that all of these telephones lead to, whoever may see it."""
    owners = {one for number in numbers for one in families.owners(session, number) if one is not None}
    return next(iter(owners)) if len(owners) == 1 else None


def _call(session: Session, call_id: int | None, employee: Employee) -> CallRecord | None:
    """The call in which she was told; anybody else's is not hers to name."""
    if call_id is None:
        return None
    call = fetch(session, CallRecord, call_id) if 1 <= call_id <= MAX_ID else None
    if call is None or not any(leg.employee_id == employee.id and leg.answered_at for leg in call.legs):
        raise NotFound("Такого звонка нет.")
    return call
