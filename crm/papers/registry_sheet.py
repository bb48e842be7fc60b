"""«Реестр многодетных семей»: exactly the 5 columns of the procedure (B-5), on paper and on the screen.

Only families whose status «многодетная» stands, and only those that the viewer may see. The brief says nothing that is
special by law: no health, no commission, no service at the front (domain.md §4.1).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from callflow.phone import normalise
from crm.audit import Actor, write
from crm.family_tables import ACTIVE, Family, FamilyStatus, Person
from crm.institution import Institution
from crm.masked import children_of, open_statuses
from crm.papers.workbook import Sheet
from crm.staff import Employee
from crm.visibility import seen_by

LARGE = "многодетная"
TITLE = "Реестр многодетных семей"
HEADINGS = (
    "№ п/п",
    "Состав семьи",
    "Адрес проживания",
    "Контактные данные (телефон, эл. почта)",
    "Краткая информация о семье",
)
"""Word for word as in the procedure."""
WIDTHS = (6, 46, 30, 34, 44)
BATCH = 500


def condition(viewer: Employee) -> ColumnElement[bool]:
    """The condition on `Family` for being in the registry that this viewer sees."""
    stands = exists().where(
        FamilyStatus.family_id == Family.id, FamilyStatus.type == LARGE, FamilyStatus.revoked_at.is_(None)
    )
    return (Family.state == ACTIVE) & stands & seen_by(viewer)


def count(session: Session, viewer: Employee) -> int:
    """Return how many families the registry has for this viewer."""
    return session.scalar(select(func.count()).select_from(Family).where(condition(viewer))) or 0


def prepare(
    session: Session, _filters: Mapping[str, Any], viewer: Employee, _at: datetime
) -> tuple[Sheet, Iterator[Sequence[str]]]:
    """Return the sheet and its rows, in the order of the families' names."""
    institution = session.scalars(select(Institution.name).order_by(Institution.id)).first() or ""
    sheet = Sheet("Реестр", HEADINGS, WIDTHS, (TITLE, institution))
    return sheet, rows(session, viewer)


def rows(session: Session, viewer: Employee) -> Iterator[Sequence[str]]:
    """Yield the registry's rows, in a stream."""
    statement = select(Family).where(condition(viewer)).order_by(Family.name, Family.id)
    for number, family in enumerate(session.scalars(statement.execution_options(yield_per=BATCH)), 1):
        yield row_of(number, family)


def page(session: Session, viewer: Employee, first: int, limit: int) -> list[tuple[int, Sequence[str]]]:
    """Return (family's id, its row) for the screen, from the `first`-th (0 is the first) on."""
    statement = select(Family).where(condition(viewer)).order_by(Family.name, Family.id).offset(first).limit(limit)
    found = session.scalars(statement).all()
    return [(family.id, row_of(first + place, family)) for place, family in enumerate(found, 1)]


def opened(session: Session, actor: Actor, number: int, at: datetime) -> None:
    """Note in the audit log that this page of the registry was looked at."""
    write(session, actor, "registry.open", subject="registry", details={"page": number}, at=at)


def row_of(number: int, family: Family) -> tuple[str, ...]:
    """Return the five columns of one family."""
    people = family.members
    return (
        str(number),
        "\n".join(_member(person) for person in people),
        ", ".join(part for part in (family.locality, family.address) if part),
        "\n".join(contacts(people)),
        brief(family),
    )


def contacts(people: Sequence[Person]) -> Iterator[str]:
    """Yield «+7 907 000-01-01 (Елена, мать)» for each telephone that still holds, then the e-mail addresses."""
    for person in people:
        whose = ", ".join(part for part in (person.name, person.relation) if part)
        for phone in person.phones:
            if phone.removed_at is None:
                known = normalise(phone.number)
                number = known.display if known else phone.number
                yield f"{number} ({whose})" if whose else number
    yield from dict.fromkeys(person.email for person in people if person.email)


def brief(family: Family) -> str:
    """Return «3 детей; многодетная: удостоверение № 12 от 01.02.2024, подтверждена 10.03.2026; малоимущая»."""
    parts = [f"детей: {len(children)}"] if (children := children_of(family)) else []
    parts.extend(_status(status) for status in open_statuses(family))
    return "; ".join(parts)


def _status(status: FamilyStatus) -> str:
    document = f"№ {status.document_number}" if status.document_number else ""
    dated = f"от {_day(status.document_date)}" if status.document_date else ""
    words = " ".join(part for part in (status.basis, document, dated) if part)
    verified = f"подтверждена {_day(status.verified_on)}" if status.verified_on else "со слов"
    until = f"до {_day(status.valid_to)}" if status.valid_to else ""
    said = ", ".join(part for part in (words, until, verified) if part)
    return f"{status.type}: {said}"


def _member(person: Person) -> str:
    name = " ".join(part for part in (person.surname, person.name, person.patronymic) if part)
    born = f", {_day(person.birth_date)} г. р." if person.birth_date else ""
    relation = f" — {person.relation}" if person.relation else ""
    return f"{name}{born}{relation}"


def _day(value: date) -> str:
    return f"{value:%d.%m.%Y}"
