"""What changed on a card: one row per field, one version per save, and what a second saver is told.

A form carries the version of the card that it showed. Two people may edit different parts of one card at once: what
stands in the way is only a newer change of the same fields (reliability.md: nothing that was typed is lost).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from crm.audit import Actor, write
from crm.cards.tables import CardChange
from crm.errors import StaleVersion
from crm.family_tables import Family
from crm.search.index import reindex_family
from crm.staff import Employee


@dataclass(frozen=True)
class FieldChange:
    """One field that somebody else changed meanwhile; texts as the form writes them. `at` is UTC."""

    field: str
    old: str
    new: str
    who: str
    at: datetime


def as_text(value: object) -> str:
    """A value as the form writes it: «да», «12.11.2026», «social, legal»; '' for nothing."""
    if value is None or value is False:
        return ""
    if value is True:
        return "да"
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(as_text(one) for one in value))
    return str(value)


def note(  # noqa: PLR0917 - what changed, who, when: as in every verb
    session: Session,
    family: Family,
    subject: str,
    subject_id: int,
    before: Mapping[str, object],
    after: Mapping[str, object],
    employee: Employee | None,
    at: datetime,
    *,
    action: str = "card.save",
    ip: str = "",
    actor: Actor | None = None,
) -> bool:
    """Write down each field that differs, count the card's version up once, and say so in the audit log by names only.

    `subject` says what of the card it is («family», «person», «phone», …), `subject_id` which row. The search index
    follows in the same transaction. Returns False, and writes nothing, where nothing differs. `actor` is who did it
    where no employee did.
    """
    who = Actor.of(employee, ip) if employee else actor or Actor(None, "программа")
    texts = {name: (as_text(before.get(name)), as_text(value)) for name, value in after.items()}
    changed = {name: pair for name, pair in texts.items() if pair[0] != pair[1]}
    if not changed:
        return False
    family.version += 1
    session.add_all(
        CardChange(
            family_id=family.id,
            subject=subject,
            subject_id=subject_id,
            field=name,
            old=old,
            new=new,
            version=family.version,
            employee_id=employee.id if employee else None,
            at=at,
        )
        for name, (old, new) in changed.items()
    )
    write(
        session,
        who,
        action,
        subject=subject,
        subject_id=subject_id,
        family_id=family.id,
        details={"fields": sorted(changed)},
        at=at,
    )
    session.flush()
    reindex_family(session, family)
    return True


def check_version(
    family: Family, version: int, current: Mapping[str, object], *, subject: str = "family", subject_id: int = 0
) -> None:
    """Raise StaleVersion where one of the fields of `current` (the stored values) changed after `version`.

    `subject` and `subject_id` name the row that the form edits; 0 stands for the card itself. A version that the
    card's changes do not explain is stale too: better to ask once more than to write over something unseen.
    """
    if version == family.version:
        return
    session = object_session(family)
    if session is None or not 1 <= version < family.version:
        raise StaleVersion(dict(current), family.version)
    rows = session.execute(
        select(CardChange, Employee)
        .outerjoin(Employee, Employee.id == CardChange.employee_id)
        .where(CardChange.family_id == family.id, CardChange.version > version)
        .order_by(CardChange.id)
    ).all()
    explained = len({change.version for change, _ in rows}) == family.version - version
    same = [
        FieldChange(change.field, change.old, change.new, author.short_name if author else "программа", change.at)
        for change, author in rows
        if (change.subject, change.subject_id) == (subject, subject_id or family.id) and change.field in current
    ]
    if same or not explained:
        raise StaleVersion(dict(current), family.version, changes=latest_of_each(same))


def latest_of_each(changes: Collection[FieldChange]) -> list[FieldChange]:
    """Several changes of one field as one: from what it was first to what it is now, by whoever was last."""
    folded: dict[str, FieldChange] = {}
    for change in changes:
        first = folded.get(change.field, change)
        folded[change.field] = FieldChange(change.field, first.old, change.new, change.who, change.at)
    return [change for change in folded.values() if change.old != change.new]
