"""The editable lists of the card: grounds, forms and kinds of service, statuses, risks, relations and the rest.

The records store codes. A value that is no longer wanted is switched off, never deleted: old rows still say it.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.base import fetch
from crm.cards.tables import CatalogueItem
from crm.errors import Incomplete, NotFound
from crm.staff import Employee

CATALOGUES = {
    "ground": "Основания нуждаемости (442-ФЗ ст. 15)",
    "service_form": "Формы обслуживания (442-ФЗ ст. 19)",
    "service_kind": "Виды услуг (442-ФЗ ст. 20)",
    "status": "Статусы семьи",
    "risk": "Признаки риска",
    "relation": "Кем приходится",
    "housing": "Жильё",
    "income": "Доход",
    "transport": "Транспорт",
    "topic": "Темы обращений",
}
WORDS_AS_CODES = frozenset(["status", "relation", "topic"])
"""The records store the words themselves: a new value's code is its title, and stays so when the title changes."""

MOST_ITEMS = 200


def items(session: Session, catalogue: str, *, with_inactive: bool = False) -> list[CatalogueItem]:
    """Return the list's values in its order."""
    statement = select(CatalogueItem).where(CatalogueItem.catalogue == catalogue)
    if not with_inactive:
        statement = statement.where(CatalogueItem.active)
    return list(session.scalars(statement.order_by(CatalogueItem.position, CatalogueItem.id)))


def titles(session: Session, catalogue: str) -> dict[str, str]:
    """Return every code's title, those switched off included: old rows still say them."""
    return {item.code: item.title for item in items(session, catalogue, with_inactive=True)}


def title(session: Session, catalogue: str, code: str) -> str:
    """Return what the code stands for; the code itself where the list does not know it, '' for none."""
    if not code:
        return ""
    statement = select(CatalogueItem.title)
    known = session.scalars(statement.where(CatalogueItem.catalogue == catalogue, CatalogueItem.code == code)).first()
    return known or code


def is_known(session: Session, catalogue: str, code: str, *, stored: str = "") -> bool:
    """Whether a form may send this code: it is on the list and in use, or it is what the record holds already."""
    return code in ("", stored) or any(item.code == code for item in items(session, catalogue))


def special_codes(session: Session, catalogue: str) -> frozenset[str]:
    """Codes that are never printed in a brief nor read aloud (domain.md §4.1). Asked once per session."""
    cache: dict[str, frozenset[str]] = session.info.setdefault("special_codes", {})
    if catalogue not in cache:
        statement = select(CatalogueItem.code).where(CatalogueItem.catalogue == catalogue, CatalogueItem.special)
        cache[catalogue] = frozenset(session.scalars(statement))
    return cache[catalogue]


def add(
    session: Session,
    catalogue: str,
    text: str,
    employee: Employee,
    at: datetime,
    *,
    source: str = "",
    special: bool = False,
    ip: str = "",
) -> CatalogueItem:
    """Add a value at the end of a list. Raises NotFound, Incomplete; the same title twice is one value."""
    if catalogue not in CATALOGUES:
        raise NotFound("Такого справочника нет.")
    text = _title(text)
    known = items(session, catalogue, with_inactive=True)
    if any(item.title.casefold() == text.casefold() for item in known):
        raise Incomplete({"title": "Такая строка уже есть. Если она выключена, включите её."})
    if len(known) >= MOST_ITEMS:
        raise Incomplete({"title": "Справочник полон: сначала приведите в порядок то, что есть."})
    item = CatalogueItem(
        catalogue=catalogue,
        code=text if catalogue in WORDS_AS_CODES else _next_code(session, catalogue),
        title=text,
        source=clean_line(source, 120),
        position=max((one.position for one in known), default=0) + 10,
        special=special,
    )
    session.add(item)
    session.flush()
    _log(session, item, "catalogue.add", employee, at, ip)
    return item


def save(
    session: Session,
    item_id: int,
    text: str,
    employee: Employee,
    at: datetime,
    *,
    source: str,
    special: bool,
    active: bool,
    ip: str = "",
) -> CatalogueItem:
    """Change a value's words, or switch it on or off; its code stays. Raises NotFound, Incomplete."""
    item = fetch(session, CatalogueItem, item_id, lock=True)
    if item is None:
        raise NotFound("Такой строки в справочнике нет.")
    text = _title(text)
    others = [one for one in items(session, item.catalogue, with_inactive=True) if one.id != item.id]
    if any(one.title.casefold() == text.casefold() for one in others):
        raise Incomplete({"title": "Такая строка уже есть."})
    item.title, item.source, item.special, item.active = text, clean_line(source, 120), special, active
    session.flush()
    session.info.pop("special_codes", None)
    _log(session, item, "catalogue.save", employee, at, ip)
    return item


def move(session: Session, item_id: int, employee: Employee, at: datetime, *, up: bool, ip: str = "") -> None:
    """Change places with the neighbour above or below; at the end of the list nothing happens. Raises NotFound."""
    item = fetch(session, CatalogueItem, item_id, lock=True)
    if item is None:
        raise NotFound("Такой строки в справочнике нет.")
    known = items(session, item.catalogue, with_inactive=True)
    place = known.index(item)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(known):
        return
    known[place], known[other] = known[other], known[place]
    _number(known)
    session.flush()
    _log(session, item, "catalogue.move", employee, at, ip)


def _number(known: Iterable[CatalogueItem]) -> None:
    for position, item in enumerate(known, start=1):
        item.position = position * 10


def _title(text: str) -> str:
    text = clean_line(text, 200)
    if not text:
        raise Incomplete({"title": "Введите название."})
    return text


def _next_code(session: Session, catalogue: str) -> str:
    count = select(func.count()).select_from(CatalogueItem).where(CatalogueItem.catalogue == catalogue)
    return f"own_{(session.scalar(count) or 0) + 1}"


def _log(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, item: CatalogueItem, action: str, employee: Employee, at: datetime, ip: str
) -> None:
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="catalogue_item",
        subject_id=item.id,
        details={"catalogue": item.catalogue},
        at=at,
    )
