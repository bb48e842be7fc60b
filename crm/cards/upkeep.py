"""«Актуализация»: families to be called because their card grows old or something in it is about to change (B-5, A-12;
domain.md §2.6).

Each list is a range over an index, cut at MOST rows: a longer list is worked off from its beginning. Nobody finds a
family here whose card she may not open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, aliased

from crm.cards.changes import note
from crm.cards.editing import open_for_change
from crm.cards.family_rules import Child, birthday, measures_until, studies_on
from crm.cards.upkeep_days import born_between, year_before
from crm.family_tables import ACTIVE, CARD_STATES, Family, FamilyStatus, Person
from crm.masked import CHILD_RELATIONS
from crm.staff import Employee
from crm.visibility import seen_by

AGES = (3, 7, 14, 18, 23)
"""23 for those who study full-time."""
LARGE = "многодетная"
MOST = 1000
OVERDUE_DAYS = 60
"""Papers that ran out lately stay in the list: nobody may have called before."""
_CHILDREN = CHILD_RELATIONS | {"ребёнок"}
_IN_USE = Family.state.not_in([state for state in CARD_STATES if state != ACTIVE])
"""As `state = active`, but SQLite would take that for a reason to begin with all active cards instead of the dates."""


@dataclass(frozen=True)
class Due:
    """Why a family is to be called. `on`: the day, None: never confirmed. `person_id`, `status_id`: about what."""

    family_id: int
    on: date | None
    person_id: int = 0
    status_id: int = 0


def kinds() -> tuple[str, ...]:
    """The lists, in the order of the page."""
    return ("unconfirmed", "papers", "study", *(f"age-{age}" for age in AGES), "measures")


def due(  # noqa: PLR0917 - which list, for whom, when
    session: Session, kind: str, viewer: Employee, today: date, days: int, most: int = MOST
) -> Sequence[Due]:
    """Return who is due within so many days, the earliest first, at most `most`. Raises ValueError for no such list."""
    until = today + timedelta(days=days)
    if kind == "unconfirmed":
        return unconfirmed(session, viewer, today, most)
    if kind == "papers":
        return expiring_papers(session, viewer, today, until, most)
    if kind == "study":
        return expiring_certificates(session, viewer, today, until, most)
    if kind == "measures":
        return measures_ending(session, viewer, today, until, most)
    if kind in kinds():
        return turning(session, viewer, int(kind.removeprefix("age-")), today, until, most)
    raise ValueError("no such list")


def unconfirmed(session: Session, viewer: Employee, today: date, most: int = MOST) -> list[Due]:
    """Families whose data nobody has confirmed for twelve months (B-5); those never confirmed since then first."""
    limit = year_before(today)
    # created_at is an instant and the limit a day: a few hours of zone do not matter after a year.
    never = (
        select(Family.id)
        .where(Family.state == ACTIVE, Family.actualized_on.is_(None), seen_by(viewer))
        .where(Family.created_at < datetime.combine(limit, time(), UTC))
        .order_by(Family.created_at, Family.id)
        .limit(most)
    )
    found = [Due(family_id, None) for family_id in session.scalars(never)]
    dated = (
        select(Family.id, Family.actualized_on)
        .where(Family.state == ACTIVE, Family.actualized_on <= limit, seen_by(viewer))
        .order_by(Family.actualized_on, Family.id)
        .limit(most - len(found))
    )
    return found + [Due(family_id, on) for family_id, on in session.execute(dated)]


def expiring_papers(session: Session, viewer: Employee, today: date, until: date, most: int = MOST) -> list[Due]:
    """Statuses whose paper runs out by `until`, or ran out lately."""
    statement = (
        select(FamilyStatus.family_id, FamilyStatus.valid_to, FamilyStatus.id)
        .join(Family, Family.id == FamilyStatus.family_id)
        .where(FamilyStatus.valid_to.between(today - timedelta(days=OVERDUE_DAYS), until))
        .where(FamilyStatus.revoked_at.is_(None), _IN_USE, seen_by(viewer))
        .order_by(FamilyStatus.valid_to, FamilyStatus.id)
        .limit(most)
    )
    return [Due(family_id, on, status_id=key) for family_id, on, key in session.execute(statement)]


def expiring_certificates(session: Session, viewer: Employee, today: date, until: date, most: int = MOST) -> list[Due]:
    """Full-time students whose certificate runs out by `until`, or ran out lately: a new one is needed each year."""
    since = today - timedelta(days=OVERDUE_DAYS)
    statement = _people(viewer, Person.full_time_student_until.between(since, until), most)
    rows = session.execute(statement.order_by(Person.full_time_student_until, Person.id))
    return [Due(family_id, on, person_id) for person_id, family_id, _, on in rows]


def turning(  # noqa: PLR0917 - which age, for whom, when
    session: Session, viewer: Employee, age: int, since: date, until: date, most: int = MOST
) -> list[Due]:
    """Children who reach this age; at 18 and 23 only sons, daughters and wards, at 23 only full-time students."""
    statement = _people(viewer, Person.birth_date.between(*born_between(age, since, until)), most)
    if age >= 18:
        statement = statement.where(Person.relation.in_(_CHILDREN))
    if age == 23:
        statement = statement.where(Person.full_time_student_until.is_not(None))
    rows = session.execute(statement.order_by(Person.birth_date, Person.id))
    return [
        Due(family_id, birthday(born, age), person_id)
        for person_id, family_id, born, student in rows
        if born and (age != 23 or studies_on(Child(born, student)))
    ]


def measures_ending(session: Session, viewer: Employee, since: date, until: date, most: int = MOST) -> list[Due]:
    """Large families whose eldest child ends the measures of support: at 18, with the end of his study, or at 23."""
    elder = aliased(Person)
    is_eldest = ~(
        select(elder.id)
        .where(elder.family_id == Person.family_id, elder.left_at.is_(None), elder.relation.in_(_CHILDREN))
        .where(
            or_(elder.birth_date < Person.birth_date, (elder.birth_date == Person.birth_date) & (elder.id < Person.id))
        )
        .exists()
    )
    is_large = (
        select(FamilyStatus.id)
        .where(FamilyStatus.family_id == Person.family_id, FamilyStatus.type == LARGE)
        .where(FamilyStatus.revoked_at.is_(None))
        .exists()
    )
    found: dict[int, Due] = {}
    for range_ in (
        Person.birth_date.between(*born_between(18, since, until)),
        Person.full_time_student_until.between(since, until),
        Person.birth_date.between(*born_between(23, since, until)),
    ):
        statement = _people(viewer, range_, most).where(Person.relation.in_(_CHILDREN), is_eldest, is_large)
        for person_id, family_id, born, student in session.execute(statement.order_by(Person.birth_date, Person.id)):
            end = measures_until([Child(born, student)]) if born else None
            if end is not None and since <= end <= until:
                found[person_id] = Due(family_id, end, person_id)
    return sorted(found.values(), key=lambda one: (one.on or since, one.person_id))[:most]


def confirm(session: Session, family_id: int, employee: Employee, at: datetime, today: date, *, ip: str = "") -> bool:
    """Note that the family confirmed today that the card is right; False where somebody did so today already.

    Raises NotFound and RecordsError as every change of a card.
    """
    family = open_for_change(session, family_id, employee, at)
    before = {"actualized_on": family.actualized_on}
    if family.actualized_on == today:
        return False
    family.actualized_on, family.actualized_by_id = today, employee.id
    after = {"actualized_on": today}
    return note(session, family, "family", family.id, before, after, employee, at, action="card.confirm", ip=ip)


def _people(viewer: Employee, range_: ColumnElement[bool], most: int) -> Select[int, int, date | None, date | None]:
    """People of active cards within a range of dates: (person, family, birth date, student until)."""
    return (
        select(Person.id, Family.id, Person.birth_date, Person.full_time_student_until)
        .join(Family, Family.id == Person.family_id)
        .where(range_, Person.left_at.is_(None), _IN_USE, seen_by(viewer))
        .limit(most)
    )
