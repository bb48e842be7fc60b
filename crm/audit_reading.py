"""Reading the audit log: by employee, family, action and time, newest first, quick at a million entries (S19).

Every question follows one index that ends with (at, seq): see `AuditEvent.__table_args__`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from crm.audit import AuditEvent
from crm.base import MAX_ID
from crm.family_tables import Family

NOBODY = 0
"""An employee or a family that cannot be: the question then has no answer."""


@dataclass(frozen=True)
class AuditFilters:
    """What is asked. `since` (inclusive) and `until` (exclusive) are aware; `actions` empty: any."""

    employee_id: int | None = None
    family_id: int | None = None
    actions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AuditPage:
    """`older` is the `before` of the next page, None on the last one; `cards`: card numbers by family id."""

    rows: Sequence[AuditEvent]
    older: int | None
    cards: dict[int, str]


def page(session: Session, filters: AuditFilters, *, before: int | None = None, limit: int = 100) -> AuditPage:
    """Return the newest entries that answer `filters`, older than the entry `before` (its seq)."""
    statement = statement_of(filters)
    if before is not None:
        edge = session.get(AuditEvent, before) if 1 <= before <= MAX_ID else None
        if edge is None:
            return AuditPage([], None, {})
        at, seq = AuditEvent.at, AuditEvent.seq
        # The first condition alone is what an index can use; the second one decides within the same moment.
        statement = statement.where(at <= edge.at, or_(at < edge.at, and_(at == edge.at, seq < edge.seq)))
    rows = session.scalars(statement.limit(limit + 1)).all()
    shown = rows[:limit]
    return AuditPage(shown, shown[-1].seq if len(rows) > limit else None, cards_of(session, shown))


def statement_of(filters: AuditFilters) -> Select[AuditEvent]:
    """Return the question as a statement, newest first."""
    statement = select(AuditEvent).order_by(AuditEvent.at.desc(), AuditEvent.seq.desc())
    if filters.employee_id is not None:
        statement = statement.where(AuditEvent.actor_id == filters.employee_id)
    if filters.family_id is not None:
        statement = statement.where(AuditEvent.family_id == filters.family_id)
    if filters.actions:
        statement = statement.where(AuditEvent.action.in_(filters.actions))
    if filters.since is not None:
        statement = statement.where(AuditEvent.at >= filters.since)
    if filters.until is not None:
        statement = statement.where(AuditEvent.at < filters.until)
    return statement


def cards_of(session: Session, rows: Sequence[AuditEvent]) -> dict[int, str]:
    """Return the card numbers of the families that these entries concern: all that the auditor sees of them."""
    ids = {row.family_id for row in rows if row.family_id is not None}
    statement = select(Family.id, Family.card_number).where(Family.id.in_(ids))
    return {row.id: row.card_number for row in session.execute(statement)} if ids else {}


def card_of(session: Session, family_id: int) -> str:
    """Return the card number of a family, '' where there is no such card."""
    return session.scalar(select(Family.card_number).where(Family.id == family_id)) or ""


def family_of_card(session: Session, card: str) -> int:
    """Return the id of the family whose card number was typed: «С-00001», «c-1», «1». NOBODY where there is none."""
    typed = re.fullmatch(r"(?:№\s*)?(?:[СC]\s*[-–]?\s*)?([0-9]{1,18})", card.strip().upper())
    found = typed and session.scalar(select(Family.id).where(Family.card_number == f"С-{int(typed[1]):05d}"))
    return found or NOBODY
