"""Who may see which family: by role, and for a restricted card by name (domain.md §2.6 «СОП», §4.3)."""

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm.base import MAX_ID
from crm.family_tables import Family, FamilyAssignment
from crm.staff import Employee, Role

_NO_FAMILIES = {Role.ADMINISTRATOR.value, Role.AUDITOR.value}
_ALL_FAMILIES = {Role.HEAD.value, Role.DIRECTOR.value}


def sees_families(viewer: Employee) -> bool:
    """The administrator and the auditor work without the families' data."""
    return viewer.active and viewer.role not in _NO_FAMILIES


def seen_by(viewer: Employee) -> ColumnElement[bool]:
    """Return the condition on `Family` for lists and counts: a restricted card is not even counted for the others."""
    if not sees_families(viewer):
        return false()
    if viewer.role in _ALL_FAMILIES:
        return true()
    entrusted = select(FamilyAssignment.family_id).where(FamilyAssignment.employee_id == viewer.id)
    return or_(Family.restricted.is_(False), Family.id.in_(entrusted))


def family_seen_by(
    viewer: Employee, family_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
) -> ColumnElement[bool]:
    """The same condition on a row that belongs to a family, asked of that one: `family_id` is the row's column.

    Not `IN (SELECT …)`: SQLite answers that by reading the whole registry first (90 ms of 100,000 families).
    """
    return select(Family.id).where(Family.id == family_id, seen_by(viewer)).exists()


def visible_to(session: Session, family: Family, viewer: Employee) -> bool:
    """Tell whether this viewer may open this card."""
    if not sees_families(viewer):
        return False
    if not family.restricted or viewer.role in _ALL_FAMILIES:
        return True
    return session.get(FamilyAssignment, (family.id, viewer.id)) is not None


def seen_family(session: Session, family_id: int, viewer: Employee, *, lock: bool = False) -> Family | None:
    """Return the card if this viewer may see it. A hidden card costs what a missing one costs: one question, nothing
    of it read, nothing locked (B61). `lock`: see `crm.base.fetch`.
    """
    if not 1 <= family_id <= MAX_ID:
        return None
    statement = select(Family).where(Family.id == family_id, seen_by(viewer))
    if lock:
        statement = statement.with_for_update(of=Family).execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()
