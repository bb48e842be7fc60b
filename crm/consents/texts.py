"""The texts that people agree to: versions, and the filled-in document (152-ФЗ art. 9 ч. 4; domain.md §4.1, S-2)."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.names import full_name
from callflow.text import clean_text
from crm.audit import Actor, write
from crm.consents.tables import PURPOSES, ConsentText
from crm.errors import Incomplete, NotFound
from crm.family_tables import Family, Person
from crm.institution import Institution, Service
from crm.staff import Employee, service_ids_of

VARIABLES = ("учреждение", "адрес учреждения", "субъект")
"""What stands in braces in a text and is filled in when it is read aloud or printed."""

LONGEST = 20_000
BLANK = "______________________________"


def current(session: Session, purpose: str) -> ConsentText:
    """Return the newest version for this purpose. Raises NotFound for a purpose that does not exist."""
    statement = select(ConsentText).where(ConsentText.purpose == purpose).order_by(ConsentText.version.desc()).limit(1)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("Такого согласия нет.")
    return found


def all_current(session: Session) -> dict[str, ConsentText]:
    """Return the newest text of every purpose."""
    return {purpose: current(session, purpose) for purpose in PURPOSES}


def versions(session: Session) -> Sequence[ConsentText]:
    """Return every version ever in use: by purpose, newest first."""
    order = list(PURPOSES)
    rows = session.scalars(select(ConsentText).order_by(ConsentText.version.desc())).all()
    return sorted(rows, key=lambda row: order.index(row.purpose))


def publish(
    session: Session,
    based_on: ConsentText,
    words: tuple[str, str],
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> ConsentText:
    """Put a new version into use, (spoken, printed); consents given before stay with the version they were given to.

    `based_on` is the version that the editor saw. The same words again are no new version. Raises Incomplete for empty
    texts and where somebody else has published meanwhile.
    """
    spoken, printed = (clean_text(text, LONGEST) for text in words)
    purpose = based_on.purpose
    # Two who publish at once take turns by the lock of the first version, which is there for ever.
    first = select(ConsentText).where(ConsentText.purpose == purpose, ConsentText.version == 1).with_for_update()
    session.execute(first)
    known = current(session, purpose)
    if (known.spoken, known.printed) == (spoken, printed):
        return known
    problems = {} if spoken else {"spoken": "Текст не может быть пустым."}
    if "{субъект}" not in printed:
        problems["printed"] = "В тексте для подписи нужно место для сведений о человеке: {субъект}."
    if known.version != based_on.version:
        problems[""] = f"Пока вы правили, введена версия {known.version}. Сверьте тексты и сохраните ещё раз."
    if problems:
        raise Incomplete(problems)
    text = ConsentText(
        purpose=purpose,
        version=known.version + 1,
        spoken=spoken,
        printed=printed,
        created_by_id=employee.id,
        created_at=at,
    )
    session.add(text)
    session.flush()
    write(
        session,
        Actor.of(employee, ip),
        "consent.text",
        subject="consent_text",
        subject_id=text.id,
        details={"purpose": purpose, "version": text.version},
        at=at,
    )
    return text


def institution_of(session: Session, employee: Employee) -> Institution:
    """The operator in whose name this employee asks: his service's institution, else the first one."""
    services = service_ids_of(session, employee.id)
    service = session.get(Service, services[0]) if services else None
    if service is not None:
        return service.institution
    found = session.scalars(select(Institution).order_by(Institution.id)).first()
    if found is None:
        raise NotFound("Не указано учреждение: сведения о нём вносит администратор.")
    return found


def filled(text: str, values: Mapping[str, str]) -> str:
    """Replace «{учреждение}» and its like; braces that name nothing known stay as they are."""
    return re.sub(r"\{([^{}]+)\}", lambda found: values.get(found[1], found[0]), text)


def operator_values(operator: Institution) -> dict[str, str]:
    """The operator's name and address for `filled`."""
    return {"учреждение": operator.name, "адрес учреждения": operator.address or BLANK}


def subject_words(person: Person, family: Family, *, by_representative: bool) -> str:
    """The first lines of a paper: who agrees, where he lives, which document he showed (art. 9 ч. 4 п. 1, 2).

    The document and the representative are written by hand: passports are not kept here.
    """
    name = full_name(person.surname, person.name, person.patronymic)
    address = person.registration_address or ", ".join(part for part in (family.locality, family.address) if part)
    document = f"документ, удостоверяющий личность: {BLANK}{BLANK} (вид, серия, номер, кем и когда выдан)"
    if not by_representative:
        return f"Я, {name}, проживающий(ая) по адресу: {address or BLANK}, {document}"
    born = f", {person.birth_date:%d.%m.%Y} года рождения" if person.birth_date else ""
    return (
        f"Я, {BLANK}{BLANK} (фамилия, имя, отчество представителя), проживающий(ая) по адресу: {BLANK}{BLANK}, "
        f"{document}, действующий(ая) на основании {BLANK} (свидетельство о рождении, акт органа опеки, доверенность: "
        f"номер и дата) в интересах: {name}{born}, проживающего(ей) по адресу: {address or BLANK}, "
        f"документ, удостоверяющий личность или рождение: {BLANK}"
    )
