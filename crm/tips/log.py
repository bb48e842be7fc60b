"""The audit entries of `crm.tips`: ids and codes only, never a word of who told us."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.staff import Employee
from crm.tips.tables import Tip


def log(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, action: str, tip: Tip, employee: Employee, at: datetime, ip: str, **details: Any
) -> None:
    """Write one entry about this tip."""
    actor = Actor.of(employee, ip)
    write(session, actor, action, subject="tip", subject_id=tip.id, family_id=tip.family_id, details=details, at=at)
