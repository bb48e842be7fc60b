"""Limited visibility («СОП», crisis flat): who decides it, why, and to whom the card is entrusted (domain.md §2.6).

For everybody else such a card does not exist; the rules that hide it stand in `crm.visibility`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.cards.changes import check_version, note
from crm.cards.editing import GUARDIANS, open_for_change, set_restricted
from crm.cards.statuses import DANGEROUS
from crm.errors import Incomplete
from crm.family_tables import Family, FamilyAssignment
from crm.staff import Employee
from crm.visibility import sees_families


def entrusted(session: Session, family_id: int) -> Sequence[Employee]:
    """Return the employees to whom the card is entrusted, by name."""
    statement = select(Employee).join(FamilyAssignment, FamilyAssignment.employee_id == Employee.id)
    statement = statement.where(FamilyAssignment.family_id == family_id)
    return session.scalars(statement.order_by(Employee.surname, Employee.id)).all()


def may_be_entrusted(session: Session) -> Sequence[Employee]:
    """Return who may be given a restricted card: active people who work with families and do not see it anyway."""
    people = session.scalars(select(Employee).where(Employee.active).order_by(Employee.surname, Employee.id))
    return [one for one in people if sees_families(one) and one.role not in GUARDIANS]


def restrict(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    family_id: int,
    restricted: bool,
    entrusted_ids: Collection[int],
    reason: str,
    version: int,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> Family:
    """Close or open a card, and say to whom it is entrusted. Only for the head and the director.

    The reason is asked for where the visibility changes. Raises NotFound, RecordsError, StaleVersion, Incomplete.
    """
    family = open_for_change(session, family_id, employee, at, roles=GUARDIANS)
    known = entrusted(session, family.id)
    before = {"restricted": family.restricted, "entrusted": [one.short_name for one in known]}
    check_version(family, version, before)
    reason = clean_line(reason, 200)
    if restricted != family.restricted and not reason:
        raise Incomplete({"reason": "Напишите причину: она останется в истории карточки."})
    if not restricted and any(status.type == DANGEROUS for status in family.standing_statuses):
        raise Incomplete({"restricted": "У семьи действует статус «СОП»: сначала снимите его с указанием причины."})
    people = {one.id: one for one in may_be_entrusted(session)}
    if set(entrusted_ids) - set(people):
        raise Incomplete({"entrusted": "Выберите сотрудников из списка."})
    chosen = {one: people[one] for one in entrusted_ids} if restricted else {}
    _assign(session, family.id, {one.id for one in known}, set(chosen))
    after = {"restricted": restricted, "entrusted": [one.short_name for one in chosen.values()]}
    if restricted != family.restricted:
        after["restricted_reason"] = reason
    set_restricted(session, family, restricted)
    note(session, family, "family", family.id, before, after, employee, at, action="card.restrict", ip=ip)
    return family


def _assign(session: Session, family_id: int, known: set[int], wanted: set[int]) -> None:
    """The rows say who is entitled now; who was, is in the card's history."""
    if gone := known - wanted:
        session.execute(
            delete(FamilyAssignment).where(
                FamilyAssignment.family_id == family_id, FamilyAssignment.employee_id.in_(gone)
            )
        )
    session.add_all(FamilyAssignment(family_id=family_id, employee_id=one) for one in sorted(wanted - known))
    session.flush()
