"""What of a family's people is written on its card once more, so that a million families are asked in one pass.

`Family.child_births`: birth dates of the children, the youngest first, eight digits each («2023110520190212»);
`Family.has_phone`: anybody can be telephoned. Both are made from the records alone, with the search index and in the
same transactions (`crm.search.index`), and made again with it. Counting four million people for one question takes
fifty times longer than reading these.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.family_tables import Family, Person, Phone
from crm.masked import CHILD_RELATIONS

CHILDREN = CHILD_RELATIONS | {"ребёнок"}
OF_AGE = 18
MOST_CHILDREN = 20
"""Of a larger family the twenty youngest: the text has an end, and so has the question."""
DIGITS = 8


def births_of(births: Iterable[date]) -> str:
    """The children's birth dates as the card keeps them."""
    return "".join(f"{born:%Y%m%d}" for born in sorted(births, reverse=True)[:MOST_CHILDREN])


def refresh(session: Session, family_ids: Sequence[int]) -> None:
    """Write both anew where they differ, for these cards (a thousand at most)."""
    births: dict[int | None, list[date]] = defaultdict(list)
    children = select(Person.family_id, Person.birth_date).where(
        Person.family_id.in_(family_ids), Person.left_at.is_(None), Person.relation.in_(sorted(CHILDREN))
    )
    for family_id, born in session.execute(children):
        if born is not None:
            births[family_id].append(born)
    owners = select(Person.family_id).join(Phone, Phone.person_id == Person.id)
    reachable = owners.where(
        Person.family_id.in_(family_ids), Person.left_at.is_(None), Phone.removed_at.is_(None), Phone.number != ""
    )
    with_phone = set(session.scalars(reachable))
    stored = select(Family.id, Family.child_births, Family.has_phone).where(Family.id.in_(family_ids))
    for family_id, known_births, known_phone in session.execute(stored).all():
        wanted = births_of(births[family_id]), family_id in with_phone
        if wanted != (known_births, known_phone):
            statement = update(Family).where(Family.id == family_id)
            session.execute(
                statement.values(child_births=wanted[0], has_phone=wanted[1]),
                execution_options={"synchronize_session": False},
            )
