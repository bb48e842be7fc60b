"""Who is not called and why, as the head sees it: refusals that stand, and what calls have taught about numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from crm.dialler.tables import CallRefusal, NumberMark
from crm.family_tables import ACTIVE, Family, Person
from crm.masked import MaskedFamily, masked, masked_number
from crm.staff import Employee
from crm.visibility import seen_by

MOST = 300


@dataclass(frozen=True)
class Listed:
    """One refusal or mark: whose number, masked; the person where it is known whose."""

    row: CallRefusal | NumberMark
    who: MaskedFamily | None
    number: str
    whole_family: bool = False
    written_by: str = ""


def refusals(session: Session, viewer: Employee) -> list[Listed]:
    """Refusals that stand, the newest first; of people whom the viewer may know of."""
    rows = select(CallRefusal).outerjoin(Person, Person.id == CallRefusal.person_id)
    rows = rows.outerjoin(Family, Family.id == func.coalesce(CallRefusal.family_id, Person.family_id))
    rows = rows.where(CallRefusal.ended_at.is_(None), or_(Family.id.is_(None), seen_by(viewer)))
    return _listed(session, session.scalars(rows.order_by(CallRefusal.at.desc()).limit(MOST)).all(), viewer)


def marks(session: Session, viewer: Employee) -> list[Listed]:
    """Marks that stand, the newest first; of people whom the viewer may know of."""
    rows = select(NumberMark).outerjoin(Person, Person.id == NumberMark.person_id)
    rows = rows.outerjoin(Family, Family.id == Person.family_id)
    rows = rows.where(NumberMark.cleared_at.is_(None), or_(Family.id.is_(None), seen_by(viewer)))
    return _listed(session, session.scalars(rows.order_by(NumberMark.at.desc()).limit(MOST)).all(), viewer)


def on_cards(session: Session, viewer: Employee) -> list[MaskedFamily]:
    """People whose card says that they want no calls; of families whom the viewer may know of, by name."""
    people = (
        select(Person)
        .join(Family, Family.id == Person.family_id)
        .where(Person.do_not_call, Person.left_at.is_(None), Family.state == ACTIVE, seen_by(viewer))
        .order_by(Family.name, Person.id)
        .limit(MOST)
    )
    return [masked(session, one, one.family, "", viewer) for one in session.scalars(people)]


def _listed(session: Session, rows: Sequence[CallRefusal | NumberMark], viewer: Employee) -> list[Listed]:
    return [_line(session, row, viewer) for row in rows]


def _line(session: Session, row: CallRefusal | NumberMark, viewer: Employee) -> Listed:
    person = session.get(Person, row.person_id) if row.person_id else None
    family_id = getattr(row, "family_id", None) or (person.family_id if person is not None else None)
    family = session.get(Family, family_id) if family_id else None
    if person is None and family is not None:
        person = next((one for one in family.members if one.is_applicant), next(iter(family.members), None))
    who = masked(session, person, family, row.number, viewer) if person is not None else None
    writer = session.get(Employee, row.employee_id) if isinstance(row, CallRefusal) and row.employee_id else None
    return Listed(
        row,
        who,
        masked_number(row.number) if row.number else "",
        whole_family=isinstance(row, CallRefusal) and row.family_id is not None,
        written_by=writer.short_name if writer is not None else "",
    )
